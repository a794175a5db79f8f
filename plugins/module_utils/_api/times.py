# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Times as the API writes them."""

from __future__ import annotations

import re
from datetime import datetime, timezone
from typing import Any

# An offset or Z, and 0 to 9 digits of a second (secrets-api facts, "Answers").
# What stands for a time where there is none, as in check mode.
NO_TIME = "1970-01-01T00:00:00Z"
_TIME = re.compile(r"(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:?\d\d)?")


def seconds_left(expiration: Any) -> int | None:
    """Whole seconds until then, 0 when it is past; None: not a time."""
    moment = parse_time(expiration)
    if moment is None:
        return None
    return max(0, int((moment - datetime.now(timezone.utc)).total_seconds()))


def parse_time(value: Any) -> datetime | None:
    """A time with its zone; without one it is UTC. None: not a time."""
    found = _TIME.fullmatch(str(value).strip().upper())
    if found is None:
        return None
    seconds, fraction, zone = found.groups()
    digits = (fraction or "0")[:6].ljust(6, "0")
    zone = "+00:00" if zone in (None, "Z") else f"{zone[:3]}:{zone[-2:]}"
    try:
        # Many times faster than strptime, and a look at a cluster parses thousands.
        moment = datetime.fromisoformat(f"{seconds.replace(' ', 'T')}.{digits}{zone}")
        return moment.astimezone(timezone.utc)
    except (ValueError, OverflowError):
        # The first and the last day that Python knows have no UTC in every zone.
        return None


def written(moment: datetime | None) -> str | None:
    """A time as this collection writes it: UTC, whole seconds, ``Z``; None stays None."""
    return None if moment is None else moment.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
