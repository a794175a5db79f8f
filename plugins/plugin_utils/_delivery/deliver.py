# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Delivering: from entries to Secrets in a cluster, as one plan.

Private to this collection: it may change at any time.
"""

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
from .._leases.ledger import Minted
from .plan import Plan, plan_of
from .push import Write, applied, carried_out, filled, foreseen_report, reported, writes_of

if TYPE_CHECKING:
    from .._cluster.entries import Entry
    from .._eso.delivery import ByOperator


class Delivery:
    """One run of it: ``outcome`` and ``minted`` tell at any time what has been done so far."""

    def __init__(self, job: Job, outcome: Outcome, minted: Minted) -> None:
        self._job = job
        self._outcome = outcome
        self._minted = minted
        self._cluster = job.cluster()
        self._absent: set[str] = set()
        self._unmade: set[str] = set()
        self._failed: set[str] = set()
        self._moved: list[ClusterObject] = []
        # Entries that are pushed and had no Secret.
        self.missing: list[Entry] = []

    def run(self) -> None:
        """Bring the cluster to what the entries say.

        :raises WorkloadCredentialsError: nothing was changed, or the rest cannot be done.
        """
        job, outcome = self._job, self._outcome
        plan = plan_of(job)
        outcome.warnings.extend(plan.warnings)
        operator = self._by_operator(plan)
        job.tell([*(step.line for step in plan.steps), *(operator.lines if operator else ())])
        if job.render_dir and plan.operation:
            from .._eso.render import write_files

            write_files(job, plan.operation, outcome)
        self._minted.known(plan.leases)
        self.missing = [step.entry for step in plan.steps if step.entry and step.found is None]
        missing = self._missing_namespaces(plan, operator.namespaces if operator else set())
        self._make_namespaces(plan, missing)
        there = [step for step in self._known(plan) if step.namespace not in self._unmade]
        writes = self._possible(plan, writes_of(there, plan.asked.sources, self._cluster))
        if operator is not None:
            operator.apply(self._absent, self._unmade)
        self._give_up_moves(plan)
        outcome.report.extend(self._push(plan, writes))
        self._foresee(plan)
        if operator is not None:
            operator.settle()
        if job.prune:
            self._prune(plan)
        elif self._moved or (operator and operator.turned):
            self._tidy(operator)

    def _by_operator(self, plan: Plan) -> ByOperator | None:
        """The operator's part; None: it has none."""
        if plan.operation is None or not self._job.operated:
            return None
        from .._eso.delivery import ByOperator, Known

        known = Known(plan.steps, plan.asked, plan.secrets)
        return ByOperator(self._job, known, plan.operation, self._outcome, self._minted)

    @staticmethod
    def _known(plan: Plan) -> list[Step]:
        """The steps whose sources are there."""
        return [step for step in plan.steps if not (step.entry and plan.asked.is_missing(step.entry))]

    def _foresee(self, plan: Plan) -> None:
        """In check mode: the entries whose sources an earlier task is taken to have made."""
        self._outcome.warnings.extend(map(assumed, plan.asked.missing.values()))
        for entry in self._job.entries:
            if plan.asked.is_missing(entry):
                self._outcome.report.append(foreseen_report(entry))
                self._outcome.differs(entry.where, None, {"delivery": entry.delivery, "data": "new values"})

    def _missing_namespaces(self, plan: Plan, acting: Collection[str]) -> list[str]:
        """Those that are not there; what is to go into one that is being deleted fails.

        :arg acting: the namespaces in which the operator will act.
        """
        minting = {step.namespace for step in plan.steps if step.action == MINT}
        try:
            missing, leaving = missing_namespaces(self._cluster, {*plan.namespaces, *minting, *acting})
        except ForbiddenError:
            if self._job.create_namespaces and plan.namespaces:
                raise
            # The dry run says it too, where something is to be made.
            return []
        for name in leaving:
            places = [entry.where for entry in self._job.entries if entry.namespace == name]
            self._outcome.problems.append(
                f"The namespace {name} is being deleted, so nothing is minted for it: wait until it is gone, and run "
                f"again ({', '.join(places)})."
            )
            self._unmade.add(name)
        self._failed |= {entry.where for entry in self._job.entries if entry.namespace in leaving}
        return missing

    def _make_namespaces(self, plan: Plan, missing: Sequence[str]) -> None:
        if not self._job.create_namespaces or not missing:
            return
        objects: list[dict[str, Any]] = [
            {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}} for name in missing
        ]
        if self._job.check_mode:
            self._absent = set(missing)
        else:
            answers = self._cluster.create(objects)
            refused = [one.words for one in answers if isinstance(one, Refusal) and not one.exists]
            self._unmade |= {name for name, one in zip(missing, answers) if isinstance(one, Refusal) and not one.exists}
            self._outcome.problems.extend(refused)
            self._failed |= {step.where for step in plan.steps if step.namespace in self._unmade}
        for one in objects:
            if one["metadata"]["name"] not in self._unmade:
                self._outcome.differs(f"Namespace/{one['metadata']['name']}", None, one)

    def _possible(self, plan: Plan, writes: Sequence[Write]) -> list[tuple[Write, Any]]:
        """The writes that the cluster would take, with its answer to a trial with placeholders; the rest is refused.

        :raises StateError: a Secret is somebody else's, or there is no such namespace.
        """
        there = [one for one in writes if one.step.namespace not in self._absent]
        answers = dict(zip((one.step.where for one in there), applied(self._cluster, there, dry_run=True)))
        refused = {where: one for where, one in answers.items() if isinstance(one, Refusal)}
        foreign = [foreign_words(where) for where, one in refused.items() if one.exists]
        missing = sorted({one.step.namespace for one in there if _lacks_namespace(answers[one.step.where])})
        if missing:
            foreign.append(
                f"entries: there is no namespace {', '.join(missing)} in this cluster. Create it first, or set "
                "create_namespaces."
            )
        if foreign:
            raise StateError(" ".join(foreign))
        # What has changed since it was seen is settled when it is really written.
        problems = {where: one.words for where, one in refused.items() if one.status != 409}
        moving = [one.step for one in there if one.step.is_operated]
        if moving:
            from .._eso.handover import refused_moves, writers_of

            problems.update(refused_moves(self._cluster, moving, plan.external))
            if self._job.check_mode:
                self._moved = writers_of(moving, plan.external)
                self._outcome.removes(self._moved)
        self._fail(problems)
        possible = [one for one in writes if one.step.where not in problems]
        return [
            (one, one.secret if one.step.where in refused else answers.get(one.step.where, one.secret))
            for one in possible
        ]

    def _push(self, plan: Plan, foretold: Sequence[tuple[Write, Any]]) -> list[dict[str, Any]]:
        """The report of what was pushed."""
        if self._job.check_mode:
            done = {one.step.where: (one, without_leftovers(one.secret, answer)) for one, answer in foretold}
        else:
            done = self._really(plan, [one for one, _answer in foretold])
        return [self._reported(step, *done.get(step.where, (None, None))) for step in self._known(plan) if step.entry]

    def _reported(self, step: Step, write: Write | None, found: ClusterObject | None) -> dict[str, Any]:
        is_failed, check_mode = step.where in self._failed, self._job.check_mode
        return reported(step, write, found, self._outcome, is_failed=is_failed, check_mode=check_mode)

    def _really(self, plan: Plan, writes: Sequence[Write]) -> dict[str, tuple[Write, Any]]:
        """Mint and apply: each write that succeeded with the server's object."""
        filling = filled(writes, plan.asked.sources, self._minted, self._job.concurrency)
        failed = {one.step.where: answer for one, answer in zip(writes, filling) if not isinstance(answer, Write)}
        self._fail({where: str(error) for where, error in failed.items()})
        ready = self._taken_over(plan, [one for one in filling if isinstance(one, Write)])
        ends = list(zip(ready, carried_out(self._cluster, ready, self._minted)))
        self._fail({one.step.where: end for one, end in ends if isinstance(end, str)})
        return self._cleaned({one.step.where: (one, end) for one, end in ends if not isinstance(end, str)})

    def _taken_over(self, plan: Plan, writes: Sequence[Write]) -> list[Write]:
        """The writes, of those Secrets that were the operator's for what is there then."""
        operated = [one.step for one in writes if one.step.is_operated]
        if not operated:
            return list(writes)
        from .._eso.handover import adopt

        job = self._job
        taken = adopt(self._cluster, operated, plan.external, job.wait_timeout, self._minted, self._outcome)
        self._fail(taken.problems)
        self._moved = [*self._moved, *taken.removed]
        return [
            replace(
                one,
                before=taken.secrets.get(one.step.where, one.before),
                taken=taken.leases.get(one.step.where),
            )
            for one in writes
            if one.step.where not in self._failed
        ]

    def _give_up_moves(self, plan: Plan) -> None:
        """Remove what moves to the operator have left that never ended, or it would take the Secrets later."""
        if not any(step.moving_to for step in plan.steps if step.entry):
            return
        from .._eso.handover import adopt, forget, released

        job = self._job
        begun, left = released(self._cluster, plan.steps, job.owner)
        if job.check_mode:
            self._moved = [*self._moved, *left.values()]
            self._outcome.removes(left.values())
            return
        steps = [step for step in begun if (step.namespace, step.name) in left]
        taken = adopt(self._cluster, steps, left, job.wait_timeout, self._minted, self._outcome)
        self._moved = [*self._moved, *taken.removed]
        self._outcome.problems.extend(taken.problems.values())
        self._outcome.problems.extend(forget(self._cluster, [one for one in begun if one.where not in taken.problems]))

    def _fail(self, problems: Mapping[str, str]) -> None:
        """These entries fail; the same problem of several is told once."""
        self._failed |= set(problems)
        told: dict[str, list[str]] = {}
        for where, problem in problems.items():
            told.setdefault(problem, []).append(where)
        for problem, places in told.items():
            is_named = len(places) == 1 and places[0] in problem
            self._outcome.problems.append(problem if is_named else f"{', '.join(places)}: {problem}")

    def _cleaned(self, done: Mapping[str, tuple[Write, ClusterObject]]) -> dict[str, tuple[Write, ClusterObject]]:
        """The same without what others have added to Secrets of the role."""
        patches = {where: leftovers(one.secret, one.before) for where, (one, _end) in done.items()}
        wanted = {where: patch for where, patch in patches.items() if patch}
        answers = dict(zip(wanted, self._cluster.patch(list(wanted.values()))))
        self._outcome.problems.extend(answer.words for answer in answers.values() if isinstance(answer, Refusal))
        clean = {where: answer for where, answer in answers.items() if not isinstance(answer, Refusal)}
        return {where: (one, clean.get(where, end)) for where, (one, end) in done.items()}

    def _tidy(self, operator: ByOperator | None) -> None:
        """Remove what only ExternalSecrets needed that are gone or refer to something else, the token first of all."""
        from .._cluster.removal import Turned, remove_unused

        turned, wanted = (operator.turned, operator.manifests) if operator else (Turned(), ())
        remove_unused(self._job, self._moved, turned, wanted, self._outcome, self._minted)

    def _prune(self, plan: Plan) -> None:
        from .._cluster.removal import remove_unwanted

        wanted = {one.operated.identity for one in plan.manifests}
        wanted |= {("Secret", entry.namespace, entry.name) for entry in self._job.entries}
        remove_unwanted(self._job, wanted, None, self._outcome, self._minted)


def _lacks_namespace(answer: Any) -> bool:
    return isinstance(answer, Refusal) and answer.status == 404
