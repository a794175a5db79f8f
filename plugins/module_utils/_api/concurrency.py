# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Doing the same for many, side by side."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from typing import TypeVar

from . import interruption
from .errors import OptionError, WorkloadCredentialsError
from .transport import POOL_SIZE

USUAL = 8

_T = TypeVar("_T")
_R = TypeVar("_R")


def check_concurrency(limit: int) -> None:
    """:raises OptionError: it is out of range."""
    if not 1 <= limit <= POOL_SIZE:
        raise OptionError("concurrency", f"it must be from 1 to {POOL_SIZE}.")


def run_concurrently(
    function: Callable[[_T], _R], items: Sequence[_T], limit: int = USUAL, *, finishing: bool = False
) -> list[_R]:
    """Results in the items' order, computed at most ``limit`` at a time; all are finished before an error is raised.

    Whoever is interrupted begins nothing new, and still waits for what has begun.

    :arg finishing: what a single one does in several steps is not broken off between them either.
    """
    if not items or (len(items) == 1 and not finishing):
        interruption.check()
        return [function(item) for item in items]
    return pooled(function, items, limit)


def gather_attempts(
    function: Callable[[_T], _R], items: Sequence[_T], limit: int = USUAL, *, finishing: bool = False
) -> list[_R | WorkloadCredentialsError]:
    """The same with an error in the place of each result that could not be had."""

    def attempt(item: _T) -> _R | WorkloadCredentialsError:
        try:
            return function(item)
        except WorkloadCredentialsError as error:
            return error

    return run_concurrently(attempt, items, limit, finishing=finishing)


def pooled(
    function: Callable[[_T], _R],
    items: Sequence[_T],
    limit: int,
    broken: Callable[[], None] | None = None,
) -> list[_R]:
    """Results in the items' order, from threads.

    :arg broken: called at the first error, which lets nothing more begin; None: all are finished before it is raised.
    """
    interruption.check()
    work = _Work()

    def run(item: _T) -> _R:
        work.begin()
        try:
            return function(item)
        finally:
            work.end()

    executor = ThreadPoolExecutor(min(limit, len(items)))
    try:
        futures = [executor.submit(run, item) for item in items]
        if broken is None:
            wait(futures)
        return [future.result() for future in futures]
    except BaseException as error:
        if broken is not None:
            broken()
        if isinstance(error, _NotBegunError):
            work.close()
            interruption.check()
        raise
    finally:
        work.close()
        executor.shutdown(cancel_futures=True)


class _NotBegunError(Exception):
    """It was too late."""


class _Work:
    """Counts what is under way: the pool itself forgets a thread whose start was interrupted."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._under_way = 0
        self._is_closed = False
        self._is_main = threading.current_thread() is threading.main_thread()

    def begin(self) -> None:
        """:raises _NotBegunError: nothing more is to begin."""
        with self._changed:
            if self._is_closed or (self._is_main and interruption.ends_work()):
                raise _NotBegunError
            self._under_way += 1

    def end(self) -> None:
        """It has ended, well or not."""
        with self._changed:
            self._under_way -= 1
            self._changed.notify_all()

    def close(self) -> None:
        """Let nothing more begin, and wait for what is under way."""
        with self._changed:
            self._is_closed = True
            self._changed.wait_for(lambda: self._under_way == 0)
