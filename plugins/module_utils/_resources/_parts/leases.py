# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Leases: finding, describing and ending them."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..._api.client import Client
from ..._api.concurrency import run_concurrently
from ..._api.errors import ConflictError, OptionError, RequestError, StateError, WorkloadCredentialsError
from ..._api.own_writes import WINDOW, Written, pauses, wait_for_next
from ..._api.paths import ResourcePath
from ..._api.request import Replay, Request, item
from ..._api.text import one_line
from ..._api.times import in_utc, seconds_left
from ..._providers import revocable as provider_revokes
from .view import view
from .visibility import listed, listed_path

# A lease with the keys for users: ``id``, ``expiration`` and more.
ListedLease = Mapping[str, Any]


def lease_path(lease_id: str, option: str) -> str:
    """Return the path of one lease below the site's address.

    :raises OptionError: the ID is not a UUID.
    """
    try:
        return f"/leases/id/{uuid.UUID(lease_id)}"
    except ValueError:
        raise OptionError(option, f"{lease_id!r} is not the ID of a lease, which is a UUID.") from None


def revocation(lease_id: str) -> Request:
    """Return the request that ends a lease early."""
    return Request("DELETE", lease_path(lease_id, "lease_id"), replay=Replay.NEVER)


def leases_below(client: Client, entries: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the active leases of these listed dynamic secrets, in their order, each with ``dynamic_secret_path``."""
    paths = list(map(listed_path, entries))
    leases_of_each = run_concurrently(lambda path: living_leases(client, path), paths)
    result = []
    for path, leases in zip(paths, leases_of_each):
        result += [{**lease, "dynamic_secret_path": str(path)} for lease in leases]
    return result


def living_leases(client: Client, path: ResourcePath) -> list[dict[str, Any]]:
    """Return the active leases of a dynamic secret, each with ``id``, ``expiration``, ``seconds_left`` and its type.

    There are none if the dynamic secret does not exist. The list is read again until it shows what this run has just
    minted.

    :raises RefusedError: this token may not list them, or the dynamic secret may not exist.
    """
    return listed_leases(client, path)[0]


def listed_leases(client: Client, path: ResourcePath) -> tuple[list[dict[str, Any]], tuple[str, ...], str]:
    """Return the active leases, a sentence if the dynamic secret does not exist, and one about new leases ("": none).

    New are leases that this run has just minted and that the list does not show yet.
    """
    expected = client.writes.recent_leases(str(path))
    waits = pauses(max((trace.at for trace in expected.values()), default=0.0))
    while True:
        entries, missing = listed(client, item("GET", "leases", path), ("dynamic", path))
        leases = [_with_time_left(view(entry)) for entry in entries]
        unlisted = expected.keys() - {client.writes.name_of("leases", lease["id"]) for lease in leases}
        if not unlisted or not wait_for_next(waits):
            return leases, missing, _unlisted_message(path, [expected[name].expiration for name in unlisted])


def _unlisted_message(path: ResourcePath, expirations: Sequence[str | None]) -> str:
    if not expirations:
        return ""
    until = ", ".join(sorted(_until({"expiration": expiration}) for expiration in expirations))
    return (
        f"{path}: {len(expirations)} of its leases were minted a moment ago, and the service does not show them yet "
        f"(until {until}). Repeat the task, or name them with lease_id."
    )


def in_use(error: RequestError, leases: Callable[[], Sequence[ListedLease]]) -> WorkloadCredentialsError:
    """Return the error for a deletion that active leases prevent, with these leases.

    :arg leases: lists them.
    """
    if not isinstance(error, ConflictError) or error.code != "dynamic_secret_in_use":
        return error
    try:
        active = leases()
    except WorkloadCredentialsError:
        # This token may not list them.
        return error
    return StateError(f"{error} These leases are active: {named(active)}.") if active else error


def just_minted(client: Client, lease_id: str) -> dict[str, Any] | None:
    """Return what this run knows of a lease that it has just minted and not ended; None: it has not."""
    trace = client.writes.of("leases", lease_id)
    if trace is None or not freshness(client, lease_id).is_sure:
        return None
    return {"id": lease_id, "expiration": trace.expiration, "seconds_left": seconds_left(trace.expiration)}


def lease_by_id(client: Client, lease_id: str, option: str, minted: float | None = None) -> dict[str, Any] | None:
    """Return one lease with all its details; None: it has expired, was revoked or never existed.

    :arg minted: when, in seconds since 1970, if that is known.
    """
    request = Request("GET", lease_path(lease_id, option))
    waits = freshness(client, lease_id, minted).pauses()
    answer = client.find(request)
    while answer is None:
        if not wait_for_next(waits):
            return None
        answer = client.find(request)
    lease = view(answer)
    metadata = lease.pop("metadata", None) or {}
    return _with_time_left({**metadata, **lease, "id": lease_id})


@dataclass(frozen=True)
class Freshness:
    """The age of a lease, which the service may not know until two seconds after it was minted.

    The vendor's Terraform provider waits for so long.

    :arg since: the latest time at which it may have been minted, in seconds since 1970.
    :arg is_sure: it was minted just now, so it is active even if the service does not know it.
    """

    since: float
    is_sure: bool

    def pauses(self) -> Iterator[float]:
        """Yield the pauses between reads while the service may not know the lease yet."""
        return pauses(self.since)


def freshness(client: Client, lease_id: str, minted: float | None = None) -> Freshness:
    """Return a lease's age, from what this run has done or when it was minted; if unknown, it may be new.

    :arg minted: in seconds since 1970, if that is known; 0: the service has shown it.
    """
    trace = client.writes.of("leases", lease_id)
    if trace is not None and trace.gone:
        return Freshness(0.0, is_sure=False)
    if minted is None:
        if trace is None:
            return Freshness(time.time(), is_sure=False)
        minted = trace.at
    return Freshness(minted, is_sure=time.time() - minted < WINDOW)


def lease_id_of(credentials: Mapping[str, Any]) -> str | None:
    """Return the ID of the credentials' lease; None: the service named none."""
    return credentials.get("leaseId") or None


def is_lease_id(lease_id: str | None) -> bool:
    """Return whether a request can name the lease."""
    try:
        return bool(uuid.UUID(lease_id or ""))
    except ValueError:
        return False


def unending(path: ResourcePath, credentials: Mapping[str, Any]) -> str | None:
    """Return a warning if credentials name no lease that could be ended; None: they do."""
    if is_lease_id(lease_id_of(credentials)):
        return None
    until = _until(credentials)
    return (
        f"{path}: the service returned no lease ID for the credentials that it generated, so they cannot be revoked "
        f"before they expire ({until})."
    )


def revocable(lease: Mapping[str, Any]) -> bool:
    """Return whether the provider can end the lease early."""
    return provider_revokes(lease.get("dynamic_secret_type"))


def creators(leases: Iterable[Mapping[str, Any]], ids: Collection[str]) -> set[Any]:
    """Return who minted the leases with these IDs, as far as the service says."""
    return {lease.get("created_by") for lease in leases if lease["id"] in ids} - {None}


def named(leases: Sequence[Mapping[str, Any]]) -> str:
    """Return all leases as part of a sentence, which may be the only record of their IDs."""
    return ", ".join(f"{lease['id']} (until {_until(lease)})" for lease in leases)


def ending_words(leases: Sequence[Mapping[str, Any]]) -> str:
    """Return a sentence with the command that ends them."""
    # Nothing but a UUID may get into a shell.
    ids = [str(lease["id"]) for lease in leases if revocable(lease) and is_lease_id(lease["id"])]
    if not ids:
        return "They cannot be revoked, and are valid until they expire."
    return f"To revoke them, run: ansible localhost -m community.workload_credentials.lease -a lease_id={','.join(ids)}"


def _until(lease: Mapping[str, Any]) -> str:
    expiration = lease.get("expiration")
    return one_line(in_utc(expiration) or "unknown", 100)


def _with_time_left(lease: dict[str, Any]) -> dict[str, Any]:
    until = {key: in_utc(lease[key]) for key in ("expiration",) if key in lease}
    return {**lease, **until, "seconds_left": seconds_left(lease.get("expiration"))}


# The outcomes of ending a lease.
REVOKED, NOT_REVOCABLE, REFUSED, UNKNOWN = "revoked", "not revocable", "refused", "unknown"

_NOT_KNOWN = "The service does not know this new lease yet; it expires at its expiration at the latest."


@dataclass(frozen=True)
class Ended:
    """The outcome of ending a lease.

    :arg lease: ``id`` and ``expiration``; ``minted``, in seconds since 1970, if that is known.
    :arg how: REVOKED, NOT_REVOCABLE, REFUSED, or UNKNOWN: no answer came, and the lease could not be read either.
    :arg reason: of REFUSED and UNKNOWN.
    """

    lease: ListedLease
    how: str
    reason: str = ""


def end_leases(client: Client, leases: Sequence[ListedLease]) -> list[Ended]:
    """End the leases and return the outcomes, in their order.

    :arg leases: each with ``id`` and ``expiration``; nothing is sent for those with ``revocable`` false.
    :raises OptionError: an ID is not a UUID; nothing has been sent then.
    """
    for lease in leases:
        revocation(lease["id"])
    return run_concurrently(lambda lease: _end(client, lease), leases)


def never_known(lease: ListedLease) -> Ended:
    """Return the outcome for a new lease that the service does not know yet."""
    return Ended(lease, UNKNOWN, _NOT_KNOWN)


def revoked_ids(ended: Sequence[Ended]) -> list[str]:
    """Return the IDs of the leases that have ended."""
    return [outcome.lease["id"] for outcome in ended if outcome.how == REVOKED]


def staying_words(ended: Sequence[Ended]) -> str:
    """Return a sentence about leases that only expire, with every ID; "": there are none."""
    staying = [outcome.lease for outcome in ended if outcome.how == NOT_REVOCABLE]
    return f"These leases cannot be revoked and are valid until they expire: {named(staying)}." if staying else ""


def refused_words(ended: Sequence[Ended]) -> str:
    """Return sentences about leases that should have ended and may live on, with the reasons; "": there are none."""
    sentences: list[str] = []
    for how, words in (
        (REFUSED, "Leases that may still be active"),
        (UNKNOWN, "Leases that may have been revoked, or are still active"),
    ):
        some = [outcome for outcome in ended if outcome.how == how]
        if some:
            sentences.append(f"{words}: {named([outcome.lease for outcome in some])}.")
            sentences.extend(dict.fromkeys(outcome.reason for outcome in some))
    return " ".join(sentences)


def account(ended: Sequence[Ended]) -> str:
    """Return all outcomes in sentences with every ID, the only record of what was done before a failure."""
    revoked = [outcome.lease for outcome in ended if outcome.how == REVOKED]
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
        ended = _resolved(client, lease, error)
    except WorkloadCredentialsError as error:
        return Ended(lease, REFUSED, str(error))
    if ended.how == REVOKED:
        client.writes.note(Written("leases", lease["id"], gone=True))
    return ended


def _revoked(client: Client, lease: ListedLease) -> Ended:
    """Revoke a lease; one that the service does not know has ended, unless it is new.

    :raises WorkloadCredentialsError: it was not revoked, or no clear answer came.
    """
    request = revocation(lease["id"])
    age = freshness(client, lease["id"], _minted(lease))
    waits = age.pauses()
    while not client.remove(request):
        if not wait_for_next(waits):
            return never_known(lease) if age.is_sure else Ended(lease, REVOKED)
    return Ended(lease, REVOKED)


def _minted(lease: ListedLease) -> float | None:
    """Return when it was minted, for ``freshness``; 0: the service has shown it, so it knows it."""
    return 0.0 if lease.get("created_at") else lease.get("minted")


def _resolved(client: Client, lease: ListedLease, error: RequestError) -> Ended:
    """Return the outcome of a failed revocation: read the lease, and do not repeat the request (design, section 7)."""
    if not getattr(error, "ambiguous", False):
        return Ended(lease, REFUSED, str(error))
    try:
        gone = lease_by_id(client, lease["id"], "lease_id", _minted(lease)) is None
    except WorkloadCredentialsError:
        reason = f"{error} The request is not repeated, and the lease could not be read."
        return Ended(lease, UNKNOWN, reason)
    return Ended(lease, REVOKED) if gone else Ended(lease, REFUSED, f"{error} The request is not repeated.")
