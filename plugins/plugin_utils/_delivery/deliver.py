# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A delivery: from entries to Secrets in a cluster, by one plan."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ...module_utils._api.errors import StateError
from ...module_utils._change import assumed
from ...module_utils._kube.errors import ForbiddenError
from ...module_utils._kube.objects import Refusal
from .._cluster.job import Job
from .._cluster.outcome import Outcome
from .._cluster.pushed_secrets import leftovers, without_leftovers
from .._cluster.secrets import ClusterObject, missing_namespaces
from .._cluster.steps import MINT, Step, foreign_words
from .._leases.ledger import Ledger
from .plan import Plan, plan_of
from .push import Write, applied, carried_out, filled, foreseen_report, reported, writes_of

if TYPE_CHECKING:
    from .._cluster.entries import Entry
    from .._eso.delivery import OperatorDelivery


class Delivery:
    """One run of it: ``outcome`` and ``minted`` hold at any time what has been done so far."""

    def __init__(self, job: Job, outcome: Outcome, minted: Ledger) -> None:
        self._job = job
        self._outcome = outcome
        self._minted = minted
        self._cluster = job.cluster()
        self._operator: OperatorDelivery | None = None
        # Namespaces that check mode does not create, and those that could not be created or are being deleted.
        self._absent: set[str] = set()
        self._unmade: set[str] = set()
        self._failed: set[str] = set()
        # Entries that are pushed and had no Secret.
        self.missing: list[Entry] = []

    def run(self) -> None:
        """Bring the cluster to what the entries say.

        :raises WorkloadCredentialsError: nothing was changed, or the rest cannot be done.
        """
        plan = plan_of(self._job)
        self._outcome.warnings.extend(plan.warnings)
        self._operator = self._operator_delivery(plan)
        self._announce(plan)
        self._minted.owners(plan.leases)
        self.missing = [step.entry for step in plan.steps if step.entry and step.found is None]
        self._make_namespaces(plan)
        existing = [step for step in self._known(plan) if step.namespace not in self._unmade]
        writes = self._accepted(writes_of(existing, plan.sources.sources, self._cluster))
        if self._operator is not None:
            self._operator.apply(self._absent, self._unmade)
            self._operator.give_up_moves()
        self._outcome.report.extend(self._push(plan, writes))
        self._foresee(plan)
        if self._operator is not None:
            self._operator.settle()
        if self._job.prune:
            self._prune(plan)
        elif self._operator is not None:
            self._operator.tidy()

    def _operator_delivery(self, plan: Plan) -> OperatorDelivery | None:
        """Return the operator's part; None: it has none."""
        if plan.operator is None:
            return None
        from .._eso.delivery import OperatorDelivery

        return OperatorDelivery(self._job, plan.operator, self._outcome, self._minted)

    def _announce(self, plan: Plan) -> None:
        """Show the plan, and write the operator's files."""
        lines = [step.line for step in plan.steps]
        if self._operator is not None:
            lines += self._operator.lines
        self._job.tell(lines)
        if self._operator is not None and self._job.render_dir:
            self._operator.write_files()

    @staticmethod
    def _known(plan: Plan) -> list[Step]:
        """Return the steps whose sources exist."""
        return [step for step in plan.steps if not (step.entry and plan.sources.is_missing(step.entry))]

    def _foresee(self, plan: Plan) -> None:
        """Report the entries whose sources are missing: check mode assumes that an earlier task makes those."""
        self._outcome.warnings.extend(map(assumed, plan.sources.missing.values()))
        for entry in self._job.entries:
            if plan.sources.is_missing(entry):
                self._outcome.report.append(foreseen_report(entry))
                self._outcome.differs(entry.where, None, {"delivery": entry.delivery, "data": "new values"})

    def _make_namespaces(self, plan: Plan) -> None:
        """Create the namespaces that are missing, where the user wants that; entries of the others fail."""
        missing, leaving = self._missing_namespaces(plan)
        for name in leaving:
            self._fail_namespace(name)
        if not (self._job.create_namespaces and missing):
            return
        if self._job.check_mode:
            self._absent = set(missing)
        else:
            self._create_namespaces(plan, missing)
        for name in missing:
            if name not in self._unmade:
                self._outcome.differs(f"Namespace/{name}", None, _namespace(name))

    def _missing_namespaces(self, plan: Plan) -> tuple[Sequence[str], Sequence[str]]:
        """Return the namespaces that do not exist, and those that are being deleted."""
        minting = {step.namespace for step in plan.steps if step.action == MINT}
        acting = self._operator.namespaces if self._operator is not None else set()
        try:
            return missing_namespaces(self._cluster, {*plan.namespaces, *minting, *acting})
        except ForbiddenError:
            if self._job.create_namespaces and plan.namespaces:
                raise
            # The dry run reports a missing one too, where something is to be created in it.
            return [], []

    def _fail_namespace(self, name: str) -> None:
        """Let the entries of a namespace fail that is being deleted."""
        places = [entry.where for entry in self._job.entries if entry.namespace == name]
        self._outcome.problems.append(
            f"The namespace {name} is being deleted, so nothing is minted for it: wait until it is gone, and run "
            f"again ({', '.join(places)})."
        )
        self._unmade.add(name)
        self._failed.update(places)

    def _create_namespaces(self, plan: Plan, names: Sequence[str]) -> None:
        answers = self._cluster.create([_namespace(name) for name in names])
        for name, answer in zip(names, answers):
            if isinstance(answer, Refusal) and not answer.exists:
                self._outcome.problems.append(answer.words)
                self._unmade.add(name)
        self._failed |= {step.where for step in plan.steps if step.namespace in self._unmade}

    def _accepted(self, writes: Sequence[Write]) -> list[tuple[Write, Any]]:
        """Return the writes that the cluster accepts in a dry run with placeholders, with its answers; the rest fails.

        :raises StateError: a Secret belongs to somebody else, or a namespace does not exist.
        """
        tried = [write for write in writes if write.step.namespace not in self._absent]
        answers = applied(self._cluster, tried, dry_run=True)
        problems = self._refused(tried, answers)
        self._fail(problems)
        predicted = {write.step.where: answer for write, answer in zip(tried, answers)}
        accepted = []
        for write in writes:
            if write.step.where not in problems:
                answer = predicted.get(write.step.where, write.secret)
                accepted.append((write, write.secret if isinstance(answer, Refusal) else answer))
        return accepted

    def _refused(self, writes: Sequence[Write], answers: Sequence[Any]) -> dict[str, str]:
        """Return why the cluster would refuse writes, by Secret.

        :raises StateError: a Secret belongs to somebody else, or a namespace does not exist.
        """
        refused = [(write, answer) for write, answer in zip(writes, answers) if isinstance(answer, Refusal)]
        _check_refusals(refused)
        # A conflict means that the Secret has changed since it was read: the real write resolves it.
        problems = {write.step.where: refusal.words for write, refusal in refused if refusal.status != 409}
        if self._operator is not None:
            moving = [write.step for write in writes if write.step.is_operated]
            problems.update(self._operator.refused_moves(moving))
        return problems

    def _push(self, plan: Plan, accepted: Sequence[tuple[Write, Any]]) -> list[dict[str, Any]]:
        """Push, and return the report of it."""
        if self._job.check_mode:
            done = {write.step.where: (write, without_leftovers(write.secret, answer)) for write, answer in accepted}
        else:
            done = self._mint_and_apply(plan, [write for write, _answer in accepted])
        return [self._reported(step, *done.get(step.where, (None, None))) for step in self._known(plan) if step.entry]

    def _reported(self, step: Step, write: Write | None, secret: ClusterObject | None) -> dict[str, Any]:
        is_failed, check_mode = step.where in self._failed, self._job.check_mode
        return reported(step, write, secret, self._outcome, is_failed=is_failed, check_mode=check_mode)

    def _mint_and_apply(self, plan: Plan, writes: Sequence[Write]) -> dict[str, tuple[Write, Any]]:
        """Return each write that succeeded, with the server's object."""
        filling = filled(writes, plan.sources.sources, self._minted, self._job.concurrency)
        failed = [(write, answer) for write, answer in zip(writes, filling) if not isinstance(answer, Write)]
        self._fail({write.step.where: str(error) for write, error in failed})
        ready = self._taken_over([write for write in filling if isinstance(write, Write)])
        results = list(zip(ready, carried_out(self._cluster, ready, self._minted)))
        self._fail({write.step.where: result for write, result in results if isinstance(result, str)})
        done = {write.step.where: (write, result) for write, result in results if not isinstance(result, str)}
        return self._cleaned(done)

    def _taken_over(self, writes: Sequence[Write]) -> list[Write]:
        """Make Secrets of the operator the role's own, and return the writes of those where that succeeded."""
        operated = [write.step for write in writes if write.step.is_operated]
        if not operated or self._operator is None:
            return list(writes)
        adopted = self._operator.adopt(operated)
        self._fail(adopted.problems)
        ready = []
        for write in writes:
            where = write.step.where
            if where not in self._failed:
                before = adopted.secrets.get(where, write.before)
                ready.append(replace(write, before=before, taken=adopted.leases.get(where)))
        return ready

    def _fail(self, problems: Mapping[str, str]) -> None:
        """Let these entries fail; several with the same problem get one sentence."""
        self._failed |= set(problems)
        places_of: dict[str, list[str]] = {}
        for where, problem in problems.items():
            places_of.setdefault(problem, []).append(where)
        for problem, places in places_of.items():
            is_named = len(places) == 1 and places[0] in problem
            self._outcome.problems.append(problem if is_named else f"{', '.join(places)}: {problem}")

    def _cleaned(self, done: Mapping[str, tuple[Write, ClusterObject]]) -> dict[str, tuple[Write, ClusterObject]]:
        """Remove what others have added to Secrets of the role, and return the writes with the Secrets as they are."""
        patches = {where: leftovers(write.secret, write.before) for where, (write, _secret) in done.items()}
        wanted = {where: patch for where, patch in patches.items() if patch}
        cleaned = dict(done)
        for where, answer in zip(wanted, self._cluster.patch(list(wanted.values()))):
            if isinstance(answer, Refusal):
                self._outcome.problems.append(answer.words)
            else:
                cleaned[where] = (done[where][0], answer)
        return cleaned

    def _prune(self, plan: Plan) -> None:
        from .._cluster.removal import remove_unwanted

        wanted = {("Secret", entry.namespace, entry.name) for entry in self._job.entries}
        if plan.operator is not None:
            wanted |= plan.operator.identities
        remove_unwanted(self._job, wanted, None, self._outcome, self._minted)


def _namespace(name: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


def _check_refusals(refused: Collection[tuple[Write, Refusal]]) -> None:
    """Raise StateError if a Secret belongs to somebody else, or a namespace does not exist."""
    problems = [foreign_words(write.step.where) for write, refusal in refused if refusal.exists]
    missing = sorted({write.step.namespace for write, refusal in refused if refusal.status == 404})
    if missing:
        problems.append(
            f"entries: there is no namespace {', '.join(missing)} in this cluster. Create it first, or set "
            "create_namespaces."
        )
    if problems:
        raise StateError(" ".join(problems))
