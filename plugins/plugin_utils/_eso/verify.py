# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a cluster holds what the entries say; nothing is changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from ...module_utils._api.errors import WorkloadCredentialsError
from .._cluster.entries import Entry
from .._cluster.job import Job
from .._cluster.lease_checks import listed_leases, warn_of_unheld
from .._cluster.outcome import Outcome, where
from .._cluster.removal import Identity, identity_of, used
from .._cluster.secrets import SECRET, ClusterObject, everybodys_external_secrets, references_of
from .._cluster.sources import SourceInfo, ask
from .apply import DesiredObjects, desired_objects, read_existing, unnamed
from .manifests import added, different
from .names import Existing
from .secret_data import problems_of_keys
from .status import Status, read_states, with_living_leases


def verify(job: Job, outcome: Outcome) -> None:
    """Report the state of each entry; an entry that is not ready, or differs from what it should be, is a problem.

    :raises WorkloadCredentialsError: the cluster cannot be read, or what the entries say cannot be told.
    """
    states, unread = read_states(job.cluster(), job.entries) if job.entries else ([], ())
    verified = _with_living_leases(job, outcome, _compared(job, states))
    job.tell([status.line for status in verified])
    outcome.report.extend(status.reported() for status in verified)
    outcome.problems.extend(status.line for status in verified if not status.is_ready)
    outcome.problems.extend(sorted(unread))


def _with_living_leases(job: Job, outcome: Outcome, states: Sequence[Status]) -> Sequence[Status]:
    """Return the states, in which a problem is also that a lease has ended; warn of leases that no Secret holds."""
    paths = [status.entry.path for status in states if status.entry.kind.has_api_leases]
    if not paths:
        return states
    try:
        listed = listed_leases(job, paths)
    except WorkloadCredentialsError as error:
        outcome.warnings.append(
            f"Could not check whether the leases in Secrets are active, or whether others are orphaned. {error}"
        )
        return states
    warn_of_unheld(job, outcome, listed)
    return with_living_leases(job, states, listed)


def _compared(job: Job, states: Sequence[Status]) -> Sequence[Status]:
    """Return the states; a problem of those that were ready is what differs from what the entries say."""
    if not job.operated:
        return states
    problems = _differences(job)
    return [
        replace(status, problem=problems.get(status.entry.where)) if status.is_ready else status for status in states
    ]


def _differences(job: Job) -> dict[str, str]:
    """Return what is not as the entries say, by entry."""
    sources = ask(job, job.operated)
    desired = _desired(job, sources)
    absent = _absent_secrets(job, desired)
    manifests = {manifest.identity: manifest.content for manifest in desired.manifests}
    problems = {}
    for entry in job.operated:
        problem = _source_problem(entry, sources)
        external = manifests.get(entry.external_identity)
        if problem is None and external is not None:
            problem = next(_object_problems(external, manifests, desired.existing, absent), None)
        if problem is not None:
            problems[entry.where] = problem
    return problems


def _desired(job: Job, sources: SourceInfo) -> DesiredObjects:
    """Return the objects of all entries whose source is known."""
    external, sees_all = everybodys_external_secrets(job.cluster(), {entry.namespace for entry in job.operated})
    everybodys = external or []
    known = replace(sources, missing={**sources.missing, **sources.failed})
    return desired_objects(job, known, unnamed(job, everybodys), read_existing(job, everybodys, sees_all=sees_all))


def _source_problem(entry: Entry, sources: SourceInfo) -> str | None:
    facts, failed = sources.of(entry), sources.failed.get(entry.key)
    if failed or not facts or not entry.kind.is_stored:
        return failed
    return next(problems_of_keys(entry, facts.keys), None)


def _object_problems(
    external: ClusterObject, manifests: Mapping[Identity, ClusterObject], existing: Existing, absent: Sequence[Identity]
) -> Iterator[str]:
    """Return what is wrong with an ExternalSecret, its generator or store, and the Secrets that those read."""
    wanted = [external, *(manifests[place] for place in sorted(references_of(external)) if place in manifests)]
    for manifest in wanted:
        found = existing.find(*identity_of(manifest))
        if found is None:
            yield f"{where(manifest)} does not exist"
            continue
        fields = [*different(manifest, found), *(".".join(path) for path in added(found, manifest))]
        if fields:
            yield f"{where(manifest)} is not what the entry says: {', '.join(dict.fromkeys(fields))}"
    for _kind, namespace, name in sorted(used(wanted, manifests) & set(absent)):
        yield f"the operator reads the Secret {namespace}/{name}, which does not exist"


def _absent_secrets(job: Job, desired: DesiredObjects) -> list[Identity]:
    """Return the Secrets that generators and stores read and that do not exist."""
    manifests = {manifest.identity: manifest.content for manifest in desired.manifests}
    places = sorted(place for place in used(manifests.values(), manifests) if place[0] == "Secret" and all(place))
    found = job.cluster().get_many(SECRET, [place[1:] for place in places], metadata_only=True)
    return [place for place, secret in zip(places, found) if secret is None]
