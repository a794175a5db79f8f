# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ending many leases: each is tried, whatever happens to the others, and what became of each is known.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from ansible_collections.community.workload_credentials.plugins.module_utils._api.client import Client
from ansible_collections.community.workload_credentials.plugins.module_utils._api.concurrency import side_by_side
from ansible_collections.community.workload_credentials.plugins.module_utils._api.errors import (
    RequestError,
    WorkloadCredentialsError,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._api.own_writes import Written
from ansible_collections.community.workload_credentials.plugins.module_utils._resources._parts.leases import (
    ListedLease,
    freshness,
    lease_by_id,
    named,
    revocation,
)

# What can become of a lease.
REVOKED, NOT_REVOCABLE, REFUSED, UNKNOWN = "revoked", "not revocable", "refused", "unknown"

_NOT_KNOWN = "The service has not known this lease since it was minted; it ends with its expiration at the latest."


@dataclass(frozen=True)
class Ended:
    """What became of a lease.

    :arg lease: ``id`` and ``expiration``; ``minted``, in seconds since 1970, if that is known.
    :arg how: one of REVOKED, NOT_REVOCABLE, REFUSED, and UNKNOWN: no answer came, and it could not be read either.
    :arg reason: of the latter two.
    """

    lease: ListedLease
    how: str
    reason: str = ""


def end_leases(client: Client, leases: Sequence[ListedLease]) -> list[Ended]:
    """What became of each lease, in their order; nothing is raised but for wrong IDs.

    :arg leases: each with ``id`` and ``expiration``; those with ``revocable`` false are not asked for.
    :raises OptionError: an ID is none, before anything is sent.
    """
    for lease in leases:
        revocation(lease["id"])
    return side_by_side(lambda lease: _end(client, lease), leases)


def never_known(lease: ListedLease) -> Ended:
    """What became of a lease that the service has not known since it was minted a moment ago."""
    return Ended(lease, UNKNOWN, _NOT_KNOWN)


def revoked_ids(ended: Sequence[Ended]) -> list[str]:
    """The IDs of those that have ended."""
    return [one.lease["id"] for one in ended if one.how == REVOKED]


def staying_words(ended: Sequence[Ended]) -> str:
    """A sentence about those that only expire, with every ID; "" where there are none."""
    staying = [one.lease for one in ended if one.how == NOT_REVOCABLE]
    return f"These leases cannot be revoked and end only with their expiration: {named(staying)}." if staying else ""


def refused_words(ended: Sequence[Ended]) -> str:
    """Sentences about those that should have ended and may live on, with the reasons; "" where there are none."""
    said: list[str] = []
    for how, words in (
        (REFUSED, "Leases that may live on"),
        (UNKNOWN, "Leases that may have been revoked, or live on"),
    ):
        some = [one for one in ended if one.how == how]
        if some:
            said.append(f"{words}: {named([one.lease for one in some])}.")
            said.extend(dict.fromkeys(one.reason for one in some))
    return " ".join(said)


def account(ended: Sequence[Ended]) -> str:
    """What became of all of them, in sentences with every ID, as the only record of what was done before a failure."""
    revoked = [one.lease for one in ended if one.how == REVOKED]
    done = f"Revoked: {named(revoked)}." if revoked else ""
    return " ".join(filter(None, (refused_words(ended), staying_words(ended), done)))


def _end(client: Client, lease: ListedLease) -> Ended:
    if lease.get("revocable") is False:
        return Ended(lease, NOT_REVOCABLE)
    try:
        ended = _revoked(client, lease)
    except RequestError as error:
        if getattr(error, "code", "") == "lease_not_revocable":
            return Ended(lease, NOT_REVOCABLE)
        ended = _settled(client, lease, error)
    except WorkloadCredentialsError as error:
        return Ended(lease, REFUSED, str(error))
    if ended.how == REVOKED:
        client.writes.note(Written("leases", lease["id"], gone=True))
    return ended


def _revoked(client: Client, lease: ListedLease) -> Ended:
    """Revoke a lease; one that the service does not know has gone, unless it was minted a moment ago.

    :raises WorkloadCredentialsError: it was not revoked, or no clear answer came.
    """
    request = revocation(lease["id"])
    age = freshness(client, lease["id"], _minted(lease))
    waits = age.pauses()
    while not client.remove(request):
        pause = next(waits, None)
        if pause is None:
            return never_known(lease) if age.is_sure else Ended(lease, REVOKED)
        time.sleep(pause)
    return Ended(lease, REVOKED)


def _minted(lease: ListedLease) -> float | None:
    """When it was minted, as ``freshness`` takes it: what the service has shown it knows."""
    return 0.0 if lease.get("created_at") else lease.get("minted")


def _settled(client: Client, lease: ListedLease, error: RequestError) -> Ended:
    """A revocation without a clear answer: the lease is looked up, and the request not repeated (design, section 7)."""
    if not getattr(error, "ambiguous", False):
        return Ended(lease, REFUSED, str(error))
    try:
        gone = lease_by_id(client, lease["id"], "lease_id", _minted(lease)) is None
    except WorkloadCredentialsError:
        said = f"{error} The request is not repeated, and whether the lease lives could not be read."
        return Ended(lease, UNKNOWN, said)
    return Ended(lease, REVOKED) if gone else Ended(lease, REFUSED, f"{error} The request is not repeated.")
