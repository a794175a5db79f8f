# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What earlier runs of the role left that died between minting a lease and knowing that a Secret holds it.

Private to this collection: it may change at any time.
"""

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
    """End the leases that runs on this cluster left and that no Secret holds, and name those that live on.

    What goes wrong with that is a warning: the task's own work is not the worse for it.
    """
    if job.check_mode or job.notes is None:
        return
    try:
        if not other_journals(run_folder(), job.journal_dir()):
            return
        for kind, site in _minting(job):
            _end_those_of(job, outcome, kind, site)
    except WorkloadCredentialsError as error:
        outcome.warnings.append(f"What dead runs have left could not be looked after. {error}")


def _minting(job: Job) -> list[tuple[str, str | None]]:
    """Kinds and sites of the leases that such a job mints; without entries it has removed what the API minted."""
    found: list[tuple[str, str | None]] = []
    if not job.entries or any(entry.kind.needs_api for entry in job.entries):
        found.append((DYNAMIC_SECRET, None))
    requests = [entry.request for entry in job.entries if entry.kind.leases == SERVICE_ACCOUNT and entry.request]
    sites = {job.tokens(one.elsewhere).address if one.elsewhere else None for one in requests}
    return [*found, *((SERVICE_ACCOUNT, site) for site in sorted(sites, key=str))]


def _end_those_of(job: Job, outcome: Outcome, kind: str, site: str | None) -> None:
    from .._cluster.sources import origin_at
    from .._leases.recovery import dead_runs

    service = job.service_of(kind, site)
    origin = origin_at(kind, service)
    if origin is None:
        return
    with dead_runs(run_folder(), origin, job.journal_dir(), own=job.notes_of(kind, site)) as left:
        outcome.warnings.extend(one for one in left.warnings if one not in outcome.warnings)
        own = [one for one in left.entries if one.note.needs.get("cluster") == job.cluster().address]
        if own:
            _end(job, outcome, own, left, service)


def _end(job: Job, outcome: Outcome, entries: list[NoteOnDisk], left: DeadRuns, service: Any) -> None:
    from .._cluster.lease_checks import held_by_secrets
    from .._leases.notes import GIVEN, MINTED
    from .._leases.recovery import ended, settled

    # A Secret that was copied shares its lease, and what was asked for may be any lease but one that a Secret holds.
    here = _held(job, entries) | held_by_secrets(job)
    for one in entries:
        if one.note.id in here:
            one.drop()
    # Nobody else has them: what a Secret may have got it does not have.
    rest = [
        replace(one, note=replace(one.note, phase=MINTED)) if one.note.phase == GIVEN else one
        for one in entries
        if one.note.id not in here
    ]
    elsewhere = {one.note.id for one in left.entries if one.note.id and one not in entries}
    ready, unsettled = settled(service, rest, left.others, here | elsewhere)
    _tell(job, outcome, [*ended(service, ready), *unsettled])


def _held(job: Job, entries: list[NoteOnDisk]) -> set[str]:
    """The leases that the Secrets of these notes hold."""
    from .._cluster.secrets import LEASE, SECRET, annotations_of

    places = list(dict.fromkeys((one.note.needs["namespace"], one.note.needs["name"]) for one in entries))
    found = job.cluster().get_many(SECRET, places, metadata_only=True)
    return {annotations_of(one).get(LEASE, "") for one in found if one is not None} - {""}


def _tell(job: Job, outcome: Outcome, fates: list[LeaseOutcome]) -> None:
    from ...module_utils._resources._parts.leases import NOT_REVOCABLE, REFUSED, REVOKED, UNKNOWN, named
    from .._leases.recovery import NO_LEASE, UNSETTLED

    gone = [one for one in fates if one.how == REVOKED]
    if gone:
        job.tell([f"Leases that dead runs had left, now ended: {len(gone)}."])
    staying = [one.entry.note.listed for one in fates if one.how == NOT_REVOCABLE]
    if staying:
        outcome.warnings.append(f"Dead runs have left leases that end only with their expiration: {named(staying)}.")
    for one in fates:
        if one.how in (REFUSED, UNKNOWN):
            said = f"A dead run has left a lease that may live on: {named([one.entry.note.listed])}."
            outcome.warnings.append(f"{said} {one.reason}")
        elif one.entry.note.id is None and one.how != NO_LEASE:
            outcome.warnings.append(f"A dead run had asked for a lease for {one.entry.note.use}. {one.reason}")
        if one.how not in (REFUSED, UNKNOWN, UNSETTLED):
            one.entry.drop()
