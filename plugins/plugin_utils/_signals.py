# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Signals in a worker: by default it is killed at once, and no ``finally`` is reached.

Ctrl-C and SIGTERM, and the alarm of a task's ``timeout``. Private to this collection: it may change at any time.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from ansible.utils.display import Display
from ansible_collections.community.workload_credentials.plugins.module_utils._api import interruption

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def put_in_order_when_interrupted() -> Iterator[None]:
    """Let what is inside break off where it is safe, and put things in order; then let the signal do its work."""
    with _noted(breaks_off=True):
        yield


@contextmanager
def signals_later() -> Iterator[Callable[[], bool]]:
    """Let what is inside come to its end before a signal does its work; tells whether one is waiting."""
    with _noted(breaks_off=False):
        yield interruption.is_interrupted


@contextmanager
def _noted(*, breaks_off: bool) -> Iterator[None]:
    """While signals are only noted: a handler that raises does so between any two steps."""
    received: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        # Signals do not come here.
        yield
        return

    def note(number: int, _frame: Any) -> None:
        received.append(number)
        interruption.note()

    # Who is to be told of an alarm, by an exception, is a handler; nobody's alarm kills the process as before.
    is_timed = callable(signal.getsignal(signal.SIGALRM))
    try:
        with interruption.listening(breaks_off=breaks_off):
            before = {one: signal.signal(one, note) for one in (*_SIGNALS, *((signal.SIGALRM,) if is_timed else ()))}
            try:
                yield
            finally:
                for one, handler in before.items():
                    signal.signal(one, handler if handler is not None else signal.SIG_DFL)
    finally:
        if received:
            # An end is more than an alarm.
            os.kill(os.getpid(), min(received, key=lambda one: one == signal.SIGALRM))


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
