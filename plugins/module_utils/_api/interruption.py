# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Interruptions by signals: a handler only notes the signal, and code that begins something or waits checks for it.

An exception from a handler could come between any two steps, so that a thread that has just started is forgotten or a
lock is held for ever.
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
    """The run was interrupted. Nothing is under way any more, so the caller can clean up."""


@dataclass
class _State:
    """The state of one ``listening`` block.

    :arg is_listening: a handler notes signals.
    :arg breaks_off: the block ends with ``Interrupted``.
    :arg is_noted: a signal has come.
    :arg is_raised: ``Interrupted`` was raised, and the clean-up is under way.
    """

    is_listening: bool = False
    breaks_off: bool = False
    is_noted: bool = False
    is_raised: bool = False


# The innermost last.
_states = [_State()]


@contextmanager
def listening(*, breaks_off: bool) -> Iterator[None]:
    """Run a block while a handler notes signals.

    :arg breaks_off: end the block with ``Interrupted`` where that is safe; otherwise it runs to its end.
    """
    _states.append(_State(is_listening=True, breaks_off=breaks_off))
    try:
        yield
    finally:
        _states.pop()


def note() -> None:
    """Note a signal, without waiting for any lock."""
    _states[-1].is_noted = True


def is_interrupted() -> bool:
    """Return whether nothing new should begin, and no wait should be long."""
    return _states[-1].is_noted and not _states[-1].is_raised


def ends_work() -> bool:
    """Return whether the main thread will break off its work at the next ``check``."""
    return is_interrupted() and _states[-1].breaks_off


def check() -> None:
    """Break off the work, once, if it was interrupted. Call this where nothing is under way.

    Other threads finish what they have begun.

    :raises Interrupted: a signal has come.
    """
    if ends_work() and threading.current_thread() is threading.main_thread():
        _states[-1].is_raised = True
        raise Interrupted


def pause(
    seconds: float, is_over: Callable[[], bool] | None = None, sleep: Callable[[float], None] = time.sleep
) -> None:
    """Wait, at most until an interruption.

    :arg is_over: returns whether there is nothing more to wait for.
    :arg sleep: waits for so many seconds.
    """
    if is_over is None and not _states[-1].is_listening:
        sleep(seconds)
        return
    end = time.monotonic() + seconds
    while not is_interrupted():
        left = end - time.monotonic()
        if left <= 0 or (is_over is not None and is_over()):
            return
        sleep(min(left, _SLICE))
