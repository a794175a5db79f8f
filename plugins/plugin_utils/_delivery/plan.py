# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything that can be known before anything is changed, and every reason not to begin.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import partial
from typing import TYPE_CHECKING

from ...module_utils._api.errors import StateError, WorkloadCredentialsError
from ...module_utils._change import assumed
from ...module_utils._credentials.lease import Lease
from ...module_utils._kube.errors import ForbiddenError
from .._cluster.entries import Entry, ignored_words
from .._cluster.job import Job
from .._cluster.pushed_secrets import misfit
from .._cluster.secrets import (
    ClusterObject,
    by_name,
    by_target,
    everybodys_external_secrets,
    has_writer,
    identity,
    is_managed,
    is_of,
    is_pushed,
    lease_of,
    named,
    policy_of,
    secrets_of,
)
from .._cluster.sources import SourceInfo, ask
from .._cluster.steps import KEEP, MERGING, Step, foreign, others_secrets, planned

if TYPE_CHECKING:
    from .._eso.apply import Operation
    from .._eso.manifests import Manifest


@dataclass(frozen=True)
class Plan:
    """What is to be done.

    :arg asked: the sources that are due.
    :arg operation: what the operator is to get; None: nothing.
    :arg external: the role's ExternalSecrets as they are.
    :arg leases: those that Secrets hold.
    :arg secrets: the metadata of those that are there, by namespace and name.
    :arg warnings: what is seldom meant, and in check mode what a real run fails for.
    """

    steps: Sequence[Step]
    asked: SourceInfo
    operation: Operation | None
    external: Mapping[tuple[str, str], ClusterObject]
    leases: Sequence[Lease | None]
    secrets: Mapping[tuple[str, str], ClusterObject]
    warnings: Sequence[str] = ()

    @property
    def manifests(self) -> Sequence[Manifest]:
        """All that the operator is to get."""
        return self.operation.manifests if self.operation else ()

    @property
    def namespaces(self) -> set[str]:
        """Those that must be there, and that nothing which was found proves to be."""
        proven = {step.namespace for step in self.steps if step.found} | {place[0] for place in self.external}
        wanted = {step.namespace for step in self.steps if step.entry}
        return (wanted | {one.operated.namespace for one in self.manifests if one.operated.namespace}) - proven


def plan_of(job: Job) -> Plan:
    """The plan for the job's entries.

    :raises StateError: something that is asked for cannot be; the text holds every such thing.
    """
    cluster = job.cluster()
    secrets = named(secrets_of(cluster, job.entries, everywhere=job.prune))
    unseen = [entry for entry in job.operated if (entry.namespace, entry.name) not in secrets]
    secrets.update(named(by_name(cluster, unseen)))
    steps, unseen_leases = _steps(job, list(secrets.values()))
    namespaces = {entry.namespace for entry in job.entries}
    is_asked = bool(job.operated) or any(step.is_operated for step in steps)
    everybodys, sees_all = everybodys_external_secrets(cluster, namespaces) if is_asked else ([], True)
    external = [one for one in everybodys or () if is_of(job.owner, one)]
    due = [step.entry for step in steps if step.entry and step.action != KEEP]
    asked = ask(job, [*job.operated, *due])
    misfits = [misfit(entry, known.keys) for entry in due for known in (asked.of(entry),) if known]
    own = by_target(external)
    problems = _absent(everybodys) + foreign(job.entries, secrets) + others_secrets(job.entries, secrets)
    problems += _not_ours(steps, own)
    problems += _merged(steps, own) + _other_writers(job.operated, own)
    problems += asked.problems + [one for one in misfits if one]
    problems += _unfit(job, asked)
    leases = [lease_of(one) for one in secrets.values() if is_pushed(one)]
    operation = _operation(job, asked, problems, everybodys or (), external, sees_all=sees_all)
    warnings = [
        *ignored_words(job.entries),
        *unseen_leases,
        *(_warnings(job, asked, operation) if job.operated and operation else ()),
    ]
    return Plan(steps, asked, operation, own, leases, secrets, warnings)


def _steps(job: Job, secrets: Sequence[ClusterObject]) -> tuple[list[Step], list[str]]:
    """What is to be done about each Secret, also where a lease has ended before its time; and warnings."""
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


def _unfit(job: Job, asked: SourceInfo) -> list[str]:
    if not job.operated:
        return []
    from .._eso.secret_data import unfit

    return unfit(job, asked)


def _operation(
    job: Job,
    asked: SourceInfo,
    problems: list[str],
    everybodys: Sequence[ClusterObject],
    external: Sequence[ClusterObject],
    *,
    sees_all: bool,
) -> Operation | None:
    """What the operator is to get; it cannot be told while something is not known of a source.

    :raises StateError: there are problems.
    """
    operation = None
    if (job.operated or job.render_dir) and not asked.problems:
        from .._eso.apply import operation_of, standing_in

        own = {(entry.namespace, entry.external_secret) for entry in job.entries}
        others = [] if job.prune else [one for one in external if identity(one) not in own]
        standing = standing_in(job, everybodys, sees_all=sees_all)
        try:
            operation = operation_of(job, asked, others, standing)
        except ForbiddenError:
            raise
        except WorkloadCredentialsError as error:
            problems.append(str(error))
    if problems:
        raise StateError(" ".join(problems))
    return operation


def _warnings(job: Job, asked: SourceInfo, operation: Operation) -> list[str]:
    """What is seldom meant, and in check mode what a real run fails for.

    :raises StateError: what the operator is to work with is not there, or does not work.
    """
    from .._eso.apply import absent_kept, tried
    from .._eso.objects import advice

    refused = tried(job, operation.service)
    if refused:
        raise StateError(refused)
    absent = absent_kept(job, operation.service, operation.manifests)
    if absent and not job.check_mode:
        raise StateError(" ".join(absent))
    return [*advice(job.operated, asked.dynamic), *map(assumed, absent)]


def _absent(external: Sequence[ClusterObject] | None) -> list[str]:
    said = (
        "This cluster does not serve ExternalSecret: install External Secrets Operator 2.9 or newer with its CRDs, or "
        "use the delivery push."
    )
    return [said] if external is None else []


def _not_ours(steps: Sequence[Step], external: Mapping[tuple[str, str], ClusterObject]) -> list[str]:
    return [
        f"{step.where}: an ExternalSecret that this role does not manage writes this Secret. Remove it first, or "
        "choose another name."
        for step in steps
        if step.entry and step.is_operated and (step.namespace, step.name) not in external and not _is_left(step.found)
    ]


def _merged(steps: Sequence[Step], external: Mapping[tuple[str, str], ClusterObject]) -> list[str]:
    """A push has the whole Secret, and would remove what others have in it."""
    writers = [(step, external.get((step.namespace, step.name))) for step in steps if step.entry and step.is_operated]
    return [
        f"{step.where}: the operator merges into this Secret (creation_policy {policy_of(one)}), so it may hold what "
        "is somebody else's, which a push would remove. Choose another name for what is pushed."
        for step, one in writers
        if one is not None and policy_of(one) in MERGING
    ]


def _other_writers(entries: Sequence[Entry], external: Mapping[tuple[str, str], ClusterObject]) -> list[str]:
    """Two ExternalSecrets of one Secret would take it from each other, and generate each time."""
    writers = [(entry, external.get((entry.namespace, entry.name))) for entry in entries]
    return [
        f"{entry.where}.external_secret_name: the ExternalSecret {one['metadata']['name']} writes this Secret, and the "
        "operator lets no other have it. Keep that name, or let the entry be pushed once, which takes the Secret over."
        for entry, one in writers
        if one is not None and one["metadata"]["name"] != entry.external_secret
    ]


def _is_left(secret: ClusterObject | None) -> bool:
    """Whether a move that broke off has left it: the operator has made it for the role, and its writer is gone."""
    return secret is not None and is_managed(secret) and not has_writer(secret)
