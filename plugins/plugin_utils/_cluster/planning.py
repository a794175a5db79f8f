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
from typing import TYPE_CHECKING

from ansible_collections.community.workload_credentials.plugins.module_utils._api.errors import (
    StateError,
    WorkloadCredentialsError,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._change import foreseen
from ansible_collections.community.workload_credentials.plugins.module_utils._credentials.lease import Lease
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.asking import Asked, ask
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.entries import Entry
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.external import (
    by_target,
    policy_of,
)
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.job import (
    NO_SERVICE,
    Job,
    Service,
)
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.look import (
    EXTERNAL_SECRET,
    by_name,
    own_objects,
    secrets_of,
)
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.marks import (
    Found,
    has_writer,
    identity,
    is_managed,
    is_pushed,
    lease_of,
    named,
)
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.plan import (
    KEEP,
    MERGING,
    Step,
    foreign,
    planned,
)
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.push import misfit

if TYPE_CHECKING:
    from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.manifests import Manifest


@dataclass(frozen=True)
class Plan:
    """What is to be done.

    :arg asked: the sources that are due.
    :arg external: the role's ExternalSecrets as they are.
    :arg leases: those that Secrets hold.
    :arg warnings: what is seldom meant, and in check mode what a real run fails for.
    """

    steps: Sequence[Step]
    asked: Asked
    manifests: Sequence[Manifest]
    external: Mapping[tuple[str, str], Found]
    leases: Sequence[Lease | None]
    warnings: Sequence[str] = ()

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
    external = own_objects(cluster, EXTERNAL_SECRET, namespaces) if is_asked else []
    due = [step.entry for step in steps if step.entry and step.action != KEEP]
    asked = ask(job, [*job.operated, *due])
    misfits = [misfit(entry, known.keys) for entry in due for known in (asked.of(entry),) if known]
    own = by_target(external or [])
    problems = _absent(external) + foreign(job.entries, secrets) + _not_ours(steps, own)
    problems += _merged(steps, own) + _other_writers(job.operated, own)
    problems += asked.problems + [one for one in misfits if one]
    leases = [lease_of(one) for one in secrets.values() if is_pushed(one)]
    manifests = _manifests(job, asked, problems, _others(job, external or []))
    warnings = [*unseen_leases, *(_warnings(job, asked, manifests) if job.operated else ())]
    return Plan(steps, asked, manifests, own, leases, warnings)


def _steps(job: Job, secrets: Sequence[Found]) -> tuple[list[Step], list[str]]:
    """What is to be done about each Secret, also where a lease has ended before its time; and warnings."""
    now = datetime.now(timezone.utc)
    steps = planned(job.entries, secrets, now, prune=job.prune)
    if not any(step.action == KEEP and step.entry for step in steps):
        return steps, []
    from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.gone import gone_of_fresh

    gone, warnings = gone_of_fresh(job, steps)
    return (planned(job.entries, secrets, now, prune=job.prune, gone=gone) if gone else steps), warnings


def manifests_for(job: Job) -> tuple[list[Manifest], Asked]:
    """The operator's manifests for all entries whose source is there.

    :raises WorkloadCredentialsError: something that is asked for cannot be.
    """
    asked = ask(job, job.operated)
    return _manifests(job, asked, list(asked.problems)), asked


def _others(job: Job, external: Sequence[Found]) -> list[Found]:
    """The ExternalSecrets of other entries that stay."""
    own = {(entry.namespace, entry.external_secret) for entry in job.entries}
    return [] if job.prune else [one for one in external if identity(one) not in own]


def operators_service(job: Job) -> Service:
    """The Secrets API as the operator reaches it; without an entry of it there need be no connection."""
    return job.service() if job.reads_the_api else NO_SERVICE


def _manifests(job: Job, asked: Asked, problems: list[str], others: Sequence[Found] = ()) -> list[Manifest]:
    """Those of the operator; they cannot be made while something is not known of a source.

    :raises StateError: there are problems.
    """
    manifests: list[Manifest] = []
    entries = [entry for entry in job.operated if not asked.is_missing(entry)]
    if entries and not asked.problems:
        from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.manifests import (
            manifests_of,
        )
        from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.operator import (
            operator_objects,
        )

        try:
            service = operators_service(job)
            objects = operator_objects(entries, asked.dynamic, service, job.scope, others)
            manifests = manifests_of(objects, service, job.template)
        except WorkloadCredentialsError as error:
            problems.append(str(error))
    if problems:
        raise StateError(" ".join(problems))
    return manifests


def _warnings(job: Job, asked: Asked, manifests: Sequence[Manifest]) -> list[str]:
    """What is seldom meant, and in check mode what a real run fails for.

    :raises StateError: a Secret that the user keeps is not there.
    """
    from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.kept import absent_kept
    from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.operator import advice

    absent = absent_kept(job, operators_service(job), manifests)
    if absent and not job.check_mode:
        raise StateError(" ".join(absent))
    return [*advice(job.operated, asked.dynamic), *map(foreseen, absent)]


def _absent(external: Sequence[Found] | None) -> list[str]:
    said = (
        "This cluster does not serve ExternalSecret: install External Secrets Operator 2.9 or newer with its CRDs, or "
        "use the delivery push."
    )
    return [said] if external is None else []


def _not_ours(steps: Sequence[Step], external: Mapping[tuple[str, str], Found]) -> list[str]:
    return [
        f"{step.where}: an ExternalSecret that this role does not manage writes this Secret. Remove it first, or "
        "choose another name."
        for step in steps
        if step.entry and step.is_operated and (step.namespace, step.name) not in external and not _is_left(step.found)
    ]


def _merged(steps: Sequence[Step], external: Mapping[tuple[str, str], Found]) -> list[str]:
    """A push has the whole Secret, and would remove what others have in it."""
    writers = [(step, external.get((step.namespace, step.name))) for step in steps if step.entry and step.is_operated]
    return [
        f"{step.where}: the operator merges into this Secret (creation_policy {policy_of(one)}), so it may hold what "
        "is somebody else's, which a push would remove. Choose another name for what is pushed."
        for step, one in writers
        if one is not None and policy_of(one) in MERGING
    ]


def _other_writers(entries: Sequence[Entry], external: Mapping[tuple[str, str], Found]) -> list[str]:
    """Two ExternalSecrets of one Secret would take it from each other, and generate each time."""
    writers = [(entry, external.get((entry.namespace, entry.name))) for entry in entries]
    return [
        f"{entry.where}.external_secret_name: the ExternalSecret {one['metadata']['name']} writes this Secret, and the "
        "operator lets no other have it. Keep that name, or let the entry be pushed once, which takes the Secret over."
        for entry, one in writers
        if one is not None and one["metadata"]["name"] != entry.external_secret
    ]


def _is_left(secret: Found | None) -> bool:
    """Whether a move that broke off has left it: the operator has made it for the role, and its writer is gone."""
    return secret is not None and is_managed(secret) and not has_writer(secret)
