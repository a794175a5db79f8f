# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Waiting by the clock: looking until what is seen is as it should be.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TypeVar

from ansible_collections.community.workload_credentials.plugins.module_utils._api import interruption
from ansible_collections.community.workload_credentials.plugins.module_utils._kube.errors import ClusterError
from ansible_collections.community.workload_credentials.plugins.module_utils._kube.kinds import Kind, kind_of, place_of
from ansible_collections.community.workload_credentials.plugins.module_utils._kube.wire import (
    Cluster,
    Gone,
    Object,
    References,
    Refusal,
    Removals,
)

_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 2.0

_T = TypeVar("_T")


def looked_until(look: Callable[[], _T], is_enough: Callable[[_T], bool], timeout_s: float) -> _T:
    """What was seen last, once it is enough or the time is over; it is looked once at least."""
    deadline, pause = time.monotonic() + timeout_s, _FIRST_PAUSE
    while True:
        seen = look()
        remaining = deadline - time.monotonic()
        if remaining <= 0 or is_enough(seen):
            return seen
        interruption.pause(min(pause, remaining))
        interruption.check()
        pause = min(pause * 1.5, _LONGEST_PAUSE)


def wait_gone(cluster: Cluster, references: Sequence[Object], timeout_s: float) -> References:
    """Those of the references whose objects are there when the time is over; it is looked once at least.

    An object that has another ``uid`` than its reference is another object.
    """
    left = list(references)

    def look() -> References:
        left[:] = _still_there(cluster, left)
        return left

    return looked_until(look, lambda still_there: not still_there, timeout_s)


def settled_removals(cluster: Cluster, references: Sequence[Object], answers: Removals) -> Removals:
    """The answers to deletions; one refused since another object has that name says that the one meant is gone."""
    refused = [
        one
        for one, answer in zip(references, answers)
        if isinstance(answer, Refusal) and answer.status == 409 and one["metadata"].get("uid")
    ]
    try:
        left = _still_there(cluster, refused)
    except ClusterError:
        # Who may not look does not know.
        return answers
    gone = [one for one in refused if one not in left]
    return [Gone(was_there=False) if one in gone else answer for one, answer in zip(references, answers)]


def _still_there(cluster: Cluster, references: References) -> References:
    by_kind: dict[Kind, References] = {}
    for one in references:
        by_kind.setdefault(kind_of(one), []).append(one)
    left: References = []
    for kind, ones in by_kind.items():
        found = cluster.get_many(kind, [place_of(one) for one in ones], metadata_only=True)
        left += [one for one, now in zip(ones, found) if now is not None and _is_same(one, now)]
    return left


def _is_same(reference: Object, found: Object) -> bool:
    uid = reference["metadata"].get("uid")
    return not uid or uid == found["metadata"].get("uid")
