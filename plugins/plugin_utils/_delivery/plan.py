# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything that can be known before anything is changed, and every reason not to begin."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import partial
from typing import TYPE_CHECKING

from ...module_utils._api.errors import StateError
from ...module_utils._credentials.lease import Lease
from .._cluster.entries import Entry, ignored_words
from .._cluster.job import Job
from .._cluster.pushed_secrets import misfit
from .._cluster.secrets import ClusterObject, by_name, is_pushed, lease_of, named, secrets_of
from .._cluster.sources import SourceInfo, ask
from .._cluster.steps import KEEP, Step, foreign, others_secrets, planned

if TYPE_CHECKING:
    from .._eso.delivery import OperatorPlan


@dataclass(frozen=True)
class Plan:
    """What is to be done.

    :arg sources: what the sources say from which Secrets are due.
    :arg operator: what the operator is to do; None: nothing concerns it.
    :arg leases: those that Secrets hold.
    :arg warnings: what is seldom meant, and in check mode what a real run would fail for.
    """

    steps: Sequence[Step]
    sources: SourceInfo
    operator: OperatorPlan | None
    leases: Sequence[Lease | None]
    warnings: Sequence[str] = ()

    @property
    def namespaces(self) -> set[str]:
        """The namespaces that must exist, without those in which something exists already."""
        proven = {step.namespace for step in self.steps if step.found}
        wanted = {step.namespace for step in self.steps if step.entry}
        if self.operator is not None:
            proven |= {namespace for namespace, _name in self.operator.writers}
            wanted |= self.operator.namespaces
        return wanted - proven


def plan_of(job: Job) -> Plan:
    """Return the plan for the job's entries.

    :raises StateError: something that is asked for cannot be done; the text holds every such problem.
    """
    secrets = _secrets(job)
    steps, warnings = _steps(job, list(secrets.values()))
    due = [step.entry for step in steps if step.entry and step.action != KEEP]
    sources = ask(job, [*job.operated, *due])
    problems = [*foreign(job.entries, secrets), *others_secrets(job.entries, secrets), *sources.problems]
    problems += _misfits(due, sources)
    operator = _operator(job, steps, secrets, sources, problems)
    if problems:
        raise StateError(" ".join(problems))
    leases = [lease_of(secret) for secret in secrets.values() if is_pushed(secret)]
    warnings = [*ignored_words(job.entries), *warnings, *(operator.warnings(job) if operator else ())]
    return Plan(steps, sources, operator, leases, warnings)


def _secrets(job: Job) -> dict[tuple[str, str], ClusterObject]:
    """Return the metadata of the role's Secrets, and of all that entries name, by namespace and name."""
    secrets = named(secrets_of(job.cluster(), job.entries, everywhere=job.prune))
    unseen = [entry for entry in job.operated if (entry.namespace, entry.name) not in secrets]
    return {**secrets, **named(by_name(job.cluster(), unseen))}


def _steps(job: Job, secrets: Sequence[ClusterObject]) -> tuple[list[Step], list[str]]:
    """Return what is to be done about each Secret, also where a lease has ended before its time; and warnings."""
    plan = partial(
        planned,
        job.entries,
        secrets,
        datetime.now(timezone.utc),
        prune=job.prune,
        owner=job.owner,
        renew=job.renew,
    )
    steps = plan()
    if not any(step.action == KEEP and step.entry for step in steps):
        return steps, []
    from .._cluster.lease_checks import gone_of_fresh

    gone, warnings = gone_of_fresh(job, steps)
    return (plan(gone=gone) if gone else steps), warnings


def _misfits(entries: Sequence[Entry], sources: SourceInfo) -> list[str]:
    """Return why sources do not have what entries take from them."""
    problems = []
    for entry in entries:
        facts = sources.of(entry)
        problem = misfit(entry, facts.keys) if facts else None
        if problem:
            problems.append(problem)
    return problems


def _operator(
    job: Job,
    steps: Sequence[Step],
    secrets: Mapping[tuple[str, str], ClusterObject],
    sources: SourceInfo,
    problems: list[str],
) -> OperatorPlan | None:
    """Return what the operator is to do; None: nothing is the operator's, and nothing of it is loaded.

    :arg problems: gets a sentence for each reason not to begin.
    """
    is_moving = any(step.is_operated or step.moving_to for step in steps if step.entry)
    if not (job.operated or job.render_dir or is_moving):
        return None
    from .._eso.delivery import plan_operator

    return plan_operator(job, steps, secrets, sources, problems)
