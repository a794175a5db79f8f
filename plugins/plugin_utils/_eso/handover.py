# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets that move between push and External Secrets Operator, and never lose their data meanwhile."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Union

from ...module_utils._credentials.lease import Lease
from ...module_utils._kube.objects import Cluster, Refusal, reference
from ...module_utils._marks import MOVING
from .._cluster.entries import Entry
from .._cluster.operated_secrets import kind_of, lease_in
from .._cluster.outcome import Outcome
from .._cluster.removal import identity_of, remove
from .._cluster.secrets import (
    EXTERNAL_SECRET,
    MARKS,
    ClusterObject,
    has_writer,
    is_managed,
    is_of,
    policy_of,
    shared_generators,
    target_of,
)
from .._cluster.steps import LET_GO, MERGING, Step
from .._leases.ledger import Ledger

# ExternalSecrets by namespace and name of the Secrets that they write.
Writers = Mapping["tuple[str, str]", ClusterObject]


def obstacles(steps: Sequence[Step], operated: Sequence[Entry], writers: Writers) -> Iterator[str]:
    """Return a sentence for each Secret that must keep the writer that it has."""
    moving = [step for step in steps if step.entry and step.is_operated]
    for step in moving:
        writer = writers.get((step.namespace, step.name))
        if writer is None and not _is_left(step.found):
            yield (
                f"{step.where}: an ExternalSecret that this role does not manage writes this Secret. Remove it first, "
                "or choose another name."
            )
        elif writer is not None and policy_of(writer) in MERGING:
            yield (
                f"{step.where}: the operator merges into this Secret (creation_policy {policy_of(writer)}), so it may "
                "contain someone else's keys, which a push would remove. Choose another name for the pushed Secret."
            )
    yield from _second_writers(operated, writers)


def _second_writers(operated: Sequence[Entry], writers: Writers) -> Iterator[str]:
    for entry in operated:
        writer = writers.get((entry.namespace, entry.name))
        # Two ExternalSecrets of one Secret would take it from each other, and generate each time.
        if writer is not None and writer["metadata"]["name"] != entry.external_secret:
            yield (
                f"{entry.where}.external_secret_name: the ExternalSecret {writer['metadata']['name']} writes this "
                "Secret, and the operator allows no second writer. Keep that name, or push the entry once, which "
                "takes the Secret over."
            )


def _is_left(secret: ClusterObject | None) -> bool:
    """Return whether an interrupted move left the Secret: the operator made it for the role, and its writer is gone."""
    return secret is not None and is_managed(secret) and not has_writer(secret)


def note_moves(cluster: Cluster, steps: Sequence[Step], operated: Sequence[Entry]) -> None:
    """Note on pushed Secrets which ExternalSecrets are to take them over, in case that they never do.

    If the cluster refuses that, it will refuse to give up the Secret too, which is reported then.
    """
    names = {(entry.namespace, entry.name): entry.external_secret for entry in operated}
    patches = []
    for step in steps:
        name = names.get((step.namespace, step.name)) if step.action == LET_GO else None
        if name and step.moving_to != name:
            patches.append(reference(step.found or {}, annotations={MOVING: name}))
    if patches:
        cluster.patch(patches)


def steps_let_go(steps: Sequence[Step], ready: Collection[Entry]) -> list[Step]:
    """Return the steps of pushed Secrets that the operator now delivers, for these entries."""
    places = {(entry.namespace, entry.name) for entry in ready}
    return [step for step in steps if step.action == LET_GO and (step.namespace, step.name) in places]


def release_moved(
    cluster: Cluster, steps: Sequence[Step], minted: Ledger, *, check_mode: bool
) -> tuple[list[Step], list[str]]:
    """Give up the Secrets that the operator has taken over; until then the pushed values are in use.

    The data stays as the operator has written it. Returns the steps that were taken, and why others were not.
    """
    if check_mode or not steps:
        return list(steps), []
    with minted.release([step.supersedes for step in steps]):
        gone = dict.fromkeys((*MARKS, MOVING))
        answers = cluster.patch([reference(step.found or {}, annotations=gone) for step in steps])
    released, problems = [], []
    for step, answer in zip(steps, answers):
        if not isinstance(answer, Refusal) or answer.status == 404:
            released.append(step)
            minted.supersede(step.supersedes)
            continue
        problems.append(answer.words)
        if answer.may_be_done:
            minted.in_doubt(step.supersedes)
    return released, problems


def unfinished_moves(
    cluster: Cluster, steps: Sequence[Step], owner: str
) -> tuple[list[Step], dict[tuple[str, str], ClusterObject]]:
    """Return the steps of pushed Secrets whose move to the operator never ended, and the ExternalSecrets left by it."""
    begun = [step for step in steps if _has_begun(step)]
    left: dict[tuple[str, str], ClusterObject] = {}
    existing = cluster.get_many(EXTERNAL_SECRET, [(step.namespace, step.moving_to or "") for step in begun])
    for step, external in zip(begun, existing):
        if external is not None and is_of(owner, external) and target_of(external) == step.name:
            left[step.namespace, step.name] = external
    return begun, left


def _has_begun(step: Step) -> bool:
    """Return whether a pushed Secret was to move to the operator, though its entry is pushed now."""
    return step.entry is not None and step.moving_to is not None and not step.is_operated


def forget_moves(cluster: Cluster, steps: Sequence[Step]) -> list[str]:
    """Remove the notes of moves, and return why the cluster refused some of that."""
    answers = cluster.patch([reference(step.found or {}, annotations={MOVING: None}) for step in steps])
    return [answer.words for answer in answers if isinstance(answer, Refusal) and answer.status != 404]


def refused_moves(cluster: Cluster, steps: Sequence[Step], external: Writers) -> dict[str, str]:
    """Return why the cluster would not let Secrets be taken over from the operator, by Secret."""
    patches = cluster.patch(_without_owner(steps), dry_run=True)
    refused = {step.where: answer.words for step, answer in zip(steps, patches) if isinstance(answer, Refusal)}
    writers = _writers(steps, external)
    deletions = cluster.delete(list(map(reference, writers.values())), dry_run=True)
    for where, answer in zip(writers, deletions):
        if isinstance(answer, Refusal):
            refused[where] = answer.words
    return refused


def writers_of(steps: Sequence[Step], external: Writers) -> list[ClusterObject]:
    """Return the ExternalSecrets that write the Secrets of the steps."""
    return list(_writers(steps, external).values())


def _writers(steps: Sequence[Step], external: Writers) -> dict[str, ClusterObject]:
    writers = {step.where: external.get((step.namespace, step.name)) for step in steps}
    return {where: writer for where, writer in writers.items() if writer is not None}


@dataclass
class Adopted:
    """Secrets that were the operator's.

    :arg secrets: what exists now, None: nothing; ``leases`` those of the operator that are known. Both by Secret.
    :arg problems: why others stay the operator's; ``removed`` are the ExternalSecrets that were removed.
    """

    secrets: dict[str, ClusterObject | None] = field(default_factory=dict)
    leases: dict[str, Lease | None] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)
    removed: list[ClusterObject] = field(default_factory=list)


def adopt(
    cluster: Cluster, steps: Sequence[Step], external: Writers, timeout: float, minted: Ledger, outcome: Outcome
) -> Adopted:
    """Make Secrets of the operator the role's own.

    A Secret with an owner would go with its ExternalSecret: the cluster collects it, and with the deletion policy
    Delete the operator itself removes it.
    """
    adopted = Adopted()
    # With the deletion policy Delete the operator may remove a Secret meanwhile, but not end its lease: the Secret as
    # it was names that.
    before: dict[str, ClusterObject] = {}
    freed = []
    for step, answer in _without_owners(cluster, steps):
        if isinstance(answer, str):
            adopted.problems[step.where] = answer
            continue
        freed.append(step)
        adopted.secrets[step.where] = answer
        if answer is not None:
            before[step.where] = answer
    writers = _writers(freed, external)
    removal = remove(cluster, list(writers.values()), timeout, minted)
    outcome.removes(removal.going)
    adopted.removed = removal.going
    # The operator may have claimed a Secret again before it learned of the removal, with a new lease.
    for step, answer in _without_owners(cluster, [step for step in freed if step.where in writers]):
        problem = removal.problems.get(identity_of(writers[step.where]))
        _record(adopted, step.where, problem or answer)
    adopted.leases = _leases_of(cluster, adopted.secrets, before, writers)
    return adopted


def _record(adopted: Adopted, where: str, answer: _Answer) -> None:
    if isinstance(answer, str):
        adopted.problems[where] = answer
        del adopted.secrets[where]
    else:
        adopted.secrets[where] = answer


def _leases_of(
    cluster: Cluster,
    secrets: Mapping[str, ClusterObject | None],
    before: Mapping[str, ClusterObject],
    writers: Mapping[str, ClusterObject],
) -> dict[str, Lease | None]:
    """Return the operator's leases in these Secrets, or in the Secrets as they were before."""
    generators = shared_generators(cluster, list(writers.values()))
    leases = {}
    for where, writer in writers.items():
        secret = (secrets[where] or before.get(where)) if where in secrets else None
        if secret is not None:
            leases[where] = lease_in(writer, secret, kind_of(writer, generators))
    return leases


# A Secret, None where there is none, or why the cluster refused.
_Answer = Union[ClusterObject, str, None]


def _without_owners(cluster: Cluster, steps: Sequence[Step]) -> list[tuple[Step, _Answer]]:
    """Remove the owners of the Secrets, and return each step with its Secret, or with why the cluster refused."""
    freed: list[tuple[Step, _Answer]] = []
    for step, answer in zip(steps, cluster.patch(_without_owner(steps))):
        if not isinstance(answer, Refusal):
            freed.append((step, answer))
        else:
            freed.append((step, None if answer.status == 404 else answer.words))
    return freed


def _without_owner(steps: Sequence[Step]) -> list[dict[str, Any]]:
    return [reference(step.found or {}, ownerReferences=None) for step in steps]
