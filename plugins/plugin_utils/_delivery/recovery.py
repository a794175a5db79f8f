# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Leases of earlier runs of the role that died before they knew that a Secret holds the lease."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ...module_utils._api.errors import WorkloadCredentialsError
from ...module_utils._credentials.lease import DYNAMIC_SECRET, SERVICE_ACCOUNT
from .._cluster.job import Job
from .._cluster.outcome import Outcome
from .._core_internals import run_folder
from .._leases.journal import other_journals

if TYPE_CHECKING:
    from .._leases.recovery import DeadRuns, LeaseOutcome, NoteOnDisk


def end_what_dead_runs_left(job: Job, outcome: Outcome) -> None:
    """End the leases that dead runs on this cluster left and that no Secret holds, and name those that live on.

    A failure of that is a warning, and does not affect the task's own work.
    """
    if job.check_mode or job.notes is None:
        return
    try:
        if not other_journals(run_folder(), job.journal_dir()):
            return
        for kind, site in _minting(job):
            _end_those_of(job, outcome, kind, site)
    except WorkloadCredentialsError as error:
        outcome.warnings.append(f"Could not clean up after dead runs. {error}")


def _minting(job: Job) -> list[tuple[str, str | None]]:
    """Return kinds and sites of the leases that such a job mints; one without entries removes what the API minted."""
    minting: list[tuple[str, str | None]] = []
    if not job.entries or any(entry.kind.needs_api for entry in job.entries):
        minting.append((DYNAMIC_SECRET, None))
    requests = [entry.request for entry in job.entries if entry.kind.leases == SERVICE_ACCOUNT and entry.request]
    sites = {job.tokens(request.elsewhere).address if request.elsewhere else None for request in requests}
    return [*minting, *((SERVICE_ACCOUNT, site) for site in sorted(sites, key=str))]


def _end_those_of(job: Job, outcome: Outcome, kind: str, site: str | None) -> None:
    """End those of one kind and site."""
    from .._cluster.sources import origin_at
    from .._leases.recovery import dead_runs

    service = job.service_of(kind, site)
    origin = origin_at(kind, service)
    if origin is None:
        return
    with dead_runs(run_folder(), origin, job.journal_dir(), own=job.notes_of(kind, site)) as left:
        outcome.warnings.extend(warning for warning in left.warnings if warning not in outcome.warnings)
        own = [entry for entry in left.entries if entry.note.needs.get("cluster") == job.cluster().address]
        if own:
            _end(job, outcome, own, left, service)


def _end(job: Job, outcome: Outcome, entries: list[NoteOnDisk], left: DeadRuns, service: Any) -> None:
    from .._cluster.lease_checks import held_by_secrets
    from .._leases.recovery import ended, settled

    # A copy of a Secret shares its lease, and a lease that was only requested may be any that no Secret holds.
    held = _held(job, entries) | held_by_secrets(job)
    rest = []
    for entry in entries:
        if entry.note.id in held:
            entry.drop()
        else:
            rest.append(as_minted(entry))
    elsewhere = {entry.note.id for entry in left.entries if entry.note.id and entry not in entries}
    ready, unsettled = settled(service, rest, left.others, held | elsewhere)
    report(job, outcome, [*ended(service, ready), *unsettled])


def as_minted(entry: NoteOnDisk) -> NoteOnDisk:
    """Return a note without the phase in which a Secret may be about to get the lease: that Secret has it not."""
    from .._leases.notes import GIVEN, MINTED

    return replace(entry, note=replace(entry.note, phase=MINTED)) if entry.note.phase == GIVEN else entry


def _held(job: Job, entries: list[NoteOnDisk]) -> set[str]:
    """Return the leases that the Secrets of these notes hold."""
    from .._cluster.secrets import LEASE, SECRET, annotations_of

    places = list(dict.fromkeys((entry.note.needs["namespace"], entry.note.needs["name"]) for entry in entries))
    secrets = job.cluster().get_many(SECRET, places, metadata_only=True)
    return {annotations_of(secret).get(LEASE, "") for secret in secrets if secret is not None} - {""}


def report(job: Job, outcome: Outcome, fates: list[LeaseOutcome]) -> None:
    """Tell what became of the leases, and drop the notes of those about which nothing more can be done."""
    from ...module_utils._resources._parts.leases import NOT_REVOCABLE, REFUSED, REVOKED, UNKNOWN, named
    from .._leases.recovery import UNSETTLED

    revoked = sum(fate.how == REVOKED for fate in fates)
    if revoked:
        job.tell([f"Leases of dead runs that were revoked now: {revoked}."])
    staying = [fate.entry.note.listed for fate in fates if fate.how == NOT_REVOCABLE]
    if staying:
        outcome.warnings.append(f"Leases of dead runs that cannot be revoked: {named(staying)}.")
    for fate in fates:
        outcome.warnings.extend(_warnings_of(fate))
        if fate.how not in (REFUSED, UNKNOWN, UNSETTLED):
            fate.entry.drop()


def _warnings_of(fate: LeaseOutcome) -> list[str]:
    from ...module_utils._resources._parts.leases import REFUSED, UNKNOWN, named
    from .._leases.recovery import NO_LEASE

    note = fate.entry.note
    if fate.how in (REFUSED, UNKNOWN):
        return [f"A lease of a dead run may still be active: {named([note.listed])}. {fate.reason}"]
    if note.id is None and fate.how != NO_LEASE:
        return [f"A dead run had requested a lease for {note.use}. {fate.reason}"]
    return []
