# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Leases: how they are found, shown and ended."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..._api.client import Client
from ..._api.concurrency import run_concurrently
from ..._api.errors import ConflictError, OptionError, RequestError, StateError, WorkloadCredentialsError
from ..._api.own_writes import WINDOW, Written, pauses
from ..._api.paths import ResourcePath
from ..._api.request import Replay, Request, item
from ..._api.text import one_line
from ..._api.times import parse_time, seconds_left, written
from ..._providers import revocable as provider_revokes
from .view import view
from .visibility import listed, listed_path

# A lease as users see it: ``id``, ``expiration`` and more.
ListedLease = Mapping[str, Any]


def lease_path(lease_id: str, option: str) -> str:
    """The path of one lease below the site's address.

    :raises OptionError: not a UUID.
    """
    try:
        return f"/leases/id/{uuid.UUID(lease_id)}"
    except ValueError:
        raise OptionError(option, f"{lease_id!r} is not a lease's ID, which is a UUID.") from None


def revocation(lease_id: str) -> Request:
    """The request that ends a lease early."""
    return Request("DELETE", lease_path(lease_id, "lease_id"), replay=Replay.NEVER)


def leases_below(client: Client, entries: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The living leases of these listed dynamic secrets, in their order, each with its ``dynamic_secret_path``."""
    paths = [listed_path(entry) for entry in entries]
    found = run_concurrently(lambda path: living_leases(client, path), paths)
    return [{**lease, "dynamic_secret_path": str(path)} for path, leases in zip(paths, found) for lease in leases]


def living_leases(client: Client, path: ResourcePath) -> list[dict[str, Any]]:
    """The living leases of a dynamic secret, each with ``id``, ``expiration``, ``seconds_left`` and its type.

    None where there is no such dynamic secret. A list may not show yet what this run has just minted, so it is asked
    for again until it does.

    :raises RefusedError: they may not be listed, or there may be no such dynamic secret.
    """
    return listed_leases(client, path)[0]


def listed_leases(client: Client, path: ResourcePath) -> tuple[list[dict[str, Any]], tuple[str, ...], str]:
    """The same, a sentence where there is no such dynamic secret, and one about leases that are not shown yet or ""."""
    expected = client.writes.recent_leases(str(path))
    waits = pauses(max((one.at for one in expected.values()), default=0.0))
    while True:
        entries, missing = listed(client, item("GET", "leases", path), ("dynamic", path))
        found = [_with_time_left(view(entry)) for entry in entries]
        unseen = expected.keys() - {client.writes.name_of("leases", lease["id"]) for lease in found}
        pause = next(waits, None) if unseen else None
        if pause is None:
            return found, missing, _unseen_words(path, [expected[one].expiration for one in sorted(unseen)])
        time.sleep(pause)


def _unseen_words(path: ResourcePath, expirations: Sequence[str | None]) -> str:
    """A sentence about leases that this run has minted a moment ago, and that the service does not list; "": none."""
    if not expirations:
        return ""
    until = ", ".join(sorted(_until({"expiration": one}) for one in expirations))
    return (
        f"{path}: {len(expirations)} of its leases were minted a moment ago, and the service does not show them yet "
        f"(until {until}). Repeat the task, or name them with lease_id."
    )


def in_use(error: RequestError, leases: Callable[[], Sequence[ListedLease]]) -> WorkloadCredentialsError:
    """The error of a deletion that leases are in the way of, with until when they are.

    :arg leases: lists them.
    """
    if not isinstance(error, ConflictError) or error.code != "dynamic_secret_in_use":
        return error
    try:
        found = leases()
    except WorkloadCredentialsError:
        # Who may not list them learns no more.
        found = ()
    return StateError(f"{error} These leases are active: {named(found)}.") if found else error


def just_minted(client: Client, lease_id: str) -> dict[str, Any] | None:
    """What this run knows of a lease that it minted a moment ago and has not ended; None: it is none of these."""
    trace = client.writes.of("leases", lease_id)
    if trace is None or not freshness(client, lease_id).is_sure:
        return None
    return {"id": lease_id, "expiration": trace.expiration, "seconds_left": seconds_left(trace.expiration)}


def lease_by_id(client: Client, lease_id: str, option: str, minted: float | None = None) -> dict[str, Any] | None:
    """One lease in the same form, with what its own page adds; None: expired, revoked or never there.

    :arg minted: when, in seconds since 1970, if that is known.
    """
    request = Request("GET", lease_path(lease_id, option))
    waits = freshness(client, lease_id, minted).pauses()
    while (found := client.find(request)) is None:
        pause = next(waits, None)
        if pause is None:
            return None
        time.sleep(pause)
    shown = view(found)
    metadata = shown.pop("metadata", None) or {}
    return _with_time_left({**metadata, **shown, "id": lease_id})


@dataclass(frozen=True)
class Freshness:
    """Whether the service may not know a lease yet.

    It knows one up to two seconds after it was minted (the vendor's Terraform provider asks for so long).

    :arg since: when it was minted, or may have been at the latest, in seconds since 1970.
    :arg is_sure: it was minted a moment ago, so that it lives though the service does not know it.
    """

    since: float
    is_sure: bool

    def pauses(self) -> Iterator[float]:
        """Pauses for which a lease that the service does not know may still become known to it."""
        return pauses(self.since)


def freshness(client: Client, lease_id: str, minted: float | None = None) -> Freshness:
    """What is known of a lease's age: by what this run has done, else by when it was minted.

    Where neither is known, it may have been minted just now.

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
    """The ID of the lease behind generated credentials; None: the service named none."""
    return credentials.get("leaseId") or None


def is_lease_id(lease_id: str | None) -> bool:
    """Whether a request can name the lease."""
    try:
        return bool(uuid.UUID(lease_id or ""))
    except ValueError:
        return False


def unending(path: ResourcePath, credentials: Mapping[str, Any]) -> str | None:
    """A warning where generated credentials name no lease that could be ended; None: they do."""
    if is_lease_id(lease_id_of(credentials)):
        return None
    until = _until(credentials)
    return (
        f"{path}: the service named no lease for the credentials that it generated, so nothing can end this lease "
        f"before its expiration ({until})."
    )


def revocable(lease: Mapping[str, Any]) -> bool:
    """Whether the provider can end it early."""
    return provider_revokes(lease.get("dynamic_secret_type"))


def creators(leases: Iterable[Mapping[str, Any]], ids: Collection[str]) -> set[Any]:
    """Who minted those of the leases that have these IDs, as far as the service says."""
    return {lease.get("created_by") for lease in leases if lease["id"] in ids} - {None}


def named(leases: Sequence[Mapping[str, Any]]) -> str:
    """Leases in a sentence: all IDs, as the sentence may be their only record, with their expirations."""
    return ", ".join(f"{lease['id']} (until {_until(lease)})" for lease in leases)


def ending_words(leases: Sequence[Mapping[str, Any]]) -> str:
    """A sentence with the command that ends them, as it is typed."""
    # What is no UUID is nothing for a shell.
    ids = [str(lease["id"]) for lease in leases if revocable(lease) and is_lease_id(lease["id"])]
    if not ids:
        return "They end only with their expiration."
    return f"This ends them: ansible localhost -m community.workload_credentials.lease -a lease_id={','.join(ids)}"


def _until(lease: Mapping[str, Any]) -> str:
    expiration = lease.get("expiration")
    return written(parse_time(expiration)) or one_line(expiration or "unknown", 100)


def _with_time_left(lease: dict[str, Any]) -> dict[str, Any]:
    return {**lease, "seconds_left": seconds_left(lease.get("expiration"))}


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
    return run_concurrently(lambda lease: _end(client, lease), leases)


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
