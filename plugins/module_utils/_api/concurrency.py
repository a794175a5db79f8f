# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Running a function for many items at the same time."""

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
    """Raise OptionError if the number is out of range."""
    if not 1 <= limit <= POOL_SIZE:
        raise OptionError("concurrency", f"it must be from 1 to {POOL_SIZE}.")


def run_concurrently(
    function: Callable[[_T], _R],
    items: Sequence[_T],
    limit: int = USUAL,
    *,
    finishing: bool = False,
    on_error: Callable[[], None] | None = None,
) -> list[_R]:
    """Return the results in the items' order, computed at most ``limit`` at a time.

    An error is raised when all have finished. After an interruption no new item begins, and those that have begun
    finish.

    :arg finishing: do not interrupt a single item between its steps either.
    :arg on_error: called at the first error, after which no new item begins and the error is raised. An interruption
        does not interrupt a single item either.
    """
    if not items or (len(items) == 1 and not finishing and on_error is None):
        interruption.check()
        return [function(item) for item in items]
    return _pooled(function, items, limit, on_error)


def gather_attempts(
    function: Callable[[_T], _R], items: Sequence[_T], limit: int = USUAL, *, finishing: bool = False
) -> list[_R | WorkloadCredentialsError]:
    """Return the results as ``run_concurrently`` does, with errors in the place of missing ones."""

    def attempt(item: _T) -> _R | WorkloadCredentialsError:
        try:
            return function(item)
        except WorkloadCredentialsError as error:
            return error

    return run_concurrently(attempt, items, limit, finishing=finishing)


def _pooled(
    function: Callable[[_T], _R], items: Sequence[_T], limit: int, on_error: Callable[[], None] | None
) -> list[_R]:
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
        if on_error is None:
            wait(futures)
        return [future.result() for future in futures]
    except BaseException as error:
        if on_error is not None:
            on_error()
        if isinstance(error, _NotBegunError):
            work.close()
            interruption.check()
        raise
    finally:
        work.close()
        executor.shutdown(cancel_futures=True)


class _NotBegunError(Exception):
    """The pool closed before this item began."""


class _Work:
    """Count the items under way, since a pool forgets a thread whose start was interrupted."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._under_way = 0
        self._is_closed = False
        self._is_main = threading.current_thread() is threading.main_thread()

    def begin(self) -> None:
        """Count an item; raise _NotBegunError if no more may begin."""
        with self._changed:
            if self._is_closed or (self._is_main and interruption.ends_work()):
                raise _NotBegunError
            self._under_way += 1

    def end(self) -> None:
        """Count an item as finished, whether it succeeded or failed."""
        with self._changed:
            self._under_way -= 1
            self._changed.notify_all()

    def close(self) -> None:
        """Let no more items begin, and wait for those under way."""
        with self._changed:
            self._is_closed = True
            self._changed.wait_for(lambda: self._under_way == 0)
