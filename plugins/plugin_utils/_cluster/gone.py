# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Leases that Secrets hold and that have ended before their time: one list of each dynamic secret shows them.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timezone
from typing import Any

from ansible_collections.community.workload_credentials.plugins.module_utils._api.concurrency import attempts
from ansible_collections.community.workload_credentials.plugins.module_utils._api.errors import (
    MissingError,
    WorkloadCredentialsError,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._api.paths import parse_path
from ansible_collections.community.workload_credentials.plugins.module_utils._credentials.lease import (
    DYNAMIC_SECRET,
    Lease,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._resources._parts.leases import (
    lease_by_id,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._resources._parts.leases import (
    listed_leases as leases_with_absence,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._resources._parts.visibility import (
    RefusedError,
)
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.entries import Entry
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.job import Job
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.marks import Found, lease_of
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.plan import GONE, KEEP, Step
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.status import Status

_DEAD = "its lease lives no more: it was revoked, or has expired"
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

    return dict(zip(wanted, attempts(look, wanted, job.concurrency)))


def gone_leases(job: Job, held: Sequence[tuple[Entry, Found]], listed: Listed) -> set[str]:
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
    found = attempts(lambda one: lease_by_id(client, one, "lease_id", missing[one]), ids, job.concurrency)
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


def with_living_leases(job: Job, found: Sequence[Status], listed: Listed) -> list[Status]:
    """The states, where a lease that a Secret holds has ended too."""
    dead = confirmed_gone(job, _unlisted(found, listed))
    found = [replace(one, problem=_DEAD) if one.lease in dead and not one.problem else one for one in found]
    held = [(one.entry, one.found) for one in found if one.entry.is_pushed and one.found and not one.problem]
    gone = gone_leases(job, held, listed)
    return [
        replace(one, problem=f"{GONE}: push it again")
        if one.found and one.entry.is_pushed and not one.problem and (lease := lease_of(one.found)) and lease.id in gone
        else one
        for one in found
    ]


def _unlisted(states: Sequence[Status], listed: Listed) -> dict[str, float | None]:
    """The leases of what the operator delivers that their lists do not show."""
    found: dict[str, float | None] = {}
    for one in states:
        leases = None if one.entry.is_pushed or one.problem else listed.get(one.entry.path)
        if isinstance(leases, list) and one.lease and one.lease not in {lease["id"] for lease in leases}:
            found[one.lease] = None
    return found


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
