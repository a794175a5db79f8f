# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Removing objects: writers before what they write, and until they are really gone.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.community.workload_credentials.plugins.module_utils._api.errors import (
    WorkloadCredentialsError,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._kube.errors import ForbiddenError
from ansible_collections.community.workload_credentials.plugins.module_utils._kube.kinds import Kind, reference
from ansible_collections.community.workload_credentials.plugins.module_utils._kube.wire import Cluster, Refusal
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.job import Job
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.look import (
    OPERATORS,
    SECRET,
    own_objects,
)
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.marks import (
    Found,
    identity,
    is_pushed,
    lease_fields,
    lease_of,
    notes_of,
)
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.minted import Minted
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.outcome import Outcome, where
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.unwanted import (
    Identity,
    identity_of,
    unwanted,
)

_REASON = "no entry wants it"


@dataclass
class Removal:
    """What became of objects that were to be removed.

    :arg going: those whose deletion the cluster has accepted, which nothing takes back; ``gone`` are really so.
    :arg problems: by object, why it is still there, or may be.
    """

    going: list[Found] = field(default_factory=list)
    gone: list[Found] = field(default_factory=list)
    problems: dict[Identity, str] = field(default_factory=dict)


def remove_unwanted(
    job: Job, wanted: set[Identity], namespaces: Sequence[str] | None, outcome: Outcome, minted: Minted
) -> None:
    """Remove what the role has made and should not be there, and with the Secrets their leases.

    :arg wanted: what should be there.
    :arg namespaces: look at these only; None: at the whole cluster.
    :raises ForbiddenError: the identity may not look.
    """
    found = [one for kind in (*OPERATORS, SECRET) for one in _found(job, kind, namespaces or ())]
    minted.known(lease_of(one) for one in found if is_pushed(one))
    leaving = unwanted(found, wanted, namespaces)
    removal = Removal(leaving, leaving) if job.check_mode else remove(job.cluster(), leaving, job.wait_timeout, minted)
    outcome.problems.extend(removal.problems.values())
    for one in removal.going:
        outcome.differs(where(one), reference(one), None)
    outcome.report.extend(_reported(one) for one in removal.gone if one["kind"] == "ExternalSecret" or is_pushed(one))


def remove(cluster: Cluster, objects: Sequence[Found], timeout: float, minted: Minted) -> Removal:
    """Remove them in their order of kinds, each kind once the one before is gone.

    :arg timeout: seconds, for all.
    """
    deadline = time.monotonic() + timeout
    removal = Removal()
    for kind in dict.fromkeys(one["kind"] for one in objects):
        going = _deleted(cluster, [one for one in objects if one["kind"] == kind], removal, minted)
        try:
            left = cluster.wait_gone(list(map(_exact, going)), max(0.1, deadline - time.monotonic()))
        except WorkloadCredentialsError as error:
            said = {identity_of(one): f"{where(one)} was to go, and may still be there. {error}" for one in going}
        else:
            words = "Timed out waiting on resource {}: something holds it (a finalizer)."
            said = {identity_of(one): words.format(where(one)) for one in left}
        removal.problems.update(said)
        removal.gone.extend(one for one in going if identity_of(one) not in said)
    return removal


def _deleted(cluster: Cluster, objects: Sequence[Found], removal: Removal, minted: Minted) -> list[Found]:
    """Those whose deletion the cluster has accepted, whose leases nobody needs then."""
    leases = [lease_of(one) if is_pushed(one) else None for one in objects]
    with minted.giving_up(leases):
        answers = cluster.delete(list(map(_exact, objects)))
    going = []
    for one, lease, answer in zip(objects, leases, answers):
        if not isinstance(answer, Refusal):
            going.append(one)
            minted.supersede(lease)
            continue
        removal.problems[identity_of(one)] = answer.words
        if answer.may_be_done:
            minted.doubtful(lease)
    removal.going.extend(going)
    return going


def tear_down(job: Job, outcome: Outcome, minted: Minted) -> None:
    """Remove all that the role has made in the namespaces of the entries."""
    namespaces = sorted({entry.namespace for entry in job.entries})
    if namespaces:
        remove_unwanted(job, set(), namespaces, outcome, minted)


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
    uid = one["metadata"].get("uid")
    return reference(one, **({"uid": uid} if uid else {}))


def _reported(one: Found) -> dict[str, Any]:
    namespace, name = identity(one)
    delivery = "external_secret" if one["kind"] == "ExternalSecret" else "push"
    said = {"delivery": delivery, "action": "removed", "reason": _REASON, "keys": []}
    return {"name": name, "namespace": namespace, **said, **lease_fields(notes_of(one))}
