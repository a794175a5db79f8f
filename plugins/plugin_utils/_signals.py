# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ctrl-C and SIGTERM in a worker: by default it is killed at once, and no ``finally`` is reached.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from ansible.utils.display import Display

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interrupted(BaseException):
    """The run was interrupted; what is under way can be put in order."""


def _ignore(_number: int, _frame: Any) -> None:
    """Nothing more is to be done."""


@contextmanager
def put_in_order_when_interrupted() -> Iterator[None]:
    """Let what is inside come to its ``finally``, once, and then let the signal do what it would have done."""
    received: list[int] = []

    def interrupt(number: int, _frame: Any) -> None:
        # Ansible sends more of them to workers that do not end at once.
        for one in _SIGNALS:
            # Not SIG_IGN: of a signal that has come already, Python then complains with a traceback.
            signal.signal(one, _ignore)
        received.append(number)
        raise Interrupted

    before = {one: signal.signal(one, interrupt) for one in _SIGNALS}
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler if handler is not None else signal.SIG_DFL)
        if received:
            os.kill(os.getpid(), received[0])


@contextmanager
def signals_later() -> Iterator[Callable[[], bool]]:
    """Let what is inside come to its end before a signal does its work; tells whether one is waiting."""
    received: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        # Signals do not come here.
        yield lambda: False
        return
    before = {one: signal.signal(one, lambda number, _frame: received.append(number)) for one in _SIGNALS}
    try:
        yield lambda: bool(received)
    finally:
        for one, handler in before.items():
            signal.signal(one, handler if handler is not None else signal.SIG_DFL)
        if received:
            os.kill(os.getpid(), received[0])


class LastWords:
    """A way to the person at the screen that is still open when Ansible has stopped to listen to its workers."""

    def __init__(self) -> None:
        self._descriptor: int | None = None
        # A worker's own standard error leads nowhere (ansible-core 2.19 and newer).
        with suppress(OSError):
            self._descriptor = os.open(f"/proc/{os.getppid()}/fd/2", os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)

    def say(self, text: str) -> None:
        """Show a line."""
        line = f"[WARNING]: {text}\n"
        if self._descriptor is None:
            Display().warning(text)
            return
        with suppress(OSError):
            os.write(self._descriptor, line.encode())

    def close(self) -> None:
        """Nothing more will be said."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
