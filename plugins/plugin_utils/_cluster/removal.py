# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Removing objects: what no entry wants, writers before what they write, and until they are really gone.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ...module_utils._api.errors import WorkloadCredentialsError
from ...module_utils._api.times import written
from ...module_utils._credentials.lease import Lease
from ...module_utils._kube.errors import ForbiddenError
from ...module_utils._kube.objects import Cluster, ObjectKind, Refusal, exact_reference
from .._leases.ledger import Ledger
from .job import Job
from .outcome import Outcome, where
from .secrets import (
    EXTERNAL_SECRET,
    OPERATORS,
    SECRET,
    ClusterObject,
    annotations_of,
    generator_of,
    identity,
    is_of,
    is_pushed,
    labels_of,
    lease_fields,
    lease_of,
    own_objects,
    policy_of,
    references_of,
    target_of,
)
from .spec import CA_SECRET, DEFAULT_OWNER, PART_LABEL, SELECTOR, TOKEN_SECRET

# Kind, namespace ("" for none) and name.
Identity = tuple[str, str, str]
# In the order in which they go: a writer before what it writes, and a user before what it uses.
_ORDER = ("ExternalSecret", "ClusterSecretStore")


def unwanted(
    found: Sequence[ClusterObject],
    wanted: Collection[Identity],
    namespaces: Collection[str] | None = None,
    owner: str = DEFAULT_OWNER,
) -> list[ClusterObject]:
    """Those objects in the cluster that should not be there, ExternalSecrets first.

    Secrets that the operator writes into for somebody else, or was told to leave, are not the role's to remove.

    :arg found: the role's objects, and the ExternalSecrets of everybody.
    :arg owner: whose objects go.
    :arg wanted: what should be there.
    :arg namespaces: of the namespaced objects leave out all others'. What the cluster shares goes with its last user.
    """
    known = {identity_of(one): one for one in found}
    own = {identity for identity, one in known.items() if is_of(owner, one)}
    gone = {identity for identity in own - set(wanted) if namespaces is None or identity[1] in namespaces}
    gone = {identity for identity in gone if _is_own(known[identity], gone)}
    if namespaces is not None:
        gone |= own & _without_users(known, gone, ("ClusterSecretStore", "ClusterGenerator"))
        gone |= own & left_behind(known, gone)
    gone -= _needed(known, gone)
    return [known[identity] for identity in sorted(gone, key=_order)]


def _needed(known: Mapping[Identity, ClusterObject], gone: Collection[Identity]) -> set[Identity]:
    """What of it others use, and what that needs.

    A store of the cluster reads its token in one of these namespaces, for others too.
    """
    staying = {identity: one for identity, one in known.items() if identity not in gone}
    needed: set[Identity] = set()
    while True:
        used_ones = used([*staying.values(), *(known[one] for one in needed)], known)
        more = {one for one in used_ones & set(gone) if not is_pushed(known[one])} - needed
        if not more:
            return needed
        needed |= more


def identity_of(one: ClusterObject) -> Identity:
    """Kind, namespace and name of an object."""
    return one["kind"], *identity(one)


def _is_own(one: ClusterObject, gone: set[Identity]) -> bool:
    """Whether it is the role's, or a Secret of an ExternalSecret that goes."""
    if one["kind"] != "Secret":
        return True
    return is_pushed(one) or PART_LABEL.items() <= labels_of(one).items() or owned_by(one, *gone)


def owned_by(secret: ClusterObject, *owners: Identity) -> bool:
    """Whether it belongs to one of these, and so goes with it."""
    namespace = identity(secret)[0]
    found = {(owner["kind"], namespace, owner["name"]) for owner in secret["metadata"].get("ownerReferences") or ()}
    return not found.isdisjoint(owners)


def _without_users(known: Mapping[Identity, ClusterObject], gone: set[Identity], kinds: Sequence[str]) -> set[Identity]:
    """What belongs to the whole cluster, and nothing that stays refers to."""
    staying = used((one for identity, one in known.items() if identity not in gone), known)
    return {identity for identity in known if identity[0] in kinds and identity not in staying}


def left_behind(known: Mapping[Identity, ClusterObject], gone: Collection[Identity]) -> set[Identity]:
    """What those that go need, and what that needs, as far as nothing that stays needs it too.

    :arg known: all that counts, those that go and the users of what they need among it.
    """
    left: set[Identity] = set()
    while True:
        going = {*gone, *left}
        needed = used((known[one] for one in going), known)
        staying = used((one for identity, one in known.items() if identity not in going), known)
        more = {one for one in needed - staying - going if one in known}
        if not more:
            return left
        left |= more


def used(objects: Iterable[ClusterObject], known: Mapping[Identity, ClusterObject]) -> set[Identity]:
    """What these objects cannot do without.

    :arg known: generators among what is there, of which some read Secrets where their users are.
    """
    return {identity for one in objects for identity in _references(one, known)}


def _references(one: ClusterObject, known: Mapping[Identity, ClusterObject]) -> Iterable[Identity]:
    """What an object cannot do without."""
    namespace = identity(one)[0]
    if one["kind"] == "ExternalSecret":
        for reader in references_of(one):
            yield reader
            if reader[0] == "ClusterGenerator" and reader in known:
                # It reads them in the namespace of its user.
                yield from _secrets_of(known[reader], namespace)
        return
    yield from _secrets_of(one, namespace)


def _secrets_of(reader: ClusterObject, namespace: str) -> Iterator[Identity]:
    for reference in _secrets_in(reader.get("spec") or {}):
        yield ("Secret", reference.get("namespace") or namespace, reference.get("name") or "")


def _secrets_in(spec: Any) -> Iterator[Mapping[str, Any]]:
    """References to Secrets, wherever a generator or a store has them."""
    if isinstance(spec, Mapping):
        for name, value in spec.items():
            if name in ("token", "caProvider", "secretRef") and isinstance(value, Mapping) and value.get("name"):
                yield from [value] if value.get("type", "Secret") == "Secret" else []
            else:
                yield from _secrets_in(value)
    elif isinstance(spec, list):
        for value in spec:
            yield from _secrets_in(value)


def _order(identity: Identity) -> tuple[int, Identity]:
    return _ORDER.index(identity[0]) if identity[0] in _ORDER else len(_ORDER), identity


_REASON = "no entry wants it"


@dataclass
class Removal:
    """What became of objects that were to be removed.

    :arg going: those whose deletion the cluster has accepted, which nothing takes back; ``gone`` are really so.
    :arg problems: by object, why it is still there, or may be.
    """

    going: list[ClusterObject] = field(default_factory=list)
    gone: list[ClusterObject] = field(default_factory=list)
    problems: dict[Identity, str] = field(default_factory=dict)


def remove_unwanted(
    job: Job, wanted: set[Identity], namespaces: Sequence[str] | None, outcome: Outcome, minted: Ledger
) -> None:
    """Remove what the role has made and should not be there, and with the Secrets their leases.

    :arg wanted: what should be there.
    :arg namespaces: look at these only; None: at the whole cluster.
    :raises ForbiddenError: the identity may not look.
    """
    # Whoever wrote an ExternalSecret or a store by hand may use the role's generator or token.
    found = [*_operators(job, namespaces or ()), *_found(job, SECRET, namespaces or ())]
    minted.owners(lease_of(one) for one in found if is_pushed(one))
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

    done: Sequence[ClusterObject] = ()
    unsure: Sequence[ClusterObject] = ()

    def __bool__(self) -> bool:
        return bool(self.done or self.unsure)


def remove_unused(
    job: Job,
    moved: Sequence[ClusterObject],
    turned: Turned,
    wanted: Sequence[ClusterObject],
    outcome: Outcome,
    minted: Ledger,
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


def _as_it_was(external: ClusterObject) -> Identity:
    return ("as it was", *identity(external))


def _kept_words(owner: str, known: Mapping[Identity, ClusterObject], turned: Turned) -> list[str]:
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


def _tell(job: Job, leaving: Sequence[ClusterObject]) -> None:
    job.tell([f"{where(one)}: remove, {_REASON}" for one in leaving])


def _removed(job: Job, leaving: Sequence[ClusterObject], outcome: Outcome, minted: Ledger) -> Removal:
    leaving = list(leaving)
    removal = Removal(leaving, leaving) if job.check_mode else remove(job.cluster(), leaving, job.wait_timeout, minted)
    outcome.problems.extend(removal.problems.values())
    outcome.removes(removal.going)
    return removal


def _operators_leases(
    job: Job, leaving: Sequence[ClusterObject], found: Sequence[ClusterObject]
) -> dict[Identity, Lease | None]:
    """The leases that Secrets hold which go with their ExternalSecrets: the operator ends none."""
    owning = [
        one for one in leaving if one["kind"] == "ExternalSecret" and generator_of(one)[0] and policy_of(one) == "Owner"
    ]
    if not owning:
        return {}
    from .operated_secrets import kind_of, lease_in

    generators = [one for one in found if one["kind"] == "ClusterGenerator"]
    places = [(identity(one)[0], target_of(one)) for one in owning]
    secrets = zip(owning, job.cluster().get_many(SECRET, places))
    # One that it has never had, such as a pushed one, does not go with it.
    held = [(one, secret) for one, secret in secrets if secret and owned_by(secret, identity_of(one))]
    return {identity_of(one): lease_in(one, secret, kind_of(one, generators)) for one, secret in held}


def remove(cluster: Cluster, objects: Sequence[ClusterObject], timeout: float, minted: Ledger) -> Removal:
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


def _deleted(
    cluster: Cluster, objects: Sequence[ClusterObject], removal: Removal, minted: Ledger
) -> list[ClusterObject]:
    """Those whose deletion the cluster has accepted, whose leases nobody needs then."""
    leases = [lease_of(one) if is_pushed(one) else None for one in objects]
    with minted.release(leases):
        answers = cluster.delete(list(map(exact_reference, objects)))
    going = []
    for one, lease, answer in zip(objects, leases, answers):
        if not isinstance(answer, Refusal):
            going.append(one)
            minted.supersede(lease)
            continue
        removal.problems[identity_of(one)] = answer.words
        if answer.may_be_done:
            minted.in_doubt(lease)
    removal.going.extend(going)
    return going


def tear_down(job: Job, outcome: Outcome, minted: Ledger) -> None:
    """Remove all that the role has made in the namespaces of the entries."""
    namespaces = sorted({entry.namespace for entry in job.entries})
    if namespaces:
        remove_unwanted(job, set(), namespaces, outcome, minted)


def _operators(job: Job, namespaces: Collection[str]) -> list[ClusterObject]:
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


def _found(
    job: Job, kind: ObjectKind, namespaces: Collection[str], labels: Sequence[str] = SELECTOR
) -> Sequence[ClusterObject]:
    try:
        return own_objects(job.cluster(), kind, namespaces, labels=labels) or ()
    except ForbiddenError:
        # Who only pushes needs no permission for the operator's kinds, and who shares nothing none for the cluster's.
        if kind is SECRET or (job.operated and (kind.namespaced or job.scope.cluster)):
            raise
        return ()


def _reported(one: ClusterObject, lease: Lease | None) -> dict[str, Any]:
    is_operated = one["kind"] == "ExternalSecret"
    namespace, name = identity(one)
    own = {"name": target_of(one) if is_operated else name, "namespace": namespace}
    own["delivery"] = "external_secret" if is_operated else "push"
    held = {"lease_id": lease and lease.id, "expiration": written(lease.expiration) if lease else None}
    shown = held if is_operated else lease_fields(annotations_of(one))
    return {**own, "action": "removed", "reason": _REASON, "keys": [], **shown}
