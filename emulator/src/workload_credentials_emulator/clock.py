# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The service's own time, which tests can move, and how the API writes it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from .real_time import real_seconds

# The document shows local times with their offset.
_ZONE = timezone(timedelta(hours=-6))


class Clock:
    """Runs with the machine's clock, at a distance that can be set."""

    def __init__(self) -> None:
        self._distance = timedelta()
        self._moved_on = 0.0

    def now(self) -> datetime:
        """The time that leases expire by."""
        return datetime.now(UTC) + self._distance

    def passed(self) -> float:
        """Seconds since some moment in the past: real ones, and those that the clock was moved on by. Never fewer."""
        return real_seconds() + self._moved_on

    def advance(self, seconds: float) -> None:
        """Move on (or back) from where the clock is."""
        self._move_to(self._distance + timedelta(seconds=seconds))

    def set(self, moment: datetime) -> None:
        """Go on from this moment."""
        self._move_to(moment - datetime.now(UTC))

    def reset(self) -> None:
        """Go with the machine's clock again."""
        self._move_to(timedelta())

    def _move_to(self, distance: timedelta) -> None:
        self._moved_on += max(0.0, (distance - self._distance).total_seconds())
        self._distance = distance


def written(moment: datetime) -> str:
    """The moment as the API writes it: with an offset, and fraction digits only where there are any.

    >>> written(datetime(2025, 9, 12, 20, 0, tzinfo=timezone.utc))
    '2025-09-12T14:00:00-06:00'
    >>> written(datetime(2025, 9, 12, 20, 0, 0, 120000, tzinfo=timezone.utc))
    '2025-09-12T14:00:00.12-06:00'
    """
    local = moment.astimezone(_ZONE)
    fraction = f".{local.microsecond:06d}".rstrip("0") if local.microsecond else ""
    return f"{local:%Y-%m-%dT%H:%M:%S}{fraction}-06:00"


def stamped(moment: datetime) -> str:
    """The moment as the administration site's APIs write it.

    >>> stamped(datetime(2025, 9, 12, 20, 0, tzinfo=timezone.utc))
    '2025-09-12T20:00:00Z'
    """
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S}Z"
