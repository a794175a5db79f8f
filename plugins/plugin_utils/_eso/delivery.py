# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The operator's part of a delivery: what it is given, made to do again, and waited for.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .._cluster.entries import Entry
from .._cluster.job import Job
from .._cluster.outcome import Outcome
from .._cluster.pushed_secrets import shown
from .._cluster.removal import Turned, identity_of
from .._cluster.secrets import ClusterObject
from .._cluster.sources import SourceInfo
from .._cluster.steps import Step
from .._leases.ledger import Ledger
from .apply import Operating, Operation, barred
from .handover import begin, leaving_steps, release_moved
from .leases import Renewal, Strays, carry_out, count_line, once_again, renewals, stop_refused, told
from .status import Status


@dataclass(frozen=True)
class Known:
    """What the plan of a delivery has read: the steps of its Secrets, what sources say, and the Secrets there are."""

    steps: Sequence[Step]
    asked: SourceInfo
    secrets: Mapping[tuple[str, str], ClusterObject]


class ByOperator:
    """One delivery by it.

    :arg operation: what it is to get.
    """

    def __init__(self, job: Job, known: Known, operation: Operation, outcome: Outcome, minted: Ledger) -> None:
        self._job = job
        self._known = known
        self._outcome = outcome
        self._minted = minted
        self._operating = Operating(job.cluster(), operation.manifests, operation.standing)
        self._strays: Strays | None = None
        self.turned = Turned()
        coded, readers = self._operating.coded(), operation.standing.readers
        looked_at = {**self._operating.idle(known.secrets), **coded}
        self._renewals: Sequence[Renewal] = renewals(job, looked_at, coded, known.secrets, readers, outcome)

    @property
    def lines(self) -> list[str]:
        """The plan for a person."""
        return [*self._operating.lines, *(one.line for one in self._renewals), *count_line(self._renewals)]

    @property
    def manifests(self) -> Sequence[ClusterObject]:
        """What it has got."""
        return self._operating.standing()

    @property
    def namespaces(self) -> set[str]:
        """Those in which the operator is about to generate or to read."""
        pending = self._operating.pending(self._known.secrets)
        return {one.namespace or "" for one in pending} | {one.entry.namespace for one in self._renewals}

    def apply(self, absent: Collection[str], unmade: Collection[str]) -> None:
        """Give it what it needs, and make it do again what is dead or is to be renewed.

        :arg absent: namespaces that are not there yet, and in check mode will not be; ``unmade`` are refused.
        """
        job, known = self._job, self._known
        self._renewals = [one for one in self._renewals if one.entry.namespace not in unmade]
        there = [one for one in self._operating.pending(known.secrets) if one.namespace not in {*absent, *unmade}]
        refused = barred(job.cluster(), there, job.operated, known.asked, known.secrets)
        failing = self._operating.failing(refused)
        gone = stop_refused(job, failing, known.secrets, self._outcome, self._minted)
        refused.update({identity_of(one): f"{refused[identity_of(one)]} {told(one, gone)}" for one in failing})
        if not job.check_mode:
            names = {(one.namespace, one.name) for one in there if one.identity not in refused}
            names |= {one.identity[1:] for one in self._renewals}
            minting = [entry for entry in job.operated if (entry.namespace, entry.external_secret) in names]
            begin(job.cluster(), known.steps, job.operated)
            self._strays = Strays(job, minting, self._outcome, self._minted)
        self._operating.apply(self._outcome, check_mode=job.check_mode, absent=absent, unmade=unmade, barred=refused)
        applied = self._operating.applied([one.entry for one in self._renewals])
        due = [one for one in self._renewals if one.entry in applied]
        self._renewals = carry_out(job, due, self._outcome)
        self._operating.renewed([one.identity for one in self._renewals])
        self._outcome.report.extend(self._operating.report())

    def settle(self) -> None:
        """Wait for the operator, and give up the Secrets that it has taken over."""
        job = self._job
        entries = self._operating.applied(job.operated)
        if not entries:
            return
        # Check mode takes it that the operator will be ready in time.
        ready = (entries if job.wait else []) if job.check_mode else self._ready(entries)
        done = [entry for entry in entries if entry in ready]
        unsure = [entry for entry in entries if entry not in ready]
        self.turned = Turned(self._operating.turned(done), self._operating.turned(unsure))
        leaving = leaving_steps(self._known.steps, ready)
        steps, problems = release_moved(job.cluster(), leaving, self._minted, check_mode=job.check_mode)
        self._outcome.problems.extend(problems)
        for step in steps:
            self._outcome.differs(step.where, shown(step.found or {}, "as it was"), None)

    def _ready(self, entries: Sequence[Entry]) -> list[Entry]:
        """Those of the entries that the operator has delivered."""
        job, operating = self._job, self._operating
        # Also where nobody waits, what had failed is made to try again.
        found = operating.wait(entries, job.wait_timeout if job.wait else 0, self._outcome)
        if job.wait:
            self._outcome.problems += once_again(job.cluster(), self._renewals)
        _tell_leases(self._outcome.report, found)
        self._supersede(found)
        if self._strays is not None and job.wait:
            self._strays.settle(found, operating.made(entries))
        unready = [one.line for one in found if one.problem]
        if job.wait and unready:
            self._outcome.problems += [*unready, *sorted(operating.watch.unread)]
        return [one.entry for one in found if one.problem is None]

    def _supersede(self, states: Sequence[Status]) -> None:
        """End the leases in whose place the operator has minted others."""
        now = {one.entry.where: one.lease_id for one in states if one.problem is None}
        for one in self._renewals:
            if one.lease and now.get(one.entry.where) not in (None, one.lease.id):
                self._minted.supersede(one.lease)


def _tell_leases(report: Sequence[dict[str, Any]], states: Sequence[Status]) -> None:
    """Complete the report by the leases that the operator has minted."""
    known = {(one.entry.namespace, one.entry.name): one for one in states if not one.problem}
    for item in report:
        one = known.get((item["namespace"], item["name"]))
        if one is not None and not one.entry.is_pushed:
            item.update(lease_id=one.lease_id, expiration=one.expiration)
