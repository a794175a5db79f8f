# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Removing objects: writers before what they write, and until they are really gone.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.community.workload_credentials.plugins.module_utils._api.errors import (
    WorkloadCredentialsError,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._api.times import written
from ansible_collections.community.workload_credentials.plugins.module_utils._credentials.lease import Lease
from ansible_collections.community.workload_credentials.plugins.module_utils._kube.errors import ForbiddenError
from ansible_collections.community.workload_credentials.plugins.module_utils._kube.kinds import Kind, exact_reference
from ansible_collections.community.workload_credentials.plugins.module_utils._kube.wire import Cluster, Refusal
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.external import (
    generator_of,
    policy_of,
    references_of,
    target_of,
)
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.job import Job
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.look import (
    EXTERNAL_SECRET,
    OPERATORS,
    SECRET,
    own_objects,
)
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.marks import (
    Found,
    identity,
    is_of,
    is_pushed,
    lease_fields,
    lease_of,
    notes_of,
)
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.minted import Minted
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.names import (
    CA_SECRET,
    SELECTOR,
    TOKEN_SECRET,
)
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.outcome import Outcome, where
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.unwanted import (
    Identity,
    identity_of,
    left_behind,
    owned_by,
    unwanted,
    used,
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
    # Whoever wrote an ExternalSecret or a store by hand may use the role's generator or token.
    found = [*_operators(job, namespaces or ()), *_found(job, SECRET, namespaces or ())]
    minted.known(lease_of(one) for one in found if is_pushed(one))
    leaving = unwanted(found, wanted, namespaces, job.owner)
    # Of Secrets that are pruned the plan has told.
    _tell(job, [one for one in leaving if namespaces is not None or not is_pushed(one)])
    leases = _operators_leases(job, leaving, found)
    removal = _removed(job, leaving, outcome, minted)
    ended = [leases.get(identity_of(one)) for one in removal.gone]
    for lease in ended:
        minted.supersede(lease)
    outcome.report.extend(
        _reported(one, lease)
        for one, lease in zip(removal.gone, ended)
        if one["kind"] == "ExternalSecret" or is_pushed(one)
    )


@dataclass(frozen=True)
class Turned:
    """ExternalSecrets as they were before they came to refer to other generators or stores.

    :arg unsure: those in whose present form the operator may not have seen them yet.
    """

    done: Sequence[Found] = ()
    unsure: Sequence[Found] = ()

    def __bool__(self) -> bool:
        return bool(self.done or self.unsure)


def remove_unused(
    job: Job, moved: Sequence[Found], turned: Turned, wanted: Sequence[Found], outcome: Outcome, minted: Minted
) -> None:
    """Remove what nothing needs once ExternalSecrets are gone, or as they were: generators, stores, token and CA.

    What may still be needed is named.

    :arg moved: those that are gone.
    :arg wanted: the operator's manifests of this task.
    """
    former = [*turned.done, *turned.unsure]
    cluster, namespaces = job.cluster(), {identity(one)[0] for one in [*moved, *former]}
    found = _operators(job, namespaces)
    known = {identity_of(one): one for one in [*found, *(wanted if job.check_mode else ()), *moved]}
    # They are there in another form too, and of some it is not sure that this one counts no more.
    known.update({_as_it_was(one): one for one in former})
    outcome.warnings.extend(_kept_words(job.owner, known, turned))
    going = {*map(identity_of, moved), *map(_as_it_was, turned.done)}
    # The Secrets of a store of the cluster lie elsewhere.
    needed = used((known[one] for one in going | left_behind(known, going)), known)
    names = (TOKEN_SECRET, CA_SECRET)
    places = sorted(place[1:] for place in needed if place[0] == "Secret" and place[2].startswith(names))
    secrets = cluster.get_many(SECRET, places, metadata_only=True)
    found += [one for one in secrets if one is not None]
    known.update({identity_of(one): one for one in found if one["kind"] == "Secret"})
    gone = left_behind(known, going) & {identity_of(one) for one in found if is_of(job.owner, one)}
    leaving = [known[one] for one in sorted(gone)]
    _tell(job, leaving)
    _removed(job, leaving, outcome, minted)


def _as_it_was(external: Found) -> Identity:
    return ("as it was", *identity(external))


def _kept_words(owner: str, known: Mapping[Identity, Found], turned: Turned) -> list[str]:
    """A sentence about what these seem to have used alone and what stays nevertheless."""
    former = {_as_it_was(one): references_of(one) for one in (*turned.done, *turned.unsure)}
    staying = used((one for place, one in known.items() if place not in former), known)
    lacking = {place for places in former.values() for place in places - staying if place not in known}
    unseen = {place for place in lacking if place[0].startswith("Cluster")}
    unsure = {place for one in turned.unsure for place in references_of(one) - staying if place in known}
    own = {place for place in unsure if is_of(owner, known[place])}
    names = ["/".join(filter(None, place)) for place in sorted(unseen | own)]
    said = (
        f"{', '.join(names)}: no entry uses it any more. It stays, as the operator may not be done with it, or others "
        "that cannot be seen may use it: prune removes it."
    )
    return [said] if names else []


def _tell(job: Job, leaving: Sequence[Found]) -> None:
    job.tell([f"{where(one)}: remove, {_REASON}" for one in leaving])


def _removed(job: Job, leaving: Sequence[Found], outcome: Outcome, minted: Minted) -> Removal:
    leaving = list(leaving)
    removal = Removal(leaving, leaving) if job.check_mode else remove(job.cluster(), leaving, job.wait_timeout, minted)
    outcome.problems.extend(removal.problems.values())
    outcome.removes(removal.going)
    return removal


def _operators_leases(job: Job, leaving: Sequence[Found], found: Sequence[Found]) -> dict[Identity, Lease | None]:
    """The leases that Secrets hold which go with their ExternalSecrets: the operator ends none."""
    owning = [
        one for one in leaving if one["kind"] == "ExternalSecret" and generator_of(one)[0] and policy_of(one) == "Owner"
    ]
    if not owning:
        return {}
    from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.operated import (
        kind_of,
        lease_in,
    )

    generators = [one for one in found if one["kind"] == "ClusterGenerator"]
    places = [(identity(one)[0], target_of(one)) for one in owning]
    secrets = zip(owning, job.cluster().get_many(SECRET, places))
    # One that it has never had, such as a pushed one, does not go with it.
    held = [(one, secret) for one, secret in secrets if secret and owned_by(secret, identity_of(one))]
    return {identity_of(one): lease_in(one, secret, kind_of(one, generators)) for one, secret in held}


def remove(cluster: Cluster, objects: Sequence[Found], timeout: float, minted: Minted) -> Removal:
    """Remove them in their order of kinds, each kind once the one before is gone.

    :arg timeout: seconds, for all.
    """
    deadline = time.monotonic() + timeout
    removal = Removal()
    for kind in dict.fromkeys(one["kind"] for one in objects):
        going = _deleted(cluster, [one for one in objects if one["kind"] == kind], removal, minted)
        try:
            left = cluster.wait_gone(list(map(exact_reference, going)), max(0.1, deadline - time.monotonic()))
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
        answers = cluster.delete(list(map(exact_reference, objects)))
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


def _operators(job: Job, namespaces: Collection[str]) -> list[Found]:
    """Everybody's objects for the operator; none that the cluster shares where users cannot be seen everywhere."""
    found = [one for kind in OPERATORS for one in _found(job, kind, namespaces, ())]
    own = [one for one in found if identity(one)[0]]
    if len(own) == len(found):
        return found
    try:
        job.cluster().list(EXTERNAL_SECRET, labels=SELECTOR, metadata_only=True)
    except ForbiddenError:
        return own
    return found


def _found(job: Job, kind: Kind, namespaces: Collection[str], labels: Sequence[str] = SELECTOR) -> Sequence[Found]:
    try:
        return own_objects(job.cluster(), kind, namespaces, labels=labels) or ()
    except ForbiddenError:
        # Who only pushes needs no permission for the operator's kinds, and who shares nothing none for the cluster's.
        if kind is SECRET or (job.operated and (kind.namespaced or job.scope.cluster)):
            raise
        return ()


def _reported(one: Found, lease: Lease | None) -> dict[str, Any]:
    is_operated = one["kind"] == "ExternalSecret"
    namespace, name = identity(one)
    own = {"name": target_of(one) if is_operated else name, "namespace": namespace}
    own["delivery"] = "external_secret" if is_operated else "push"
    held = {"lease_id": lease and lease.id, "expiration": written(lease.expiration) if lease else None}
    shown = held if is_operated else lease_fields(notes_of(one))
    return {**own, "action": "removed", "reason": _REASON, "keys": [], **shown}
