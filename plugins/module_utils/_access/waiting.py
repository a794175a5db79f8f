# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Waiting until a written policy is in force, or a deleted one is unbound."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from time import sleep

from .._api import interruption
from .._api.client import Client
from .._api.errors import StateError
from .policies import ACTIVE, DELETED, FAILED, WAITING, Policy, find_policy

# The pauses of the vendor's own client, in seconds. It reads once before the first.
_FIRST, _FACTOR, _LONGEST = 2.0, 1.5, 15.0
# How often the failed record of a former write may be shown before it counts as that of this one.
_STALE_READS = 3


def pauses(timeout: float) -> Iterator[float]:
    """Yield the seconds to wait before each read, ``timeout`` seconds in all."""
    yield 0.0
    pause, left = _FIRST, float(timeout)
    while left > 0:
        yield min(pause, left)
        left -= pause
        pause = min(pause * _FACTOR, _LONGEST)


def _last_read(client: Client, name: str, is_settled: Callable[[Policy | None], bool], timeout: float) -> Policy | None:
    """Read the policy until it is settled or the time is up, and return it as it was read last."""
    policy = None
    for pause in pauses(timeout):
        if pause:
            interruption.pause(pause, sleep=sleep)
        policy = find_policy(client, name)
        if is_settled(policy) or interruption.is_interrupted():
            break
    return policy


class _Written:
    """Tells whether a record is that of the latest write, with a status that stays.

    The service may show an older one for a while: that of a deleted policy of this name, or of a former text.

    :arg cedar: the text that was written.
    :arg former: the record before; None: there was none.
    """

    def __init__(self, cedar: str, former: Policy | None) -> None:
        self._cedar = cedar
        self._former = former
        self._stale = 0

    def is_ours(self, policy: Policy | None) -> bool:
        return policy is not None and policy.is_live and policy.says(self._cedar)

    def is_settled(self, policy: Policy | None) -> bool:
        if policy is None or not self.is_ours(policy):
            return False
        if policy.status in FAILED and self._former is not None and policy.record == self._former.record:
            self._stale += 1
            return self._stale >= _STALE_READS
        return policy.status in (ACTIVE, WAITING) or policy.status in FAILED


def wait_until_in_force(client: Client, name: str, cedar: str, former: Policy | None, timeout: float) -> Policy:
    """Return the policy when it is in force, or waits for its resource.

    :arg cedar: its text, as it was written.
    :arg former: the record before the write; None: there was none.
    :arg timeout: seconds.
    :raises StateError: it failed, or the time is up.
    """
    written = _Written(cedar, former)
    policy = _last_read(client, name, written.is_settled, timeout)
    if policy is None or not written.is_ours(policy):
        raise StateError(
            f"{name}: the policy was written, and after {timeout:g} s (wait_timeout) the service shows "
            f"{_seen(policy)}. Check it with community.workload_credentials.iam_policy_info, then repeat the task."
        )
    if policy.status in FAILED:
        raise StateError(f"{name}: the policy is not in force, its status is {policy.status}. {FAILED[policy.status]}")
    if policy.status not in (ACTIVE, WAITING):
        raise StateError(
            f"{name}: the policy was written, and is not in force after {timeout:g} s (wait_timeout); its status is "
            f"{policy.status or 'unknown'}. Repeat the task, which then only waits."
        )
    return policy


def _seen(policy: Policy | None) -> str:
    if policy is None or not policy.is_live:
        return "no such policy yet"
    return "a policy with another meaning, which another writer may have put in its place"


def wait_until_gone(client: Client, name: str, timeout: float) -> None:
    """Return when the policy grants nothing any more.

    :raises StateError: the time is up.
    """
    policy = _last_read(client, name, lambda one: one is None or one.status == DELETED, timeout)
    if policy is not None and policy.status != DELETED:
        raise StateError(
            f"{name}: the policy was deleted, and is still bound after {timeout:g} s (wait_timeout); its status is "
            f"{policy.status}, and what it granted may still work. Repeat the task, which then only waits."
        )
