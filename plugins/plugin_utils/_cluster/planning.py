# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything that can be known before anything is changed, and every reason not to begin.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Callable

from ansible_collections.community.workload_credentials.plugins.module_utils._api.client import Client
from ansible_collections.community.workload_credentials.plugins.module_utils._api.concurrency import attempts
from ansible_collections.community.workload_credentials.plugins.module_utils._api.errors import (
    StateError,
    WorkloadCredentialsError,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._api.paths import ResourcePath, parse_path
from ansible_collections.community.workload_credentials.plugins.module_utils._credentials.dynamic_secret import (
    DynamicSecret,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._credentials.source import Facts, Source
from ansible_collections.community.workload_credentials.plugins.module_utils._credentials.static_secret import (
    StaticSecret,
)
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.entries import Entry
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.job import Job
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.look import (
    EXTERNAL_SECRET,
    by_name,
    own_objects,
    secrets_of,
)
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.manifests import (
    Manifest,
    manifests_of,
)
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.marks import Found, named
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.operator import operator_objects
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.plan import (
    KEEP,
    Step,
    foreign,
    planned,
)
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.push import misfit

_SOURCES: Mapping[str, Callable[[Client, ResourcePath], Source]] = {
    "dynamic_secret": DynamicSecret,
    "static_secret": StaticSecret,
}


@dataclass(frozen=True)
class Plan:
    """What is to be done.

    :arg sources: by kind of source and path, those that will be asked.
    :arg external: the role's ExternalSecrets as they are.
    """

    steps: Sequence[Step]
    sources: Mapping[tuple[str, str], Source]
    manifests: Sequence[Manifest]
    external: Mapping[tuple[str, str], Found]

    @property
    def lines(self) -> list[str]:
        """The plan for a person."""
        operated = (one.operated.line for one in self.manifests)
        return [*(step.line for step in self.steps), *(line for line in operated if line)]

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
    secrets.update(named(by_name(cluster, unseen)) if unseen else {})
    steps = planned(job.entries, list(secrets.values()), datetime.now(timezone.utc), prune=job.prune)
    namespaces = {entry.namespace for entry in job.entries}
    is_asked = bool(job.operated) or any(step.is_operated for step in steps)
    external = own_objects(cluster, EXTERNAL_SECRET, namespaces) if is_asked else []
    problems = _absent(external) + foreign(job.entries, secrets) + _not_ours(steps, named(external or []))
    manifests, sources = _asked_for(job, steps, problems)
    return Plan(steps, sources, manifests, named(external or []))


def manifests_for(job: Job) -> list[Manifest]:
    """The operator's manifests for all entries.

    :raises WorkloadCredentialsError: something that is asked for cannot be.
    """
    sources = _sources(job.client, job.operated)
    problems: list[str] = []
    return _manifests(job, _facts(sources, job.concurrency, problems), problems)


def _asked_for(
    job: Job, steps: Sequence[Step], problems: list[str]
) -> tuple[list[Manifest], Mapping[tuple[str, str], Source]]:
    due = [step.entry for step in steps if step.entry and step.action != KEEP]
    sources = _sources(job.client, [*job.operated, *due])
    facts = _facts(sources, job.concurrency, problems)
    for entry in due:
        known = facts.get((entry.source, entry.path))
        problem = misfit(entry, known.keys) if known else None
        problems.extend([problem] if problem else [])
    return _manifests(job, facts, problems), sources


def _manifests(job: Job, facts: Mapping[tuple[str, str], Facts], problems: list[str]) -> list[Manifest]:
    """Those of the operator; without any other problem only, since they cannot be made without all facts."""
    dynamic = {path: one for (kind, path), one in facts.items() if kind == "dynamic_secret"}
    complete = all(entry.path in dynamic for entry in job.operated if entry.source == "dynamic_secret")
    manifests: list[Manifest] = []
    if job.operated and complete:
        try:
            objects = operator_objects(job.operated, dynamic, job.service(), job.scope)
            manifests = manifests_of(objects, job.service(), job.template)
        except WorkloadCredentialsError as error:
            problems.append(str(error))
    if problems:
        raise StateError(" ".join(problems))
    return manifests


def _sources(client: Callable[[], Client], entries: Iterable[Entry]) -> dict[tuple[str, str], Source]:
    wanted = {(entry.source, entry.path) for entry in entries if entry.source in _SOURCES}
    return {(kind, path): _SOURCES[kind](client(), parse_path(path, kind)) for kind, path in sorted(wanted)}


def _facts(sources: Mapping[tuple[str, str], Source], limit: int, problems: list[str]) -> dict[tuple[str, str], Facts]:
    """What is known of the sources; those of which nothing can be known are problems."""
    answers = attempts(lambda source: source.facts(), list(sources.values()), limit)
    problems.extend(str(answer) for answer in answers if isinstance(answer, WorkloadCredentialsError))
    return {key: answer for key, answer in zip(sources, answers) if isinstance(answer, Facts)}


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
        if step.entry and step.is_operated and (step.namespace, step.name) not in external
    ]
