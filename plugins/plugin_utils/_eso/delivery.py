# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""External Secrets Operator's part in a task: the door of this room, and all of it that a delivery imports.

It is loaded only where an entry, or a Secret that an entry is pushed into, is the operator's.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...module_utils._api.errors import WorkloadCredentialsError
from ...module_utils._change import assumed
from ...module_utils._kube.errors import ForbiddenError
from .._cluster.entries import Entry
from .._cluster.job import Job
from .._cluster.outcome import Outcome
from .._cluster.pushed_secrets import shown
from .._cluster.removal import Identity, Turned, identity_of, remove_unused
from .._cluster.secrets import ClusterObject, by_target, everybodys_external_secrets, is_of
from .._cluster.sources import SourceInfo
from .._cluster.steps import Step
from .._leases.ledger import Ledger
from .apply import DesiredObjects, Rollout, blocked_writes, desired_objects, read_existing, unnamed
from .handover import (
    Adopted,
    Writers,
    adopt,
    forget_moves,
    note_moves,
    obstacles,
    refused_moves,
    release_moved,
    steps_let_go,
    unfinished_moves,
    writers_of,
)
from .leases import OrphanedLeases, Renewal, cost_line, fate_of, renew, renewals, restore_once, stop_refused
from .manifests import templates
from .objects import OperatorObject, advice
from .render import render, write_files
from .secret_data import unfit
from .service import check_service, service_for
from .status import Status
from .verify import verify

__all__ = ["OperatorDelivery", "OperatorPlan", "plan_operator", "render", "service_for", "templates", "verify"]

_NOT_SERVED = (
    "This cluster does not serve ExternalSecret: install External Secrets Operator 2.9 or newer with its CRDs, or use "
    "the delivery push."
)


@dataclass(frozen=True)
class OperatorPlan:
    """What the operator is to get, and what the plan has read for it.

    :arg steps: those of all Secrets; ``secrets`` the metadata of existing ones, by namespace and name.
    :arg sources: what the sources of the entries say.
    :arg writers: the owner's ExternalSecrets as they are, by namespace and name of their Secrets.
    """

    steps: Sequence[Step]
    secrets: Mapping[tuple[str, str], ClusterObject]
    sources: SourceInfo
    writers: Writers
    desired: DesiredObjects

    @property
    def identities(self) -> set[Identity]:
        """All objects that the operator is to have."""
        return {manifest.identity for manifest in self.desired.manifests}

    @property
    def namespaces(self) -> set[str]:
        """The namespaces of these objects."""
        return {manifest.namespace for manifest in self.desired.manifests if manifest.namespace}

    def warnings(self, job: Job) -> list[str]:
        """Return what is seldom meant, and in check mode what a real run would fail for.

        :raises StateError: what the operator is to work with is missing, or does not work.
        """
        if not job.operated:
            return []
        missing = check_service(job, self.desired)
        return [*advice(job.operated, self.sources.dynamic), *map(assumed, missing)]


def plan_operator(
    job: Job,
    steps: Sequence[Step],
    secrets: Mapping[tuple[str, str], ClusterObject],
    sources: SourceInfo,
    problems: list[str],
) -> OperatorPlan | None:
    """Return what the operator is to get; None: a source is not known, or the operator would fail.

    :arg problems: gets a sentence for each reason not to begin.
    :raises ForbiddenError: the identity may not see a kind of which it is to make objects.
    """
    external, sees_all = _external_secrets(job, steps, problems)
    own = [found for found in external if is_of(job.owner, found)]
    writers = by_target(own)
    problems += [*obstacles(steps, job.operated, writers), *unfit(job, sources)]
    if sources.problems:
        return None
    existing = read_existing(job, external, sees_all=sees_all)
    try:
        desired = desired_objects(job, sources, [] if job.prune else unnamed(job, own), existing)
    except ForbiddenError:
        raise
    except WorkloadCredentialsError as error:
        problems.append(str(error))
        return None
    return OperatorPlan(steps, secrets, sources, writers, desired)


def _external_secrets(job: Job, steps: Sequence[Step], problems: list[str]) -> tuple[Sequence[ClusterObject], bool]:
    """Return everybody's ExternalSecrets, as far as they are needed, and whether these are all of the cluster."""
    if not (job.operated or any(step.is_operated for step in steps)):
        return (), True
    external, sees_all = everybodys_external_secrets(job.cluster(), {entry.namespace for entry in job.entries})
    if external is None:
        problems.append(_NOT_SERVED)
    return external or (), sees_all


class OperatorDelivery:
    """One delivery by the operator, and the moves of Secrets to it and from it."""

    def __init__(self, job: Job, plan: OperatorPlan, outcome: Outcome, minted: Ledger) -> None:
        self._job = job
        self._plan = plan
        self._outcome = outcome
        self._minted = minted
        self._rollout = Rollout(job.cluster(), plan.desired.manifests, plan.desired.existing)
        self._orphans: OrphanedLeases | None = None
        # ExternalSecrets that gave up their Secrets, and those that now refer to other generators or stores.
        self._removed: list[ClusterObject] = []
        self._turned = Turned()
        self._renewals = self._planned_renewals()

    def _planned_renewals(self) -> Sequence[Renewal]:
        coded = self._rollout.with_new_codes()
        candidates = {**self._rollout.idle(self._plan.secrets), **coded}
        generators = self._plan.desired.existing.readers
        return renewals(self._job, candidates, coded, self._plan.secrets, generators, self._outcome)

    @property
    def lines(self) -> list[str]:
        """The plan for a person."""
        return [*self._rollout.lines, *(renewal.line for renewal in self._renewals), *cost_line(self._renewals)]

    @property
    def namespaces(self) -> set[str]:
        """The namespaces in which the operator is about to generate or to read."""
        pending = self._rollout.pending(self._plan.secrets)
        renewed = {renewal.entry.namespace for renewal in self._renewals}
        return {external_secret.namespace or "" for external_secret in pending} | renewed

    def write_files(self) -> None:
        """Write the manifests as files too."""
        write_files(self._job, self._plan.desired, self._outcome)

    def apply(self, absent: Collection[str], unmade: Collection[str]) -> None:
        """Apply the operator's objects, and make the operator renew what is dead or should be renewed.

        :arg absent: namespaces that do not exist yet, and in check mode will not; ``unmade`` could not be created.
        """
        job = self._job
        self._renewals = [renewal for renewal in self._renewals if renewal.entry.namespace not in unmade]
        pending = self._pending({*absent, *unmade})
        blocked = blocked_writes(job.cluster(), pending, job.operated, self._plan.sources, self._plan.secrets)
        self._stop_failing(blocked)
        if not job.check_mode:
            self._prepare_minting([wanted for wanted in pending if wanted.identity not in blocked])
        self._rollout.apply(self._outcome, check_mode=job.check_mode, absent=absent, unmade=unmade, blocked=blocked)
        self._renew()
        self._outcome.report.extend(self._rollout.report())

    def _pending(self, unusable: Collection[str]) -> list[OperatorObject]:
        """Return the ExternalSecrets on which the operator will act, without those in unusable namespaces."""
        return [wanted for wanted in self._rollout.pending(self._plan.secrets) if wanted.namespace not in unusable]

    def _renew(self) -> None:
        """Make the operator renew what is due and was applied."""
        applied = self._rollout.applied([renewal.entry for renewal in self._renewals])
        due = [renewal for renewal in self._renewals if renewal.entry in applied]
        self._renewals = renew(self._job, due, self._outcome)
        self._rollout.expect_renewal([renewal.identity for renewal in self._renewals])

    def _stop_failing(self, blocked: dict[Identity, str]) -> None:
        """Remove blocked ExternalSecrets that fail already, where that does no harm; complete the sentences."""
        failing = self._rollout.failing(blocked)
        gone = stop_refused(self._job, failing, self._plan.secrets, self._outcome, self._minted)
        for external_secret in failing:
            place = identity_of(external_secret)
            blocked[place] = f"{blocked[place]} {fate_of(external_secret, gone)}"

    def _prepare_minting(self, generating: Sequence[OperatorObject]) -> None:
        """Note on Secrets where they move to, and which leases there are before the operator mints."""
        job = self._job
        places = {(wanted.namespace, wanted.name) for wanted in generating}
        places |= {renewal.identity[1:] for renewal in self._renewals}
        minting = [entry for entry in job.operated if (entry.namespace, entry.external_secret) in places]
        note_moves(job.cluster(), self._plan.steps, job.operated)
        self._orphans = OrphanedLeases(job, minting, self._outcome, self._minted)

    def settle(self) -> None:
        """Wait for the operator, and give up the pushed Secrets that it has taken over."""
        job = self._job
        entries = self._rollout.applied(job.operated)
        if not entries:
            return
        ready = self._ready(entries)
        unsure = [entry for entry in entries if entry not in ready]
        self._turned = Turned(self._rollout.turned(ready), self._rollout.turned(unsure))
        let_go = steps_let_go(self._plan.steps, ready)
        released, problems = release_moved(job.cluster(), let_go, self._minted, check_mode=job.check_mode)
        self._outcome.problems.extend(problems)
        for step in released:
            self._outcome.differs(step.where, shown(step.found or {}, "as it was"), None)

    def _ready(self, entries: Sequence[Entry]) -> Sequence[Entry]:
        """Wait for the entries, and return those that the operator has delivered; check mode assumes that it will."""
        job, rollout = self._job, self._rollout
        if job.check_mode:
            return entries if job.wait else []
        # Without waiting, too, the operator is made to try again what had failed.
        states = rollout.wait(entries, job.wait_timeout if job.wait else 0, self._outcome)
        if job.wait:
            self._outcome.problems += restore_once(job.cluster(), self._renewals)
        _report_leases(self._outcome.report, states)
        self._supersede(states)
        if job.wait:
            self._report_unready(entries, states)
        return [status.entry for status in states if status.is_ready]

    def _report_unready(self, entries: Sequence[Entry], states: Sequence[Status]) -> None:
        if self._orphans is not None:
            self._orphans.resolve(states, self._rollout.created(entries))
        unready = [status.line for status in states if not status.is_ready]
        if unready:
            self._outcome.problems += [*unready, *sorted(self._rollout.watch.unread)]

    def _supersede(self, states: Sequence[Status]) -> None:
        """End the leases that the operator has replaced by new ones."""
        current = {status.entry.where: status.lease_id for status in states if status.is_ready}
        for renewal in self._renewals:
            if renewal.lease and current.get(renewal.entry.where) not in (None, renewal.lease.id):
                self._minted.supersede(renewal.lease)

    def refused_moves(self, steps: Sequence[Step]) -> dict[str, str]:
        """Return why the cluster would not let Secrets move from the operator to push, by Secret."""
        if not steps:
            return {}
        writers = self._plan.writers
        if self._job.check_mode:
            self._removed = writers_of(steps, writers)
            self._outcome.removes(self._removed)
        return refused_moves(self._job.cluster(), steps, writers)

    def adopt(self, steps: Sequence[Step], writers: Writers | None = None) -> Adopted:
        """Make Secrets of the operator pushed ones.

        :arg writers: their ExternalSecrets; None: those that the plan has read.
        """
        job, known = self._job, self._plan.writers if writers is None else writers
        adopted = adopt(job.cluster(), steps, known, job.wait_timeout, self._minted, self._outcome)
        self._removed += adopted.removed
        return adopted

    def give_up_moves(self) -> None:
        """Remove what unfinished moves to the operator have left, or it would take the pushed Secrets later."""
        job, outcome = self._job, self._outcome
        begun, left = unfinished_moves(job.cluster(), self._plan.steps, job.owner)
        if job.check_mode:
            self._removed += left.values()
            outcome.removes(left.values())
        elif begun:
            adopted = self.adopt([step for step in begun if (step.namespace, step.name) in left], left)
            outcome.problems.extend(adopted.problems.values())
            ended = [step for step in begun if step.where not in adopted.problems]
            outcome.problems.extend(forget_moves(job.cluster(), ended))

    def tidy(self) -> None:
        """Remove what only ExternalSecrets needed that are gone or refer to something else, the token first."""
        if self._removed or self._turned:
            applied = self._rollout.applied_objects()
            remove_unused(self._job, self._removed, self._turned, applied, self._outcome, self._minted)


def _report_leases(report: Sequence[dict[str, Any]], states: Sequence[Status]) -> None:
    """Add the leases that the operator has minted to the report."""
    delivered = {}
    for status in states:
        if status.is_ready and not status.entry.is_pushed:
            delivered[status.entry.namespace, status.entry.name] = status
    for item in report:
        known = delivered.get((item["namespace"], item["name"]))
        if known is not None:
            item.update(lease_id=known.lease_id, expiration=known.expiration)
