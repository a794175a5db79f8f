# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The service's limit on requests, as its answers tell it: shared by all threads of a process.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Mapping

from ansible_collections.community.workload_credentials.plugins.module_utils._api import interruption
from ansible_collections.community.workload_credentials.plugins.module_utils._api.patience import (
    LONGEST_WAIT,
    whole_number,
)

# Larger values of the reset header are no seconds to wait but a point in time, in seconds since 1970.
_A_POINT_IN_TIME = 1e9


class RateLimit:
    """How many requests the current window still allows, and when it ends."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._under_way = 0
        # None: the service has not told, so nothing is held back.
        self._left: int | None = None
        self._ends = 0.0

    def enter(self) -> float:
        """Wait until a request may be sent, count it as under way, and return the seconds that this took.

        A window that is longer than a task waits holds nothing back: the service's own answer then says so.
        """
        with self._lock:
            ends, wait = self._ends, self._ends - time.monotonic()
            if wait <= 0:
                self._left = None
            is_held = self._left == 0 and wait <= LONGEST_WAIT
            self._under_way += 1
            if self._left:
                self._left -= 1
        if not is_held:
            return 0.0
        interruption.pause(wait)
        self.reopen(ends)
        return wait

    def leave(self, headers: Mapping[str, str] | None) -> None:
        """Take note of a request's end.

        :arg headers: of its answer; None: none came.
        """
        remaining = whole_number((headers or {}).get("x-ratelimit-remaining"))
        reset = reset_wait(headers or {})
        with self._lock:
            self._under_way -= 1
            if remaining is not None and reset is not None:
                # The service may not have counted those that are under way.
                self._left = max(int(remaining) - self._under_way, 0)
                self._ends = time.monotonic() + reset

    def close(self, seconds: float) -> float:
        """Hold all requests of this process back for so long; returns the window's end, for ``reopen``."""
        with self._lock:
            self._left, self._ends = 0, time.monotonic() + seconds
            return self._ends

    def reopen(self, ends: float) -> None:
        """Let requests pass again, as somebody has waited for this end of the window."""
        with self._lock:
            if self._ends == ends:
                self._left = None


def reset_wait(headers: Mapping[str, str]) -> float | None:
    """Seconds until the window ends, from ``x-ratelimit-reset``; None: the answer does not say."""
    value = whole_number(headers.get("x-ratelimit-reset"))
    if value is None or value < _A_POINT_IN_TIME:
        return value
    return max(value - time.time(), 0.0)


# A fork must not inherit a lock that another thread holds, so the process is part of the key.
_limits: dict[tuple[int, str, str], RateLimit] = {}


def limit_for(base_url: str, identity: str) -> RateLimit:
    """The limit of a site for one identity, in this process."""
    return _limits.setdefault((os.getpid(), base_url, identity), RateLimit())
