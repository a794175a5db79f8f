# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets that move between push and External Secrets Operator, and are never without their data meanwhile.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ...module_utils._credentials.lease import Lease
from ...module_utils._kube.objects import Cluster, Refusal, reference
from ...module_utils._marks import MOVING
from .._cluster.entries import Entry
from .._cluster.operated_secrets import kind_of, lease_in
from .._cluster.outcome import Outcome
from .._cluster.removal import identity_of, remove
from .._cluster.secrets import EXTERNAL_SECRET, MARKS, ClusterObject, is_of, shared_generators, target_of
from .._cluster.steps import LET_GO, Step
from .._leases.ledger import Ledger


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
    taken, problems = [], []
    for step, answer in zip(steps, answers):
        if not isinstance(answer, Refusal) or answer.status == 404:
            taken.append(step)
            minted.supersede(step.supersedes)
            continue
        problems.append(answer.words)
        if answer.may_be_done:
            minted.in_doubt(step.supersedes)
    return taken, problems


def begin(cluster: Cluster, steps: Sequence[Step], entries: Sequence[Entry]) -> None:
    """Note on pushed Secrets which ExternalSecrets are to take them over, in case that they never do.

    What the cluster refuses of that it will refuse again where the Secret is given up, and then it counts.
    """
    names = {(entry.namespace, entry.name): entry.external_secret for entry in entries}
    noted = [(step, names.get((step.namespace, step.name))) for step in steps if step.action == LET_GO]
    patches = [
        reference(step.found or {}, annotations={MOVING: name})
        for step, name in noted
        if name and step.moving_to != name
    ]
    if patches:
        cluster.patch(patches)


def released(
    cluster: Cluster, steps: Sequence[Step], owner: str
) -> tuple[list[Step], dict[tuple[str, str], ClusterObject]]:
    """The steps of pushed Secrets whose move to the operator never ended, and the ExternalSecrets that are left."""
    begun = [step for step in steps if step.entry and not step.is_operated and step.moving_to]
    places = [(step.namespace, step.moving_to or "") for step in begun]
    found = cluster.get_many(EXTERNAL_SECRET, places) if places else []
    left: dict[tuple[str, str], ClusterObject] = {
        (step.namespace, step.name): one
        for step, one in zip(begun, found)
        if one is not None and is_of(owner, one) and target_of(one) == step.name
    }
    return begun, left


def forget(cluster: Cluster, steps: Sequence[Step]) -> list[str]:
    """Take the note of a move off; what the cluster refused."""
    answers = cluster.patch([reference(step.found or {}, annotations={MOVING: None}) for step in steps])
    return [one.words for one in answers if isinstance(one, Refusal) and one.status != 404]


def leaving_steps(steps: Sequence[Step], ready: Collection[Entry]) -> list[Step]:
    """The Secrets that the operator delivers from now on, for these entries."""
    done = {(entry.namespace, entry.name) for entry in ready}
    return [step for step in steps if step.action == LET_GO and (step.namespace, step.name) in done]


def refused_moves(
    cluster: Cluster, steps: Sequence[Step], external: Mapping[tuple[str, str], ClusterObject]
) -> dict[str, str]:
    """Why the cluster would not let Secrets be taken over from the operator."""
    patches = cluster.patch(_without_owner(steps), dry_run=True)
    refused = {step.where: one.words for step, one in zip(steps, patches) if isinstance(one, Refusal)}
    writers = _writers(steps, external)
    deletions = cluster.delete(list(map(reference, writers.values())), dry_run=True)
    refused.update({place: one.words for place, one in zip(writers, deletions) if isinstance(one, Refusal)})
    return refused


@dataclass
class Taken:
    """Secrets that were the operator's.

    :arg secrets: what is there now, None: nothing; ``leases`` those of the operator's that are known, by Secret.
    :arg problems: why others stay the operator's; ``removed`` are the ExternalSecrets that went.
    """

    secrets: dict[str, ClusterObject | None] = field(default_factory=dict)
    leases: dict[str, Lease | None] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)
    removed: list[ClusterObject] = field(default_factory=list)


def adopt(
    cluster: Cluster,
    steps: Sequence[Step],
    external: Mapping[tuple[str, str], ClusterObject],
    timeout: float,
    minted: Ledger,
    outcome: Outcome,
) -> Taken:
    """Make Secrets of the operator the role's own.

    An owned Secret would go with its ExternalSecret: the cluster collects it, and with the deletion policy Delete the
    operator itself removes it.
    """
    ends = _freed(cluster, steps)
    # With the deletion policy Delete the operator may remove the Secret, though not its lease, meanwhile.
    seen = {place: end for place, end in ends.items() if isinstance(end, Mapping)}
    freed = [step for step in steps if not isinstance(ends[step.where], str)]
    writers = _writers(freed, external)
    removal = remove(cluster, list(writers.values()), timeout, minted)
    outcome.removes(removal.going)
    # The operator may have claimed it again before it heard of the removal, with a new lease.
    ends.update(_freed(cluster, [step for step in freed if step.where in writers]))
    problems = {place: removal.problems.get(identity_of(one)) for place, one in writers.items()}
    ends.update({place: words for place, words in problems.items() if words})
    taken = Taken(removed=removal.going)
    taken.problems = {place: end for place, end in ends.items() if isinstance(end, str)}
    taken.secrets = {place: end for place, end in ends.items() if not isinstance(end, str)}
    held = {
        place: secret or seen[place]
        for place, secret in taken.secrets.items()
        if place in writers and (secret or place in seen)
    }
    generators = shared_generators(cluster, list(writers.values()))
    taken.leases = {
        place: lease_in(writers[place], one, kind_of(writers[place], generators)) for place, one in held.items()
    }
    return taken


def writers_of(steps: Sequence[Step], external: Mapping[tuple[str, str], ClusterObject]) -> list[ClusterObject]:
    """The ExternalSecrets of the steps."""
    return list(_writers(steps, external).values())


def _freed(cluster: Cluster, steps: Sequence[Step]) -> dict[str, ClusterObject | str | None]:
    answers = cluster.patch(_without_owner(steps))
    return {
        step.where: one if not isinstance(one, Refusal) else None if one.status == 404 else one.words
        for step, one in zip(steps, answers)
    }


def _without_owner(steps: Sequence[Step]) -> list[dict[str, Any]]:
    return [reference(step.found or {}, ownerReferences=None) for step in steps]


def _writers(steps: Sequence[Step], external: Mapping[tuple[str, str], ClusterObject]) -> dict[str, ClusterObject]:
    own = {step.where: external.get((step.namespace, step.name)) for step in steps}
    return {place: one for place, one in own.items() if one is not None}
