# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Leases and Secrets that do not match: Secrets whose lease has ended, and leases that no Secret holds.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timezone
from typing import Any

from ...module_utils._api.concurrency import gather_attempts
from ...module_utils._api.errors import MissingError, WorkloadCredentialsError
from ...module_utils._api.paths import parse_path
from ...module_utils._credentials.lease import DYNAMIC_SECRET, Lease
from ...module_utils._credentials.source import origin_of
from ...module_utils._kube.errors import ForbiddenError
from ...module_utils._marks import OPERATED_MARKS
from ...module_utils._resources._parts.leases import creators, ending_words, lease_by_id, named
from ...module_utils._resources._parts.leases import listed_leases as leases_with_absence
from ...module_utils._resources._parts.visibility import RefusedError
from .entries import Entry
from .job import Job
from .outcome import Outcome
from .secrets import ClusterObject, annotations_of, identity, is_pushed, lease_of, owner_of, secrets_of
from .steps import KEEP, Step

Listed = Mapping[str, "list[dict[str, Any]] | WorkloadCredentialsError"]


def listed_leases(job: Job, paths: Iterable[str]) -> Listed:
    """The living leases of each of these dynamic secrets, or why they could not be listed.

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
    """The IDs of those leases that are no more.

    :arg held: entries that are pushed, with their Secrets.
    :arg listed: of their dynamic secrets.
    """
    missing = {
        lease.id: lease
        for lease, found in ((lease_of(secret), listed.get(entry.path)) for entry, secret in held)
        if lease and isinstance(found, list) and _is_missing(lease, {one["id"] for one in found})
    }
    return confirmed_gone(job, {name: lease.minted.timestamp() for name, lease in missing.items()})


def confirmed_gone(job: Job, missing: Mapping[str, float | None]) -> set[str]:
    """Those leases that are no more, of which a list does not show these.

    Each is asked for by its ID, so that a list which lacks something costs no lease.

    :arg missing: when each was minted, in seconds since 1970, by its ID; None: not known.
    """
    if not missing:
        return set()
    client, ids = job.client(), sorted(missing)
    found = gather_attempts(lambda one: lease_by_id(client, one, "lease_id", missing[one]), ids, job.concurrency)
    return {one for one, lease in zip(ids, found) if lease is None}


def gone_of_fresh(job: Job, steps: Sequence[Step]) -> tuple[set[str], list[str]]:
    """Those of the leases of Secrets that a plan would keep; and warnings. Who may not look keeps his Secrets."""
    held = [
        (step.entry, step.found)
        for step in steps
        if step.action == KEEP and step.entry and step.found and step.entry.source == DYNAMIC_SECRET
    ]
    try:
        listed = listed_leases(job, (entry.path for entry, _secret in held))
        return gone_leases(job, held, listed), unlisted_words(listed, tolerated=(RefusedError,))
    except WorkloadCredentialsError as error:
        return set(), [f"It was not looked whether the leases of fresh Secrets live. {error}"]


def _is_missing(lease: Lease, ids: Collection[str]) -> bool:
    is_over = lease.expiration is not None and lease.expiration <= datetime.now(timezone.utc)
    return lease.kind == DYNAMIC_SECRET and not is_over and lease.id not in ids


def unlisted_words(listed: Listed, *, tolerated: tuple[type[Exception], ...] = ()) -> list[str]:
    """A sentence for each dynamic secret whose leases could not be listed, though there is one.

    :arg tolerated: what is not worth a sentence.
    """
    return [
        f"{path}: its leases could not be listed. {error}"
        for path, error in listed.items()
        if isinstance(error, WorkloadCredentialsError) and not isinstance(error, (MissingError, *tolerated))
    ]


def warn_of_lost(job: Job, outcome: Outcome, entries: Sequence[Entry], *, is_sure: bool) -> None:
    """Warn of leases that Secrets may have held which somebody else has removed: nothing else leads to them.

    :arg entries: those that had no Secret.
    :arg is_sure: name only what the identity has minted that minted for Secrets.
    """
    paths = [entry.path for entry in entries if entry.is_pushed and entry.source == DYNAMIC_SECRET]
    if job.check_mode or not paths:
        return
    try:
        warn_of_unheld(job, outcome, listed_leases(job, paths), tolerated=(RefusedError,), is_sure=is_sure)
    except WorkloadCredentialsError as error:
        outcome.warnings.append(f"It was not looked whether leases live whose Secrets are gone. {error}")


def warn_of_unheld(
    job: Job,
    outcome: Outcome,
    listed: Listed,
    *,
    tolerated: tuple[type[Exception], ...] = (),
    is_sure: bool = False,
) -> None:
    """Warn of leases that this identity minted and that no Secret holds: a run may have died, or other work needs them.

    Where the operator has taken no note of its lease, nobody can tell which of them Secrets hold.

    :arg listed: the leases of the entries' dynamic secrets.
    :arg tolerated: errors of those that could not be listed which are not worth a sentence.
    :arg is_sure: name nothing where it is not known who this identity is.
    """
    outcome.warnings.extend(unlisted_words(listed, tolerated=tolerated))
    leases = {path: found for path, found in listed.items() if isinstance(found, list)}
    if not leases:
        return
    try:
        secrets = _secrets(job)
        held = _leases_in(secrets) | _held_by_runs(job, outcome)
    except WorkloadCredentialsError as error:
        outcome.warnings.append(f"It was not looked whether leases live that no Secret holds. {error}")
        return
    noted = {identity(one) for one in secrets if annotations_of(one).get(OPERATED_MARKS[0])}
    unknown = {entry.path for entry in job.operated if (entry.namespace, entry.name) not in noted}
    own = _leases_in(one for one in secrets if owner_of(one) == job.owner)
    for path, found in leases.items():
        if path in unknown:
            continue
        loose = [lease for lease in found if lease["id"] not in held]
        mine = creators(found, own)
        if mine or not is_sure:
            _warn(outcome, path, loose, mine)


def _warn(outcome: Outcome, path: str, loose: list[dict[str, Any]], mine: set[Any]) -> None:
    def is_mine(lease: Mapping[str, Any]) -> bool:
        return not mine or lease.get("created_by") in {*mine, None}

    own = [lease for lease in loose if is_mine(lease)]
    if own:
        # Whose leases these are is known from the leases that Secrets hold.
        by = "minted by the same identity as those that Secrets hold" if mine else "whoever minted them"
        outcome.warnings.append(
            f"{path}: no Secret of this cluster holds these leases, {by}: {named(own)}. Other work may need them. "
            f"{ending_words(own)}"
        )


def held_by_secrets(job: Job) -> set[str]:
    """The leases that Secrets of the role hold, of the whole cluster where that can be seen."""
    return _leases_in(_secrets(job))


def _secrets(job: Job) -> Sequence[ClusterObject]:
    """The role's Secrets, whoever their owner is."""
    try:
        return secrets_of(job.cluster(), job.entries, everywhere=True)
    except ForbiddenError:
        return secrets_of(job.cluster(), job.entries, everywhere=False)


def _leases_in(secrets: Iterable[ClusterObject]) -> set[str]:
    seen = list(secrets)
    pushed = [lease_of(one) for one in seen if is_pushed(one)]
    return {lease.id for lease in pushed if lease} | {
        annotations_of(one).get(OPERATED_MARKS[0], "") for one in seen
    } - {""}


def _held_by_runs(job: Job, outcome: Outcome) -> set[str]:
    """Those that living runs on this machine hold."""
    from .._core_internals import run_folder
    from .._leases.recovery import dead_runs

    own = job.notes_of(DYNAMIC_SECRET, None)
    if own is None:
        return set()
    with dead_runs(run_folder(), origin_of(job.client().settings), job.journal_dir(), own=own) as left:
        outcome.warnings.extend(left.warnings)
        others = left.others()
        return {*others.known, *others.foreign}
