# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When to try again: the pause between two attempts, and the service's limit on requests."""

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
# About thirty years, which stands for anything longer.
_FOREVER = 1e9
# Stands for any larger number in a header.
_LARGEST = 1e12


@dataclass(frozen=True)
class RetryState:
    """How often a request was sent, and what the service asked for.

    :arg asked: seconds that the service asked to wait after the last attempt; None: it did not ask.
    :arg waited: seconds that this task waited before because the service asked for it.
    """

    attempts: int = 1
    asked: float | None = None
    waited: float = 0.0

    def sentences(self) -> str:
        """Return this in a sentence or two."""
        times = "once" if self.attempts == 1 else f"{self.attempts} times"
        if self.asked is None:
            return f"It was tried {times}."
        longer = f", longer than the {LONGEST_WAIT:g} s that a task waits" if self.asked > LONGEST_WAIT else ""
        spent = f" This task had waited {self.waited:.0f} s before." if self.waited >= 1 else ""
        return f"It was tried {times}, and the service asks to wait {self.asked:.0f} s{longer}.{spent}"


def delay(attempt: int, asked: float | None) -> float | None:
    """Return the seconds to wait before the next attempt; None: the service asks for more than a task should wait.

    :arg attempt: 0 after the first attempt.
    :arg asked: seconds that the answer asked for.
    """
    if asked is None:
        return backoff(attempt)
    return asked if asked <= LONGEST_WAIT else None


def backoff(attempt: int, first: float = 0.25, longest: float = 10.0) -> float:
    """Return a pause that doubles with each attempt, with some chance, so that tasks do not retry all at once.

    :arg attempt: 0 after the first attempt.
    """
    return random.uniform(0.5, 1.0) * min(first * 2.0**attempt, longest)


def whole_number(header: str | None) -> float | None:
    """Return a header's number without sign and fraction; None: the header is missing or something else."""
    value = (header or "").strip()
    return min(float(value), _LARGEST) if re.fullmatch("[0-9]+", value) else None


def asked_wait(header: str | None) -> float | None:
    """Return the seconds that a Retry-After asks for (RFC 9110, section 10.2.3: a number or a date); None: neither."""
    value = (header or "").strip()
    number = whole_number(value)
    if number is not None:
        return min(number, _FOREVER)
    try:
        parsed = email.utils.parsedate_tz(value) if value else None
        left = email.utils.mktime_tz(parsed) - time.time() if parsed else None
    except (ValueError, OverflowError, TypeError, IndexError):
        # The standard library takes some texts for dates that are not.
        return None
    return None if left is None else min(max(left, 0.0), _FOREVER)


# A reset header from here on is not a number of seconds but a time, in seconds since 1970.
_A_POINT_IN_TIME = 1e9
# From here on it is in milliseconds.
_IN_MILLISECONDS = 1e11


# Seconds within which the first answer of a new window should say how many requests are left.
_UNKNOWN_FOR = 1.0
# Headers in whole seconds give ends of the same window that differ by less.
_SAME_WINDOW = 1.0


class RateLimit:
    """The number of requests that the current window still allows, and its end."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._under_way = 0
        # None: the service has not said, so nothing is held back.
        self._left: int | None = None
        # The largest number that a window is known to allow.
        self._most: int | None = None
        self._ends = 0.0
        # Whether an answer has described this window.
        self._is_known = False

    def enter(self) -> float:
        """Wait until a request may be sent, count it as under way, and return the seconds that this took.

        A window that is longer than a task waits holds nothing back: the service refuses the request itself then.
        """
        waited = 0.0
        while True:
            wait = self._take(is_urgent=interruption.is_interrupted())
            if wait <= 0:
                return waited
            interruption.pause(wait)
            waited += wait

    def _take(self, *, is_urgent: bool) -> float:
        """Count a request as under way and return 0, or return the seconds until the next try.

        :arg is_urgent: do not wait, since the run was interrupted.
        """
        with self._lock:
            now = time.monotonic()
            if self._left is not None and now >= self._ends:
                # All waiting threads start now, and must not be more than the new window allows.
                self._left, self._ends, self._is_known = self._most, now + _UNKNOWN_FOR, False
            wait = self._ends - now
            if self._left == 0 and wait <= LONGEST_WAIT and not is_urgent:
                return wait
            self._under_way += 1
            if self._left:
                self._left -= 1
            return 0.0

    def leave(self, headers: Mapping[str, str] | None) -> None:
        """Record the end of a request.

        :arg headers: of its answer; None: no answer came.
        """
        remaining = whole_number((headers or {}).get("x-ratelimit-remaining"))
        reset = reset_wait(headers or {})
        with self._lock:
            self._under_way -= 1
            if remaining is not None and reset is not None:
                self._most = max(int(remaining) + 1, self._most or 0)
                # The service may not have counted the requests that are under way.
                left, ends = max(int(remaining) - self._under_way, 0), time.monotonic() + reset
                if self._is_known and self._left is not None and ends - self._ends < _SAME_WINDOW:
                    # Answers come in any order.
                    left, ends = min(left, self._left), max(ends, self._ends)
                self._left, self._ends, self._is_known = left, ends, True

    def close(self, seconds: float) -> None:
        """Hold back all requests of this process for so many seconds."""
        with self._lock:
            self._left, self._ends, self._is_known = 0, time.monotonic() + seconds, True


def reset_wait(headers: Mapping[str, str]) -> float | None:
    """Return the seconds until the window ends, from ``x-ratelimit-reset``; None: the answer does not say."""
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
    """Return the limit of a site for one identity, in this process."""
    return _limits.setdefault((os.getpid(), base_url, identity), RateLimit())
