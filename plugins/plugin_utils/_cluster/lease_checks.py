# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compare the leases that Secrets hold with those that the Secrets API lists."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timezone
from typing import Any

from ...module_utils._api.concurrency import gather_attempts
from ...module_utils._api.errors import MissingError, WorkloadCredentialsError
from ...module_utils._api.paths import parse_path
from ...module_utils._credentials.lease import DYNAMIC_SECRET, Lease
from ...module_utils._credentials.source import origin_of
from ...module_utils._kube.errors import ForbiddenError
from ...module_utils._marks import OPERATED_MARKS, noted_lease
from ...module_utils._resources._parts.leases import creators, ending_words, lease_by_id, named
from ...module_utils._resources._parts.leases import listed_leases as leases_with_absence
from ...module_utils._resources._parts.visibility import RefusedError
from .entries import Entry
from .job import Job
from .outcome import Outcome
from .secrets import ClusterObject, annotations_of, identity, is_pushed, lease_of, owner_of, secrets_of
from .steps import KEEP, Step

# By the path of a dynamic secret.
Listed = Mapping[str, "list[dict[str, Any]] | WorkloadCredentialsError"]


def listed_leases(job: Job, paths: Iterable[str]) -> Listed:
    """Return the living leases of each of these dynamic secrets, or why they could not be listed.

    :raises WorkloadCredentialsError: nothing can be asked.
    """
    wanted = sorted(set(paths))
    if not wanted:
        return {}
    client = job.client()

    def look(path: str) -> list[dict[str, Any]]:
        leases, missing, _unseen = leases_with_absence(client, parse_path(path, DYNAMIC_SECRET))
        if missing:
            raise MissingError(" ".join(missing))
        return leases

    return dict(zip(wanted, gather_attempts(look, wanted, job.concurrency)))


def gone_leases(job: Job, held: Sequence[tuple[Entry, ClusterObject]], listed: Listed) -> set[str]:
    """Return the IDs of the leases of these Secrets that have ended before their time.

    :arg held: entries that are pushed, with their Secrets.
    :arg listed: the leases of the entries' dynamic secrets.
    """
    now = datetime.now(timezone.utc)
    missing: dict[str, float | None] = {}
    for entry, secret in held:
        lease, leases = lease_of(secret), listed.get(entry.path)
        if lease is None or not isinstance(leases, list) or not _should_live(lease, now):
            continue
        if all(lease.id != one["id"] for one in leases):
            missing[lease.id] = lease.minted.timestamp()
    return confirmed_gone(job, missing)


def _should_live(lease: Lease, now: datetime) -> bool:
    """Return whether the Secrets API should still list the lease."""
    return lease.kind == DYNAMIC_SECRET and (lease.expiration is None or lease.expiration > now)


def confirmed_gone(job: Job, missing: Mapping[str, float | None]) -> set[str]:
    """Return which of these leases have ended, after a list did not show them.

    Each is read by its ID, so that a list which lacks something costs no lease.

    :arg missing: when each was minted, in seconds since 1970, by its ID; None: not known.
    """
    if not missing:
        return set()
    client, ids = job.client(), sorted(missing)
    leases = gather_attempts(
        lambda lease_id: lease_by_id(client, lease_id, "lease_id", missing[lease_id]), ids, job.concurrency
    )
    return {lease_id for lease_id, lease in zip(ids, leases) if lease is None}


def gone_of_fresh(job: Job, steps: Sequence[Step]) -> tuple[set[str], list[str]]:
    """Return the leases that have ended though a plan would keep their Secrets, and warnings.

    An identity that may not list leases keeps its Secrets.
    """
    fresh = [(step.entry, step.found) for step in steps if step.action == KEEP]
    held = [(entry, secret) for entry, secret in fresh if entry and secret and entry.kind.has_api_leases]
    try:
        listed = listed_leases(job, [entry.path for entry, _secret in held])
        return gone_leases(job, held, listed), unlisted_words(listed, tolerated=(RefusedError,))
    except WorkloadCredentialsError as error:
        return set(), [f"Could not check whether the leases of fresh Secrets are active. {error}"]


def unlisted_words(listed: Listed, *, tolerated: tuple[type[Exception], ...] = ()) -> list[str]:
    """Return a sentence for each dynamic secret that exists and whose leases could not be listed.

    :arg tolerated: errors that are not worth a sentence.
    """
    return [
        f"{path}: its leases could not be listed. {error}"
        for path, error in listed.items()
        if isinstance(error, WorkloadCredentialsError) and not isinstance(error, (MissingError, *tolerated))
    ]


def warn_of_lost(job: Job, outcome: Outcome, entries: Sequence[Entry], *, is_sure: bool) -> None:
    """Warn of leases whose Secrets somebody else may have removed: nothing else leads to them.

    :arg entries: those that had no Secret.
    :arg is_sure: name only leases of the identity that minted those of other Secrets.
    """
    paths = [entry.path for entry in entries if entry.is_pushed and entry.kind.has_api_leases]
    if job.check_mode or not paths:
        return
    try:
        warn_of_unheld(job, outcome, listed_leases(job, paths), tolerated=(RefusedError,), is_sure=is_sure)
    except WorkloadCredentialsError as error:
        outcome.warnings.append(f"Could not check for leases whose Secrets are gone. {error}")


def warn_of_unheld(
    job: Job,
    outcome: Outcome,
    listed: Listed,
    *,
    tolerated: tuple[type[Exception], ...] = (),
    is_sure: bool = False,
) -> None:
    """Warn of leases of this identity that no Secret holds: a run may have died, or other work needs them.

    Say nothing of a dynamic secret for which the operator has noted no lease: Secrets may hold any of its leases.

    :arg listed: the leases of the entries' dynamic secrets.
    :arg tolerated: errors of listing that are not worth a sentence.
    :arg is_sure: name no lease where this identity is not known.
    """
    outcome.warnings.extend(unlisted_words(listed, tolerated=tolerated))
    if all(isinstance(leases, WorkloadCredentialsError) for leases in listed.values()):
        return
    try:
        secrets = _secrets(job)
        held = _leases_in(secrets) | _held_by_runs(job, outcome)
    except WorkloadCredentialsError as error:
        outcome.warnings.append(f"Could not check for leases that no Secret uses. {error}")
        return
    own = _leases_in([secret for secret in secrets if owner_of(secret) == job.owner])
    unclear = _paths_without_note(job, secrets)
    for path, leases in listed.items():
        if isinstance(leases, list) and path not in unclear:
            outcome.warnings.extend(_unheld_words(path, leases, held, own, is_sure=is_sure))


def _paths_without_note(job: Job, secrets: Iterable[ClusterObject]) -> set[str]:
    """Return the sources of entries whose lease the operator has not noted."""
    noted = {identity(secret) for secret in secrets if _operated_lease(secret)}
    return {entry.path for entry in job.operated if (entry.namespace, entry.name) not in noted}


def _unheld_words(
    path: str, leases: Sequence[Mapping[str, Any]], held: set[str], own: set[str], *, is_sure: bool
) -> list[str]:
    """Return a sentence about those of the leases that nobody holds, or none.

    :arg own: leases that this identity has minted, since this owner's Secrets hold them.
    """
    identities = creators(leases, own)
    if is_sure and not identities:
        return []
    unheld = [lease for lease in leases if lease["id"] not in held]
    if identities:
        # The service does not name the creator of each lease.
        unheld = [lease for lease in unheld if lease.get("created_by") in {*identities, None}]
    if not unheld:
        return []
    creator = "minted by the same identity as those that Secrets use" if identities else "which anybody may have minted"
    sentence = f"{path}: no Secret of this cluster uses these leases, {creator}: {named(unheld)}."
    return [f"{sentence} Other workloads may need them. {ending_words(unheld)}"]


def held_by_secrets(job: Job) -> set[str]:
    """Return the leases that Secrets of the role hold, in the whole cluster if this identity may list them."""
    return _leases_in(_secrets(job))


def _secrets(job: Job) -> Sequence[ClusterObject]:
    """Return the role's Secrets of all owners."""
    try:
        return secrets_of(job.cluster(), job.entries, everywhere=True)
    except ForbiddenError:
        return secrets_of(job.cluster(), job.entries, everywhere=False)


def _leases_in(secrets: Iterable[ClusterObject]) -> set[str]:
    leases: set[str] = set()
    for secret in secrets:
        pushed = lease_of(secret) if is_pushed(secret) else None
        if pushed is not None:
            leases.add(pushed.id)
        leases.add(_operated_lease(secret))
    return leases - {""}


def _operated_lease(secret: ClusterObject) -> str:
    """Return the ID of the lease that the operator has noted; "": none."""
    return noted_lease(annotations_of(secret), OPERATED_MARKS).id or ""


def _held_by_runs(job: Job, outcome: Outcome) -> set[str]:
    """Return the leases that living runs on this machine hold."""
    from .._core_internals import run_folder
    from .._leases.recovery import dead_runs

    own = job.notes_of(DYNAMIC_SECRET, None)
    if own is None:
        return set()
    with dead_runs(run_folder(), origin_of(job.client().settings), job.journal_dir(), own=own) as left:
        outcome.warnings.extend(left.warnings)
        others = left.others()
        return {*others.known, *others.foreign}
