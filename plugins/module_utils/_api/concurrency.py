# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Doing the same for many, side by side.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Callable, TypeVar

from ansible_collections.community.workload_credentials.plugins.module_utils._api.errors import (
    OptionError,
    WorkloadCredentialsError,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._api.session import POOL_SIZE

USUAL = 8

_T = TypeVar("_T")
_R = TypeVar("_R")


def check_concurrency(limit: int) -> None:
    """:raises OptionError: it is out of range."""
    if not 1 <= limit <= POOL_SIZE:
        raise OptionError("concurrency", f"it must be from 1 to {POOL_SIZE}.")


def side_by_side(
    function: Callable[[_T], _R], items: Sequence[_T], limit: int = USUAL, *, finishing: bool = False
) -> list[_R]:
    """Results in the items' order, computed at most ``limit`` at a time; all are finished before an error is raised.

    Whoever is interrupted begins nothing new, and still waits for what has begun.

    :arg finishing: this holds for a single one, too, which otherwise breaks off.
    """
    if not items or (len(items) == 1 and not finishing):
        return [function(item) for item in items]
    with ThreadPoolExecutor(min(limit, len(items))) as pool:
        futures = [pool.submit(function, item) for item in items]
        try:
            wait(futures)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return [future.result() for future in futures]


def attempts(
    function: Callable[[_T], _R], items: Sequence[_T], limit: int = USUAL, *, finishing: bool = False
) -> list[_R | WorkloadCredentialsError]:
    """The same with an error in the place of each result that could not be had."""

    def attempt(item: _T) -> _R | WorkloadCredentialsError:
        try:
            return function(item)
        except WorkloadCredentialsError as error:
            return error

    return side_by_side(attempt, items, limit, finishing=finishing)
