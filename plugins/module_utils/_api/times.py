# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Times as the API writes them."""

from __future__ import annotations

import re
from datetime import datetime, timezone
from typing import Any

# Stands for a time where there is none, as in check mode.
NO_TIME = "1970-01-01T00:00:00Z"
# With 0 to 9 digits of a second, and an offset or Z (secrets-api facts, "Answers").
_TIME = re.compile(r"(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:?\d\d)?")


def seconds_left(expiration: Any) -> int | None:
    """Return the whole seconds until then, 0 when it is past; None: not a time."""
    moment = parse_time(expiration)
    if moment is None:
        return None
    return max(0, int((moment - datetime.now(timezone.utc)).total_seconds()))


def parse_time(value: Any) -> datetime | None:
    """Return a time with its zone, which is UTC where the text has none; None: not a time."""
    match = _TIME.fullmatch(str(value).strip().upper())
    if match is None:
        return None
    seconds, fraction, zone = match.groups()
    digits = (fraction or "0")[:6].ljust(6, "0")
    zone = "+00:00" if zone in (None, "Z") else f"{zone[:3]}:{zone[-2:]}"
    try:
        # Many times faster than strptime; a large cluster has thousands of times.
        moment = datetime.fromisoformat(f"{seconds.replace(' ', 'T')}.{digits}{zone}")
        return moment.astimezone(timezone.utc)
    except (ValueError, OverflowError):
        # Python has no UTC for times of some zones on its first and last day.
        return None


def in_utc(text: Any) -> Any:
    """Return a time of the API as this collection writes it; what is not a time stays as it is."""
    return written(parse_time(text)) or text


def written(moment: datetime | None) -> str | None:
    """Return a time as this collection writes it: UTC, whole seconds, ``Z``; None stays None."""
    return None if moment is None else moment.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
