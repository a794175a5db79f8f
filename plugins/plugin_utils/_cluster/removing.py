# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Removing objects: writers before what they write, and until they are really gone.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from ansible_collections.community.workload_credentials.plugins.module_utils._api.times import parse_time, written
from ansible_collections.community.workload_credentials.plugins.module_utils._credentials.lease import Lease
from ansible_collections.community.workload_credentials.plugins.module_utils._kube.errors import ForbiddenError
from ansible_collections.community.workload_credentials.plugins.module_utils._kube.kinds import Kind
from ansible_collections.community.workload_credentials.plugins.module_utils._kube.wire import Cluster, Refusal
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.job import Job
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.look import (
    OPERATORS,
    SECRET,
    own_objects,
)
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.marks import (
    EXPIRATION,
    LEASE,
    Found,
    identity,
    is_pushed,
    lease_of,
    notes_of,
    reference,
)
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.outcome import Outcome, where
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.unwanted import (
    Identity,
    identity_of,
    unwanted,
)

_REASON = "no entry wants it"


def remove_unwanted(job: Job, wanted: set[Identity], namespaces: Sequence[str] | None, outcome: Outcome) -> list[Lease]:
    """Remove what the role has made and should not be there; the leases of the Secrets that went.

    :arg wanted: what should be there.
    :arg namespaces: look at these only; None: at the whole cluster.
    :raises ForbiddenError: the identity may not look.
    """
    cluster = job.cluster()
    kinds = (*OPERATORS, SECRET)
    found = [one for kind in kinds for one in _found(job, kind, namespaces or ())]
    leaving = unwanted(found, wanted, namespaces)
    stuck = {} if job.check_mode else remove(cluster, leaving, job.wait_timeout)
    outcome.problems.extend(stuck.values())
    gone = [one for one in leaving if identity_of(one) not in stuck]
    for one in gone:
        outcome.differs(where(one), reference(one), None)
    pushed = [one for one in gone if is_pushed(one)]
    outcome.report.extend(_reported(one) for one in gone if one["kind"] == "ExternalSecret" or is_pushed(one))
    return [lease for lease in map(lease_of, pushed) if lease]


def remove(cluster: Cluster, objects: Sequence[Found], timeout: float) -> dict[Identity, str]:
    """Remove them in their order of kinds, each kind once the one before is gone; a sentence for each that stays.

    :arg timeout: seconds, for all.
    """
    deadline = time.monotonic() + timeout
    stuck: dict[Identity, str] = {}
    for kind in dict.fromkeys(one["kind"] for one in objects):
        references = [_exact(one) for one in objects if one["kind"] == kind]
        answers = cluster.delete(references)
        refused = {
            identity_of(one): answer.words for one, answer in zip(references, answers) if isinstance(answer, Refusal)
        }
        stuck.update(refused)
        waiting = [one for one in references if identity_of(one) not in refused]
        for one in cluster.wait_gone(waiting, max(0.1, deadline - time.monotonic())) if waiting else ():
            stuck[identity_of(one)] = f"Timed out waiting on resource {where(one)}: something holds it (a finalizer)."
    return stuck


def tear_down(job: Job, outcome: Outcome) -> list[Lease]:
    """Remove all that the role has made in the namespaces of the entries; the leases of the Secrets that went."""
    namespaces = sorted({entry.namespace for entry in job.entries})
    return remove_unwanted(job, set(), namespaces, outcome) if namespaces else []


def _found(job: Job, kind: Kind, namespaces: Sequence[str]) -> Sequence[Found]:
    try:
        return own_objects(job.cluster(), kind, namespaces) or ()
    except ForbiddenError:
        # Who only pushes needs no permission for the operator's kinds, and who shares nothing none for the cluster's.
        if kind is SECRET or (job.operated and (kind.namespaced or job.scope.cluster)):
            raise
        return ()


def _exact(one: Found) -> dict[str, Any]:
    """A reference to this very object, and not to one of its name that somebody makes meanwhile."""
    named = reference(one)
    uid = one["metadata"].get("uid")
    return {**named, "metadata": {**named["metadata"], **({"uid": uid} if uid else {})}}


def _reported(one: Found) -> dict[str, Any]:
    namespace, name = identity(one)
    delivery = "external_secret" if one["kind"] == "ExternalSecret" else "push"
    said = {"delivery": delivery, "action": "removed", "reason": _REASON, "keys": []}
    notes = notes_of(one)
    lease = {"lease_id": notes.get(LEASE), "expiration": written(parse_time(notes.get(EXPIRATION)))}
    return {"name": name, "namespace": namespace, **said, **lease}
