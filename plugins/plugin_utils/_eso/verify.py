# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether what lies in a cluster for the operator is what the entries say; nothing is changed.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from .._cluster.entries import Entry
from .._cluster.job import Job
from .._cluster.removal import Identity, identity_of, used
from .._cluster.secrets import SECRET, ClusterObject, everybodys_external_secrets, identity, is_of, references_of
from .._cluster.sources import SourceInfo, ask
from .apply import Operation, operation_of, standing_in
from .manifests import added, different
from .names import Standing
from .secret_data import problems_of_keys
from .status import Status


def compared(job: Job, states: Sequence[Status]) -> list[Status]:
    """The states, with what is not as the entries say as a problem of those that were ready.

    :raises WorkloadCredentialsError: it cannot be told what the entries say.
    """
    problems = _problems(job) if job.operated else {}
    return [one if one.problem else replace(one, problem=problems.get(one.entry.where)) for one in states]


def _problems(job: Job) -> dict[str, str | None]:
    """Why entries are not as they should be."""
    asked = ask(job, job.operated)
    problems = {entry.where: _of_source(entry, asked) for entry in job.operated}
    namespaces = {entry.namespace for entry in job.operated}
    found, sees_all = everybodys_external_secrets(job.cluster(), namespaces)
    everybodys = found or []
    own = {(entry.namespace, entry.external_secret) for entry in job.entries}
    others = [one for one in everybodys if is_of(job.owner, one) and identity(one) not in own]
    known = replace(asked, missing={**asked.missing, **asked.failed})
    operation = operation_of(job, known, others, standing_in(job, everybodys, sees_all=sees_all))
    absent = _absent_secrets(job, operation)
    manifests = {one.operated.identity: one.content for one in operation.manifests}
    for entry in job.operated:
        external = manifests.get(("ExternalSecret", entry.namespace, entry.external_secret))
        if external is not None and problems[entry.where] is None:
            problems[entry.where] = next(_of_objects(external, manifests, operation.standing, absent), None)
    return problems


def _of_source(entry: Entry, asked: SourceInfo) -> str | None:
    known, failed = asked.of(entry), asked.failed.get(entry.key)
    if failed or not known or not entry.kind.is_stored:
        return failed
    return next(problems_of_keys(entry, known.keys), None)


def _of_objects(
    external: ClusterObject, manifests: Mapping[Identity, ClusterObject], standing: Standing, absent: Sequence[Identity]
) -> Iterator[str]:
    """What is wrong with an ExternalSecret, with its generator or store, and with the Secrets that those read."""
    wanted = [external, *(manifests[one] for one in sorted(references_of(external)) if one in manifests)]
    for one in wanted:
        found = standing.find(*identity_of(one))
        name = "/".join(filter(None, (one["kind"], *identity(one))))
        if found is None:
            yield f"{name} is not there"
            continue
        fields = [*different(one, found), *(".".join(path) for path in added(found, one))]
        if fields:
            yield f"{name} is not what the entry says: {', '.join(dict.fromkeys(fields))}"
    yield from (
        f"the Secret {namespace}/{name} is not there, which the operator reads"
        for _kind, namespace, name in sorted(used(wanted, manifests) & set(absent))
    )


def _absent_secrets(job: Job, operation: Operation) -> list[Identity]:
    """The Secrets that generators and stores read and that are not there."""
    manifests = {one.operated.identity: one.content for one in operation.manifests}
    places = sorted(one for one in used(manifests.values(), manifests) if one[0] == "Secret" and all(one))
    found = job.cluster().get_many(SECRET, [place[1:] for place in places], metadata_only=True)
    return [place for place, one in zip(places, found) if one is None]
