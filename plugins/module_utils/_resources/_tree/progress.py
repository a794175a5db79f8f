# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lines about long work, for people: from five seconds on, one line each five seconds."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar

from ..._api.client import Client

_T = TypeVar("_T")
_R = TypeVar("_R")
# Seconds before the first line and between two: logs of AWX and CI keep every line.
_EVERY = 5.0


class Progress:
    """Counts what is done, for all threads.

    :arg client: its ``progress`` shows a line; None: nobody watches, as in a module's own process.
    :arg doing: what is done with the objects, such as ``compared``.
    """

    def __init__(self, client: Client, doing: str, total: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._show = client.progress
        self._doing = doing
        self._total = total
        self._clock = clock
        self._lock = threading.Lock()
        self._done = 0
        self._next = clock() + _EVERY

    def counting(self, function: Callable[[_T], _R]) -> Callable[[_T], _R]:
        """Return the same function, each call of which counts when it has ended."""

        def counted(item: _T) -> Any:
            try:
                return function(item)
            finally:
                self._count()

        return counted

    def _count(self) -> None:
        with self._lock:
            self._done += 1
            now = self._clock()
            if self._show is None or now < self._next:
                return
            self._next = now + _EVERY
            self._show(f"tree: {self._done} of {self._total} {self._doing}")
