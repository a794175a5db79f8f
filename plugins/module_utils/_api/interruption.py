# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An interruption: a signal's handler only notes it, and whoever would begin something, or wait, asks for it here.

An exception that a handler raises comes between any two steps: a thread that was started is known to nobody then, and
a lock is held for ever.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Callable

_SLICE = 0.1


class Interrupted(BaseException):
    """The run was interrupted; what is under way has ended, and can be put in order."""


@dataclass
class _State:
    """What this process knows of it.

    :arg is_listening: somebody notes signals; ``breaks_off``: the work inside ends with ``Interrupted``.
    :arg is_noted: one has come; ``is_told``: ``Interrupted`` was raised, and things are being put in order.
    """

    is_listening: bool = False
    breaks_off: bool = False
    is_noted: bool = False
    is_told: bool = False


# The innermost last.
_states = [_State()]


@contextmanager
def listening(*, breaks_off: bool) -> Iterator[None]:
    """While signals are noted.

    :arg breaks_off: the work inside is to end with ``Interrupted`` where that is safe; otherwise it comes to its end.
    """
    _states.append(_State(is_listening=True, breaks_off=breaks_off))
    try:
        yield
    finally:
        _states.pop()


def note() -> None:
    """Take note of a signal; nothing in this can wait for a lock."""
    _states[-1].is_noted = True


def is_interrupted() -> bool:
    """Whether nothing new should begin, and nobody should wait for long."""
    return _states[-1].is_noted and not _states[-1].is_told


def ends_work() -> bool:
    """Whether the main thread is going to break its work off, and has not yet."""
    return is_interrupted() and _states[-1].breaks_off


def check() -> None:
    """Break the work off, once, if it was interrupted; to be called where nothing is under way.

    What other threads have begun comes to its end.

    :raises Interrupted: it was.
    """
    if ends_work() and threading.current_thread() is threading.main_thread():
        _states[-1].is_told = True
        raise Interrupted


def pause(
    seconds: float, is_over: Callable[[], bool] | None = None, sleep: Callable[[float], None] = time.sleep
) -> None:
    """Wait, but no longer than until an interruption.

    :arg is_over: whether there is nothing more to wait for.
    :arg sleep: waits.
    """
    if is_over is None and not _states[-1].is_listening:
        sleep(seconds)
        return
    end = time.monotonic() + seconds
    while not (is_interrupted() or (is_over is not None and is_over())) and (left := end - time.monotonic()) > 0:
        sleep(min(left, _SLICE))
