# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sending requests to a cluster, side by side and again where what went wrong may pass.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

import random
import re
import threading
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

from ansible_collections.community.workload_credentials.plugins.module_utils._api.concurrency import (
    check_concurrency,
    pooled,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._api.interruption import (
    is_interrupted,
    pause,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._kube.connection import Answer, Connection
from ansible_collections.community.workload_credentials.plugins.module_utils._kube.errors import NoClusterError
from ansible_collections.community.workload_credentials.plugins.module_utils._kube.request import Request, is_passing

RETRIES = 4
# The pause doubles with each attempt.
FIRST_PAUSE, LONGEST_PAUSE = 0.25, 5.0
# No attempt begins later than this after the first.
PATIENCE_SECONDS = 60.0

_T = TypeVar("_T")
_R = TypeVar("_R")


class Sender:
    """Requests over one connection.

    :arg concurrency: how many at once.
    :raises OptionError: that is out of range.
    """

    def __init__(self, connection: Connection, concurrency: int) -> None:
        check_concurrency(concurrency)
        self._connection = connection
        self._concurrency = concurrency
        self._broken = threading.Event()

    def send(self, request: Request) -> tuple[Answer, bool]:
        """The answer, and whether an earlier attempt may have been acted upon.

        :raises ClusterError: the connection cannot work, or (NoClusterError) no attempt was answered.
        """
        lost, deadline = False, time.monotonic() + PATIENCE_SECONDS
        if self._broken.is_set():
            raise NoClusterError("It was not sent, since the connection to the cluster was lost.", sent=False)
        for attempt in range(RETRIES + 1):
            try:
                answer = self._connection.send(request)
            except NoClusterError as error:
                lost = lost or error.sent
                seconds = _pause(attempt, "")
                if not self._may_wait(attempt, seconds, deadline):
                    if not error.sent:
                        # What else is waiting to be sent would find the same.
                        self._broken.set()
                    raise NoClusterError(str(error), sent=lost) from None
            else:
                seconds = _pause(attempt, answer.retry_after)
                passing = is_passing(answer.status, answer.body, versioned=request.versioned)
                if not passing or not self._may_wait(attempt, seconds, deadline):
                    return answer, lost
                # A gateway's answer leaves open what the cluster did.
                lost = lost or answer.status in (500, 502, 504)
            pause(seconds, self._broken.is_set)
        raise AssertionError("the last attempt returns or raises")

    def side_by_side(self, function: Callable[[_T], _R], items: Sequence[_T]) -> list[_R]:
        """Results in the items' order; an error, or Ctrl-C, lets nothing more begin, and waits for what has begun."""
        self._broken.clear()
        return pooled(function, items, self._concurrency, self._broken.set) if items else []

    def _may_wait(self, attempt: int, seconds: float, deadline: float) -> bool:
        is_open = not (self._broken.is_set() or is_interrupted())
        return attempt < RETRIES and is_open and time.monotonic() + seconds < deadline


def _pause(attempt: int, retry_after: str) -> float:
    """Seconds until the next attempt; the cluster asks in whole seconds."""
    asked = float(retry_after) if re.fullmatch("[0-9]{1,6}", retry_after) else 0.0
    return asked + random.uniform(0.5, 1.0) * min(FIRST_PAUSE * 2.0**attempt, LONGEST_PAUSE)
