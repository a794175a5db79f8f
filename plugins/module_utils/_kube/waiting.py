# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Waiting until objects are gone, by the clock.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Sequence

from ansible_collections.community.workload_credentials.plugins.module_utils._kube.kinds import Kind, kind_of, place_of
from ansible_collections.community.workload_credentials.plugins.module_utils._kube.wire import (
    Cluster,
    Object,
    References,
)

_LONGEST_PAUSE = 2.0


def wait_gone(cluster: Cluster, references: Sequence[Object], timeout_s: float) -> References:
    """Those of the references whose objects are there when the time is over; it is looked once at least.

    An object that has another ``uid`` than its reference is another object.
    """
    deadline = time.monotonic() + timeout_s
    left = list(references)
    for look in itertools.count():
        left = _still_there(cluster, left)
        remaining = deadline - time.monotonic()
        if not left or remaining <= 0:
            return left
        time.sleep(min(0.1 * 1.5**look, _LONGEST_PAUSE, remaining))
    raise AssertionError("counting does not end")


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
