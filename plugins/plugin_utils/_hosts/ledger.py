# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Leases for files on hosts: those of the task, those that files need no more, and those that dead runs have left."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ...module_utils._api.errors import StateError, WorkloadCredentialsError
from ...module_utils._credentials.lease import DYNAMIC_SECRET, SERVICE_ACCOUNT, Lease
from ...module_utils._resources._parts.leases import NOT_REVOCABLE, REVOKED, Ended, named, refused_words, staying_words
from .._cluster.job import Job
from .._cluster.outcome import Outcome
from .._core_internals import run_folder
from .._leases.journal import other_journals
from .._leases.ledger import Ledger, listed
from .spec import FileEntry

if TYPE_CHECKING:
    from .._leases.recovery import DeadRuns, NoteOnDisk


class HostLedger(Ledger):
    """A ledger of leases that files on hosts get."""

    holder = "file"

    def _needs(self, namespace: str, name: str) -> dict[str, str]:
        return {"host": namespace, "path": name}


@dataclass(frozen=True)
class Endings:
    """What became of leases that were to end.

    :arg left: those that live on: they only expire, or could not be ended.
    :arg ended: IDs of the others.
    :arg staying: a sentence about those that only expire, and ``living`` about those that should have ended; "": none.
    """

    left: Sequence[Lease]
    ended: Collection[str]
    staying: str = ""
    living: str = ""


def end_leases(job: Job, leases: Sequence[Lease], holder: str, now: datetime) -> Endings:
    """End these leases, and return what became of each; those that have expired have ended.

    :arg holder: the entry's name, which leads to the cluster that minted.
    """
    living = unexpired(leases, now)
    outcomes: list[Ended] = []
    failures: list[str] = []
    for (kind, site), some in _by_service(living).items():
        try:
            outcomes += _ended(job, kind, site, some, holder)
        except WorkloadCredentialsError as error:
            failures.append(f"Leases that may live on: {named([listed(lease) for lease in some])}. {error}")
    failures.append(refused_words(outcomes))
    left = _left(living, outcomes)
    ended = {lease.id for lease in leases} - {lease.id for lease in left}
    return Endings(left, ended, staying_words(outcomes), " ".join(filter(None, failures)))


def _left(leases: Sequence[Lease], outcomes: Sequence[Ended]) -> list[Lease]:
    """Return the leases that have not ended; those that turned out to be without an early end say so."""
    ended = {outcome.lease["id"] for outcome in outcomes if outcome.how == REVOKED}
    only_expire = {outcome.lease["id"] for outcome in outcomes if outcome.how == NOT_REVOCABLE}
    left = [lease for lease in leases if lease.id not in ended]
    return [replace(lease, revocable=lease.revocable and lease.id not in only_expire) for lease in left]


def unexpired(leases: Sequence[Lease], now: datetime) -> list[Lease]:
    """Return the leases that have not expired, as far as that is known."""
    return [lease for lease in leases if lease.expiration is None or lease.expiration > now]


def _by_service(leases: Sequence[Lease]) -> dict[tuple[str, str | None], list[Lease]]:
    by_service: dict[tuple[str, str | None], list[Lease]] = {}
    for lease in leases:
        by_service.setdefault((lease.kind, lease.site), []).append(lease)
    return by_service


def _ended(job: Job, kind: str, site: str | None, leases: Sequence[Lease], holder: str) -> list[Ended]:
    """End leases of one service. What no request can end, or name, only expires."""
    from .._leases.kinds import KINDS

    known = KINDS.get(kind)
    ending = [lease for lease in leases if known and lease.revocable and known.is_id(lease.id)]
    staying = [Ended(listed(lease), NOT_REVOCABLE) for lease in leases if lease not in ending]
    if known is None or not ending:
        return staying
    return [*known.end(_service(job, kind, site, holder), [listed(lease) for lease in ending]), *staying]


def _service(job: Job, kind: str, site: str | None, holder: str) -> Any:
    """Return the service that ends these leases.

    :raises WorkloadCredentialsError: this task does not lead there.
    """
    if kind != DYNAMIC_SECRET:
        return job.service_of(kind, site, holder)
    client = job.client()
    if site != client.settings.site_id:
        raise StateError(f"They are of the site {site}, and this task works with another one.")
    return client


def end_what_dead_runs_left(job: Job, outcome: Outcome, entry: FileEntry, held: Collection[str]) -> None:
    """End the leases that dead runs minted for this file and that it does not hold, and name those that live on.

    :arg held: IDs of the leases that the file's note names.
    """
    kind = entry.kind.leases if entry.source else DYNAMIC_SECRET
    if job.check_mode or kind not in (DYNAMIC_SECRET, SERVICE_ACCOUNT):
        return
    try:
        if other_journals(run_folder(), job.journal_dir()):
            _end_those_of(job, outcome, entry, kind, held)
    except WorkloadCredentialsError as error:
        outcome.warnings.append(f"Could not clean up after dead runs. {error}")


def _end_those_of(job: Job, outcome: Outcome, entry: FileEntry, kind: str, held: Collection[str]) -> None:
    from .._cluster.sources import origin_at
    from .._leases.notes import Notes
    from .._leases.recovery import dead_runs, entries_of, foreign_entries

    elsewhere = entry.request.elsewhere if entry.request else {}
    site = job.tokens(elsewhere).address if elsewhere else None
    service = job.service_of(kind, site, entry.where)
    origin = origin_at(kind, service)
    if origin is None:
        return
    journals = [Notes(journal, origin) for journal in other_journals(run_folder(), job.journal_dir())]
    # Taking a journal over keeps all other hosts' workers waiting.
    if not any(_is_of(entry, one) for one in (*entries_of(journals), *foreign_entries(journals))):
        return
    with dead_runs(run_folder(), origin, job.journal_dir(), own=job.notes_of(kind, site, entry.where)) as left:
        _end(job, outcome, [one for one in left.entries if _is_of(entry, one)], left, service, held)


def _end(
    job: Job, outcome: Outcome, own: Sequence[NoteOnDisk], left: DeadRuns, service: Any, held: Collection[str]
) -> None:
    from .._delivery.recovery import as_minted, report
    from .._leases.recovery import ended, settled

    for one in own:
        if one.note.id in held:
            # The file's own note leads to it.
            one.drop()
    rest = [as_minted(one) for one in own if one.note.id not in held]
    taken = {one.note.id for one in left.entries if one.note.id and one not in own}
    ready, unsettled = settled(service, rest, left.others, {*held, *taken})
    report(job, outcome, [*ended(service, ready), *unsettled])


def _is_of(entry: FileEntry, one: NoteOnDisk) -> bool:
    return (one.note.needs.get("host"), one.note.needs.get("path")) == (entry.namespace, entry.name)
