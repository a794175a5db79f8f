# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Durations in Go's form (time.ParseDuration), which External Secrets Operator reads."""

from __future__ import annotations

import re

from .._api.errors import OptionError

_UNITS = {"ns": 1e-9, "us": 1e-6, "\u00b5s": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_PART = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(ns|us|\u00b5s|ms|s|m|h)")


def seconds(duration: str, option: str) -> float:
    """Return the duration in seconds.

    :raises OptionError: it is not a duration above zero.
    """
    parts = _PART.findall(duration)
    length = sum(float(number) * _UNITS[unit] for number, unit in parts)
    if "".join(number + unit for number, unit in parts) != duration or length <= 0:
        raise OptionError(
            option,
            f"{duration!r} is not a duration above zero in Go's form, such as 45m, 1h30m or 18h (a day is 24h).",
        )
    return length


def whole_seconds(duration: str | int, option: str) -> int:
    """Return the duration in seconds, which may also be given as a number of seconds.

    :raises OptionError: it is not a duration, or not a whole number of seconds.
    """
    text = str(duration).strip()
    # A number from YAML or a calculation may have a decimal point.
    length = float(text) if re.fullmatch(r"[0-9]{1,18}(\.0+)?", text) else seconds(text, option)
    if length < 1 or not length.is_integer():
        raise OptionError(option, f"{text!r} is not a whole number of seconds above zero.")
    return int(length)


def written(length: int) -> str:
    """Return the duration of so many seconds without units of zero: 2700 is 45m."""
    hours, rest = divmod(length, 3600)
    minutes, rest = divmod(rest, 60)
    parts = ((hours, "h"), (minutes, "m"), (rest, "s"))
    return "".join(f"{number}{unit}" for number, unit in parts if number) or "0s"
