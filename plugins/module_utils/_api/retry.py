# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When to try again: how long to wait between two attempts, and the limit on requests that the service tells."""

from __future__ import annotations

import email.utils
import os
import random
import re
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass

from . import interruption

LONGEST_WAIT = 120.0
# About thirty years: longer ones are the same, and no number is too large to be written.
_FOREVER = 1e9
# Larger numbers mean the same in any header.
_LARGEST = 1e12


@dataclass(frozen=True)
class RetryState:
    """``attempts`` were made; ``asked`` seconds is what the service asked to wait after the last, None: it did not.

    ``waited`` seconds were spent between them because the service asked for it.
    """

    attempts: int = 1
    asked: float | None = None
    waited: float = 0.0

    def words(self) -> str:
        """The same in a sentence or two."""
        times = "once" if self.attempts == 1 else f"{self.attempts} times"
        if self.asked is None:
            return f"It was tried {times}."
        longer = f", longer than the {LONGEST_WAIT:g} s that a task waits" if self.asked > LONGEST_WAIT else ""
        spent = f" This task had waited {self.waited:.0f} s before." if self.waited >= 1 else ""
        return f"It was tried {times}, and the service asks to wait {self.asked:.0f} s{longer}.{spent}"


def delay(attempt: int, asked: float | None) -> float | None:
    """Seconds to wait before the next attempt; None: the service asks for more patience than a task should have.

    :arg attempt: 0 after the first attempt.
    :arg asked: seconds that the answer asked for.
    """
    if asked is None:
        return random.uniform(0.5, 1.0) * min(0.25 * 2.0**attempt, 10.0)
    return asked if asked <= LONGEST_WAIT else None


def whole_number(header: str | None) -> float | None:
    """A header's number without sign and fraction; None: it is absent or something else."""
    value = (header or "").strip()
    return min(float(value), _LARGEST) if re.fullmatch("[0-9]+", value) else None


def asked_wait(header: str | None) -> float | None:
    """Seconds that a Retry-After asks to wait (RFC 9110, section 10.2.3: a number or a date); None: neither."""
    value = (header or "").strip()
    number = whole_number(value)
    if number is not None:
        return min(number, _FOREVER)
    try:
        parsed = email.utils.parsedate_tz(value) if value else None
        left = email.utils.mktime_tz(parsed) - time.time() if parsed else None
    except (ValueError, OverflowError, TypeError, IndexError):
        # The standard library takes some texts for dates that are none.
        return None
    return None if left is None else min(max(left, 0.0), _FOREVER)


# Larger values of the reset header are no seconds to wait but a point in time, in seconds since 1970.
_A_POINT_IN_TIME = 1e9
# And still larger ones are in milliseconds.
_IN_MILLISECONDS = 1e11


# Seconds within which the first answer of a new window should tell how many requests are left.
_UNTOLD = 1.0
# Ends that are told in whole seconds differ by less within one window.
_SAME = 1.0


class RateLimit:
    """How many requests the current window still allows, and when it ends."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._under_way = 0
        # None: the service has not told, so nothing is held back.
        self._left: int | None = None
        # As many as a window surely has.
        self._most: int | None = None
        self._ends = 0.0
        # Whether answers have told of this window.
        self._is_told = False

    def enter(self) -> float:
        """Wait until a request may be sent, count it as under way, and return the seconds that this took.

        A window that is longer than a task waits holds nothing back: the service's own answer then says so.
        """
        waited = 0.0
        while (wait := self._take(is_urgent=interruption.is_interrupted())) > 0:
            interruption.pause(wait)
            waited += wait
        return waited

    def _take(self, *, is_urgent: bool) -> float:
        """Count a request as under way and return 0; or the seconds until it is worth another try.

        :arg is_urgent: it does not wait, as the run was interrupted.
        """
        with self._lock:
            now = time.monotonic()
            if self._left is not None and now >= self._ends:
                # All who waited start now, and must not be more than the new window has.
                self._left, self._ends, self._is_told = self._most, now + _UNTOLD, False
            wait = self._ends - now
            if self._left == 0 and wait <= LONGEST_WAIT and not is_urgent:
                return wait
            self._under_way += 1
            if self._left:
                self._left -= 1
            return 0.0

    def leave(self, headers: Mapping[str, str] | None) -> None:
        """Take note of a request's end.

        :arg headers: of its answer; None: none came.
        """
        remaining = whole_number((headers or {}).get("x-ratelimit-remaining"))
        reset = reset_wait(headers or {})
        with self._lock:
            self._under_way -= 1
            if remaining is not None and reset is not None:
                self._most = max(int(remaining) + 1, self._most or 0)
                # The service may not have counted those that are under way.
                left, ends = max(int(remaining) - self._under_way, 0), time.monotonic() + reset
                if self._is_told and self._left is not None and ends - self._ends < _SAME:
                    # Answers come in any order.
                    left, ends = min(left, self._left), max(ends, self._ends)
                self._left, self._ends, self._is_told = left, ends, True

    def close(self, seconds: float) -> None:
        """Hold all requests of this process back for so long."""
        with self._lock:
            self._left, self._ends, self._is_told = 0, time.monotonic() + seconds, True


def reset_wait(headers: Mapping[str, str]) -> float | None:
    """Seconds until the window ends, from ``x-ratelimit-reset``; None: the answer does not say."""
    text = (headers.get("x-ratelimit-reset") or "").strip()
    if not re.fullmatch(r"[0-9]{1,20}(\.[0-9]{1,9})?", text):
        return None
    value = float(text)
    if value >= _IN_MILLISECONDS:
        value /= 1000
    return max(value - time.time(), 0.0) if value >= _A_POINT_IN_TIME else value


# A fork must not inherit a lock that another thread holds, so the process is part of the key.
_limits: dict[tuple[int, str, str], RateLimit] = {}


def limit_for(base_url: str, identity: str) -> RateLimit:
    """The limit of a site for one identity, in this process."""
    return _limits.setdefault((os.getpid(), base_url, identity), RateLimit())
