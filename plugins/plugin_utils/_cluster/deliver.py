# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Delivering: from entries to Secrets in a cluster, as one plan.

What can be refused is refused before anything is minted, and what the cluster then refuses stops nothing but itself.
Private to this collection: it may change at any time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ansible_collections.community.workload_credentials.plugins.module_utils._api.errors import (
    StateError,
    WorkloadCredentialsError,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._api.times import parse_time, written
from ansible_collections.community.workload_credentials.plugins.module_utils._change import foreseen
from ansible_collections.community.workload_credentials.plugins.module_utils._kube.wire import Refusal
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.entries import Entry
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.job import Job
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.look import missing_namespaces
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.marks import (
    EXPIRATION,
    LEASE,
    Found,
    data_keys,
    notes_of,
)
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.minted import Minted
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.operating import (
    Operating,
    let_go,
    states,
    take_over,
    wait_until_ready,
)
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.outcome import Outcome
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.plan import (
    MINT,
    Step,
    foreign_words,
)
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.planning import Plan, plan_of
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.push import leftovers, shown
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.pushing import (
    Write,
    applied,
    filled,
    settled,
    writes_of,
)
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.removing import (
    raise_refusals,
    remove_unwanted,
)
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.rendering import write_files


class Delivery:
    """One run of it: ``outcome`` and ``minted`` tell at any time what has been done so far."""

    def __init__(self, job: Job, outcome: Outcome, minted: Minted) -> None:
        self._job = job
        self._outcome = outcome
        self._minted = minted
        self._cluster = job.cluster()
        self._absent: set[str] = set()
        self._failed: set[str] = set()

    def run(self) -> None:
        """Bring the cluster to what the entries say.

        :raises WorkloadCredentialsError: nothing was changed, or the rest cannot be done.
        """
        job, outcome = self._job, self._outcome
        plan = plan_of(job)
        job.tell(plan.lines)
        if job.render_dir:
            write_files(job, plan.manifests, outcome)
        self._make_namespaces(plan)
        writes = self._possible(writes_of(self._known(plan), plan.asked.sources, self._cluster))
        operating = Operating(self._cluster, plan.manifests, self._absent)
        operating.apply(outcome, check_mode=job.check_mode)
        pushed = self._push(plan, writes)
        self._settle_operated(plan, operating)
        outcome.report.extend(operating.report())
        outcome.report.extend(pushed)
        self._foresee(plan)
        if job.prune:
            self._prune(plan)

    @staticmethod
    def _known(plan: Plan) -> list[Step]:
        """The steps whose sources are there."""
        return [step for step in plan.steps if not (step.entry and plan.asked.is_missing(step.entry))]

    def _foresee(self, plan: Plan) -> None:
        """In check mode: the entries whose sources an earlier task is taken to have made."""
        self._outcome.warnings.extend(map(foreseen, plan.asked.missing.values()))
        for entry in self._job.entries:
            if plan.asked.is_missing(entry):
                self._outcome.report.append(foreseen_report(entry))
                self._outcome.differs(entry.where, None, {"delivery": entry.delivery, "data": "new values"})

    def _make_namespaces(self, plan: Plan) -> None:
        if not self._job.create_namespaces or not plan.namespaces:
            return
        missing = missing_namespaces(self._cluster, plan.namespaces)
        objects: list[dict[str, Any]] = [
            {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}} for name in missing
        ]
        if self._job.check_mode:
            self._absent = set(missing)
        else:
            answers = self._cluster.create(objects)
            raise_refusals([one for one in answers if not (isinstance(one, Refusal) and one.exists)])
        for one in objects:
            self._outcome.differs(f"Namespace/{one['metadata']['name']}", None, one)

    def _possible(self, writes: Sequence[Write]) -> list[tuple[Write, Any]]:
        """The writes that the cluster would take, with its answer to a trial with placeholders; the rest is refused.

        :raises StateError: a Secret is somebody else's, or there is no such namespace.
        """
        there = [one for one in writes if one.step.namespace not in self._absent]
        answers = dict(zip((one.step.where for one in there), applied(self._cluster, there, dry_run=True)))
        foretold = [(one, answers.get(one.step.where, one.secret)) for one in writes]
        refused = [(one, answer) for one, answer in foretold if isinstance(answer, Refusal) and answer.status != 409]
        foreign = [foreign_words(one.step.where) for one, answer in foretold if getattr(answer, "exists", False)]
        missing = sorted({one.step.namespace for one, answer in refused if _lacks_namespace(answer)})
        if missing:
            foreign.append(
                f"entries: there is no namespace {', '.join(missing)} in this cluster. Create it first, or set "
                "create_namespaces."
            )
        if foreign:
            raise StateError(" ".join(foreign))
        for one, answer in refused:
            self._fails(one.step, answer.words)
        # What has changed since it was seen is settled when it is really written.
        return [(one, answer) for one, answer in foretold if (one, answer) not in refused]

    def _push(self, plan: Plan, foretold: Sequence[tuple[Write, Any]]) -> list[dict[str, Any]]:
        """The report of what was pushed."""
        if self._job.check_mode:
            done = {one.step.where: (one, answer) for one, answer in foretold}
        else:
            done = self._really(plan, [one for one, _answer in foretold])
        return [self._reported(step, *done.get(step.where, (None, None))) for step in self._known(plan) if step.entry]

    def _really(self, plan: Plan, writes: Sequence[Write]) -> dict[str, tuple[Write, Any]]:
        """Mint and apply: each write that succeeded with the server's object."""
        ready = []
        for one, answer in zip(writes, filled(writes, plan.asked.sources, self._minted, self._job.concurrency)):
            if isinstance(answer, WorkloadCredentialsError):
                self._fails(one.step, str(answer))
            else:
                ready.append(answer)
        operated = [one.step for one in ready if one.step.is_operated]
        if operated:
            freed = take_over(self._cluster, operated, plan.external, self._job.wait_timeout)
            ready = [replace(one, before=freed.get(one.step.where, one.before)) for one in ready]
        done = {}
        for one, answer in zip(ready, applied(self._cluster, ready)):
            end = settled(self._cluster, one, answer, self._minted)
            if isinstance(end, str):
                self._fails(one.step, end)
            else:
                done[one.step.where] = (one, end)
                self._minted.supersede(one.step.supersedes)
        self._clean_up([one for one, _end in done.values()])
        return done

    def _fails(self, step: Step, problem: str) -> None:
        self._failed.add(step.where)
        self._outcome.problems.append(problem)

    def _clean_up(self, writes: Sequence[Write]) -> None:
        """Remove what others have added to Secrets of the role."""
        patches = [patch for patch in (leftovers(one.secret, one.before) for one in writes) if patch]
        answers = self._cluster.patch(patches) if patches else []
        self._outcome.problems.extend(answer.words for answer in answers if isinstance(answer, Refusal))

    def _reported(self, step: Step, write: Write | None, found: Found | None) -> dict[str, Any]:
        """What happened to an entry, by the server's answer."""
        own = {"name": step.name, "namespace": step.namespace, "delivery": "push"}
        now = found if found is not None else step.found
        action = self._happened(step, write, found)
        foretold = self._job.check_mode and step.action == MINT
        notes = notes_of(now) if now is not None and not foretold else {}
        lease = {"lease_id": notes.get(LEASE), "expiration": written(parse_time(notes.get(EXPIRATION)))}
        keys = data_keys(now) if now is not None else []
        return {**own, "action": action, "reason": step.reason, "keys": keys, **lease}

    def _happened(self, step: Step, write: Write | None, found: Found | None) -> str:
        if step.where in self._failed:
            return "failed"
        if write is None or found is None:
            return "kept"
        before = write.before
        version = found["metadata"].get("resourceVersion")
        if before is not None and not self._job.check_mode and before["metadata"].get("resourceVersion") == version:
            return "kept"
        self._differs(step, write, found)
        return "created" if before is None else "renewed" if step.action == MINT else "updated"

    def _differs(self, step: Step, write: Write, found: Found) -> None:
        before = write.before
        same = before is not None and before.get("data") == found.get("data") and step.action != MINT
        old, new = ("as it was", "as it was") if same else ("old values", "new values")
        is_minted = not (self._job.check_mode and step.action == MINT)
        self._outcome.differs(
            step.where, None if before is None else shown(before, old), shown(found, new, is_minted=is_minted)
        )

    def _settle_operated(self, plan: Plan, operating: Operating) -> None:
        """Wait for the operator, and give up the Secrets that it has taken over."""
        job = self._job
        entries = operating.applied(job.operated)
        if not entries:
            return
        is_waiting = job.wait and not job.check_mode
        found = (
            wait_until_ready(self._cluster, entries, job.wait_timeout) if is_waiting else states(self._cluster, entries)
        )
        if is_waiting:
            self._outcome.problems.extend(one.line for one in found if one.problem)
        for step in let_go(self._cluster, plan.steps, found, check_mode=job.check_mode):
            self._outcome.differs(step.where, shown(step.found or {}, "as it was"), None)
            self._minted.supersede(step.supersedes)

    def _prune(self, plan: Plan) -> None:
        wanted = {one.operated.identity for one in plan.manifests}
        wanted |= {("Secret", entry.namespace, entry.name) for entry in self._job.entries}
        for lease in remove_unwanted(self._job, wanted, None, self._outcome):
            self._minted.supersede(lease)


def foreseen_report(entry: Entry) -> dict[str, Any]:
    """What check mode reports of an entry whose source is still to be made."""
    own = {"name": entry.name, "namespace": entry.namespace, "delivery": entry.delivery}
    said = {"action": "created", "reason": "its source is still to be made", "keys": []}
    return {**own, **said, "lease_id": None, "expiration": None}


def _lacks_namespace(answer: Refusal) -> bool:
    return answer.status == 404
