# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Remove the objects that no entry wants, writers before what they write, and wait until they are gone."""

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
# The kinds that go first: a writer before what it writes, and a user before what it uses.
_ORDER = ("ExternalSecret", "ClusterSecretStore")


def unwanted(
    found: Sequence[ClusterObject],
    wanted: Collection[Identity],
    namespaces: Collection[str] | None = None,
    owner: str = DEFAULT_OWNER,
) -> list[ClusterObject]:
    """Return the objects in the cluster that should not be there, ExternalSecrets first.

    :arg found: the role's objects, and everybody's ExternalSecrets.
    :arg wanted: what should be there.
    :arg namespaces: leave objects of other namespaces; what the cluster shares goes with its last user. None: look at
        the whole cluster.
    :arg owner: of the objects that go.
    """
    known = {identity_of(one): one for one in found}
    own = {place for place, one in known.items() if is_of(owner, one)}
    gone = {place for place in own - set(wanted) if namespaces is None or place[1] in namespaces}
    gone = _removable(known, gone)
    if namespaces is not None:
        gone |= own & _without_users(known, gone, ("ClusterSecretStore", "ClusterGenerator"))
        gone |= own & left_behind(known, gone)
    gone -= _needed(known, gone)
    return [known[place] for place in sorted(gone, key=_order)]


def _removable(known: Mapping[Identity, ClusterObject], gone: set[Identity]) -> set[Identity]:
    """Return what the role may remove: no Secret that the operator shares with others, or is to leave behind."""
    return {place for place in gone if _is_own(known[place], gone)}


def _is_own(candidate: ClusterObject, gone: set[Identity]) -> bool:
    """Return whether an object is the role's, or a Secret of an ExternalSecret that goes."""
    if candidate["kind"] != "Secret":
        return True
    return is_pushed(candidate) or PART_LABEL.items() <= labels_of(candidate).items() or owned_by(candidate, *gone)


def _needed(known: Mapping[Identity, ClusterObject], gone: Collection[Identity]) -> set[Identity]:
    """Return which of these objects others use, and what those need in their turn.

    A store of the cluster reads its token in one namespace for users in all of them.
    """
    staying = [one for place, one in known.items() if place not in gone]
    needed: set[Identity] = set()
    while True:
        in_use = used([*staying, *(known[place] for place in needed)], known)
        more = {place for place in in_use & set(gone) if not is_pushed(known[place])} - needed
        if not more:
            return needed
        needed |= more


def identity_of(cluster_object: ClusterObject) -> Identity:
    """Return kind, namespace and name of an object."""
    return cluster_object["kind"], *identity(cluster_object)


def owned_by(secret: ClusterObject, *owners: Identity) -> bool:
    """Return whether the Secret belongs to one of these, and so goes with it."""
    namespace = identity(secret)[0]
    references = secret["metadata"].get("ownerReferences") or ()
    return not {(owner["kind"], namespace, owner["name"]) for owner in references}.isdisjoint(owners)


def _without_users(known: Mapping[Identity, ClusterObject], gone: set[Identity], kinds: Sequence[str]) -> set[Identity]:
    """Return the objects of these kinds to which nothing that stays refers."""
    in_use = used((one for place, one in known.items() if place not in gone), known)
    return {place for place in known if place[0] in kinds and place not in in_use}


def left_behind(known: Mapping[Identity, ClusterObject], gone: Collection[Identity]) -> set[Identity]:
    """Return what those that go need, and what that needs in its turn, unless something that stays needs it too.

    :arg known: all objects that count: those that go, what they need, and the other users of that.
    """
    left: set[Identity] = set()
    while True:
        going = {*gone, *left}
        needed = used((known[place] for place in going), known)
        in_use = used((one for place, one in known.items() if place not in going), known)
        more = {place for place in needed - in_use - going if place in known}
        if not more:
            return left
        left |= more


def used(objects: Iterable[ClusterObject], known: Mapping[Identity, ClusterObject]) -> set[Identity]:
    """Return what these objects cannot do without.

    :arg known: with the ClusterGenerators, which read Secrets in the namespaces of their users.
    """
    return {place for one in objects for place in _references(one, known)}


def _references(user: ClusterObject, known: Mapping[Identity, ClusterObject]) -> Iterable[Identity]:
    """Yield what an object cannot do without."""
    namespace = identity(user)[0]
    if user["kind"] != "ExternalSecret":
        yield from _secrets_of(user, namespace)
        return
    for reader in references_of(user):
        yield reader
        if reader[0] == "ClusterGenerator" and reader in known:
            yield from _secrets_of(known[reader], namespace)


def _secrets_of(reader: ClusterObject, namespace: str) -> Iterator[Identity]:
    for reference in _secrets_in(reader.get("spec") or {}):
        yield ("Secret", reference.get("namespace") or namespace, reference.get("name") or "")


def _secrets_in(spec: Any) -> Iterator[Mapping[str, Any]]:
    """Yield the references to Secrets of a generator or a store, at every depth."""
    if isinstance(spec, list):
        for value in spec:
            yield from _secrets_in(value)
    elif isinstance(spec, Mapping):
        for name, value in spec.items():
            if not _is_reference(name, value):
                yield from _secrets_in(value)
            elif value.get("type", "Secret") == "Secret":
                yield value


def _is_reference(name: str, value: Any) -> bool:
    return name in ("token", "caProvider", "secretRef") and isinstance(value, Mapping) and bool(value.get("name"))


def _order(place: Identity) -> tuple[int, Identity]:
    return _ORDER.index(place[0]) if place[0] in _ORDER else len(_ORDER), place


_REASON = "no entry wants it"


@dataclass
class Removal:
    """What became of objects that were to be removed.

    :arg going: the objects whose deletion the cluster has accepted; nothing can stop it now.
    :arg gone: those of them that do not exist any more.
    :arg problems: by object, why it still exists, or may exist.
    """

    going: list[ClusterObject] = field(default_factory=list)
    gone: list[ClusterObject] = field(default_factory=list)
    problems: dict[Identity, str] = field(default_factory=dict)


def remove_unwanted(
    job: Job, wanted: set[Identity], namespaces: Sequence[str] | None, outcome: Outcome, minted: Ledger
) -> None:
    """Remove what the role has made and should not be there, and with the Secrets their leases.

    :arg wanted: what should be there.
    :arg namespaces: look at these only; None: look at the whole cluster.
    :raises ForbiddenError: this identity may not list them.
    """
    places = namespaces or ()
    # An ExternalSecret or a store that somebody wrote by hand may use the role's generator or token.
    objects = [*_operators(job, places), *_found(job, SECRET, places)]
    minted.owners(lease_of(one) for one in objects if is_pushed(one))
    leaving = unwanted(objects, wanted, namespaces, job.owner)
    # The plan has announced the pushed Secrets that are pruned.
    _announce(job, [one for one in leaving if namespaces is not None or not is_pushed(one)])
    leases = _operators_leases(job, leaving, objects)
    removal = _removed(job, leaving, outcome, minted)
    for removed in removal.gone:
        lease = leases.get(identity_of(removed))
        minted.supersede(lease)
        if removed["kind"] == "ExternalSecret" or is_pushed(removed):
            outcome.report.append(_reported(removed, lease))


@dataclass(frozen=True)
class Turned:
    """ExternalSecrets as they were before they came to refer to other generators or stores.

    :arg done: those that the operator has seen in their present form; it may not have seen ``unsure``.
    """

    done: Sequence[ClusterObject] = ()
    unsure: Sequence[ClusterObject] = ()

    def __bool__(self) -> bool:
        return bool(self.done or self.unsure)

    @property
    def former(self) -> dict[Identity, ClusterObject]:
        """Return all of them under identities of their own: each exists in another form too."""
        return {_as_it_was(external): external for external in (*self.done, *self.unsure)}


def remove_unused(
    job: Job,
    moved: Sequence[ClusterObject],
    turned: Turned,
    wanted: Sequence[ClusterObject],
    outcome: Outcome,
    minted: Ledger,
) -> None:
    """Remove the generators, stores, tokens and CAs that nothing needs once ExternalSecrets are gone or have turned.

    Warn of those that may still be needed.

    :arg moved: the ExternalSecrets that are gone.
    :arg wanted: the operator's manifests of this task.
    """
    former = turned.former
    found = _operators(job, {identity(external)[0] for external in [*moved, *former.values()]})
    known = {identity_of(one): one for one in found}
    if job.check_mode:
        known.update({identity_of(one): one for one in wanted})
    known.update({identity_of(one): one for one in moved})
    known.update(former)
    outcome.warnings.extend(_kept_words(job.owner, known, turned))
    going = {*map(identity_of, moved), *map(_as_it_was, turned.done)}
    secrets = _connection_secrets(job.cluster(), known, going)
    known.update({identity_of(secret): secret for secret in secrets})
    own = {identity_of(one) for one in [*found, *secrets] if is_of(job.owner, one)}
    leaving = [known[place] for place in sorted(left_behind(known, going) & own)]
    _announce(job, leaving)
    _removed(job, leaving, outcome, minted)


def _as_it_was(external: ClusterObject) -> Identity:
    return ("as it was", *identity(external))


def _connection_secrets(
    cluster: Cluster, known: Mapping[Identity, ClusterObject], going: set[Identity]
) -> list[ClusterObject]:
    """Read the tokens and CAs that those that go have used; a store of the cluster has its own in another namespace."""
    needed = used((known[place] for place in going | left_behind(known, going)), known)
    names = (TOKEN_SECRET, CA_SECRET)
    places = sorted(place[1:] for place in needed if place[0] == "Secret" and place[2].startswith(names))
    return [secret for secret in cluster.get_many(SECRET, places, metadata_only=True) if secret is not None]


def _kept_words(owner: str, known: Mapping[Identity, ClusterObject], turned: Turned) -> list[str]:
    """Return a sentence about what these seem to have used alone and what stays nevertheless, or none."""
    former = turned.former
    in_use = used((one for place, one in known.items() if place not in former), known)
    unused = _references_of_all(former.values()) - in_use
    unseen = {place for place in unused if place not in known and place[0].startswith("Cluster")}
    unsure = (_references_of_all(turned.unsure) - in_use) & known.keys()
    own = {place for place in unsure if is_of(owner, known[place])}
    names = ["/".join(filter(None, place)) for place in sorted(unseen | own)]
    if not names:
        return []
    reason = "as the operator may not be done with it, or others that this identity cannot see may use it"
    return [f"{', '.join(names)}: no entry uses it any more. It stays, {reason}: prune removes it."]


def _references_of_all(external: Iterable[ClusterObject]) -> set[Identity]:
    references: set[Identity] = set()
    return references.union(*map(references_of, external))


def _announce(job: Job, leaving: Sequence[ClusterObject]) -> None:
    job.tell([f"{where(one)}: remove, {_REASON}" for one in leaving])


def _removed(job: Job, leaving: Sequence[ClusterObject], outcome: Outcome, minted: Ledger) -> Removal:
    if job.check_mode:
        removal = Removal(list(leaving), list(leaving))
    else:
        removal = remove(job.cluster(), leaving, job.wait_timeout, minted)
    outcome.problems.extend(removal.problems.values())
    outcome.removes(removal.going)
    return removal


def _operators_leases(
    job: Job, leaving: Sequence[ClusterObject], found: Sequence[ClusterObject]
) -> dict[Identity, Lease | None]:
    """Return the leases of Secrets that go with their ExternalSecrets: the operator ends none."""
    owners = [one for one in leaving if _owns_lease(one)]
    if not owners:
        return {}
    from .operated_secrets import kind_of, lease_in

    generators = [one for one in found if one["kind"] == "ClusterGenerator"]
    secrets = job.cluster().get_many(SECRET, [(identity(owner)[0], target_of(owner)) for owner in owners])
    leases: dict[Identity, Lease | None] = {}
    for owner, secret in zip(owners, secrets):
        # A Secret that the operator has never written, such as a pushed one, does not go with its ExternalSecret.
        if secret and owned_by(secret, identity_of(owner)):
            leases[identity_of(owner)] = lease_in(owner, secret, kind_of(owner, generators))
    return leases


def _owns_lease(candidate: ClusterObject) -> bool:
    """Return whether it is an ExternalSecret that owns a Secret with generated credentials."""
    return (
        candidate["kind"] == "ExternalSecret" and bool(generator_of(candidate)[0]) and policy_of(candidate) == "Owner"
    )


def remove(cluster: Cluster, objects: Sequence[ClusterObject], timeout: float, minted: Ledger) -> Removal:
    """Remove the objects kind by kind, in their order, each kind once the one before is gone.

    :arg timeout: seconds for all of them.
    """
    deadline = time.monotonic() + timeout
    removal = Removal()
    for kind in dict.fromkeys(one["kind"] for one in objects):
        going = _deleted(cluster, [one for one in objects if one["kind"] == kind], removal, minted)
        problems = _waited(cluster, going, max(0.1, deadline - time.monotonic()))
        removal.problems.update(problems)
        removal.gone.extend(one for one in going if identity_of(one) not in problems)
    return removal


def _waited(cluster: Cluster, going: Sequence[ClusterObject], timeout: float) -> dict[Identity, str]:
    """Wait until the objects are gone; return why some still exist, or may exist."""
    try:
        left = cluster.wait_gone(list(map(exact_reference, going)), timeout)
    except WorkloadCredentialsError as error:
        return {identity_of(one): f"{where(one)} was to be removed, and may still exist. {error}" for one in going}
    sentence = "Timed out waiting on resource {}: a finalizer blocks its removal."
    return {identity_of(one): sentence.format(where(one)) for one in left}


def _deleted(
    cluster: Cluster, objects: Sequence[ClusterObject], removal: Removal, minted: Ledger
) -> list[ClusterObject]:
    """Delete the objects; return those whose deletion the cluster has accepted. Nobody needs their leases any more."""
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
    """Return everybody's objects for the operator: those of the whole cluster only if all their users can be listed."""
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
        # A task that only pushes needs no permission for the operator's kinds, nor one that shares nothing for those of
        # the whole cluster.
        if kind is SECRET or (job.operated and (kind.namespaced or job.scope.cluster)):
            raise
        return ()


def _reported(removed: ClusterObject, lease: Lease | None) -> dict[str, Any]:
    """Return the row of the report for a pushed Secret, or for an ExternalSecret and the lease of its Secret."""
    namespace, name = identity(removed)
    what_happened = {"action": "removed", "reason": _REASON, "keys": []}
    if removed["kind"] != "ExternalSecret":
        own = {"name": name, "namespace": namespace, "delivery": "push"}
        return {**own, **what_happened, **lease_fields(annotations_of(removed))}
    own = {"name": target_of(removed), "namespace": namespace, "delivery": "external_secret"}
    return {
        **own,
        **what_happened,
        "lease_id": lease.id if lease else None,
        "expiration": written(lease.expiration) if lease else None,
    }
