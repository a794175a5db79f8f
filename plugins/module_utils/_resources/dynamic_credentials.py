# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Dynamic credentials, which a dynamic secret generates, one lease at a time."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, timezone
from typing import Any

from .._api.client import Client
from .._api.errors import (
    DeniedError,
    MayExistError,
    MissingError,
    NotFoundError,
    RequestError,
    StateError,
    WorkloadCredentialsError,
)
from .._api.own_writes import pauses, wait_for_next
from .._api.paths import ResourcePath, parse_path
from .._api.request import Replay, Request, item
from .._api.text import one_line
from .._api.times import NO_TIME, in_utc, parse_time, seconds_left, written
from .._change import Change, assumed
from .._providers import PROVIDERS, Provider, documented
from .._spec import CONNECTION, Spec
from ._parts.finding import absence, present
from ._parts.leases import is_lease_id, lease_by_id, lease_id_of, living_leases, named, unending
from ._parts.view import no_value
from ._parts.visibility import ABSENT, refused, search

# Stands for a lease in check mode.
NO_LEASE_ID = "00000000-0000-0000-0000-000000000000"
_MAY_EXIST = "may exist nevertheless"
_NO_LEASE = {"leaseId": NO_LEASE_ID, "expiration": NO_TIME}


def plan(_found: None, parameters: Mapping[str, Any]) -> Change:
    """Return the change that mints one more lease; check mode returns placeholders with the right keys."""
    path = parse_path(parameters["path"], "path")
    return Change(
        requests=(generation(path),),
        dry_run=lambda client: _predicted(client, path),
        outcome=lambda client, answers: _outcome(client, path, answers[0]["secret"]),
        explain=lambda client, error: explained(client, path, error),
    )


def generation(path: ResourcePath) -> Request:
    """Return the request that mints a lease."""
    return item("POST", "dynamic", path, "generate", replay=Replay.NEVER)


def generate(client: Client, path: ResourcePath, ttl: int | None = None) -> dict[str, Any]:
    """Mint one lease and return the credentials, with the document's keys and an expiration.

    :arg ttl: of the definition, in seconds, if it is known.
    :raises MayExistError: a lease may have been minted.
    :raises WorkloadCredentialsError: none was minted.
    """
    try:
        secret = client.send(generation(path))["secret"]
    except RequestError as error:
        raise explained(client, path, error) from None
    return _completed(client, path, secret, ttl)


def placeholder(provider: Callable[[], Provider]) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return placeholders for credentials, and warnings; nothing is minted.

    A missing definition may be of any provider, so there are the keys of all, and a warning.

    :arg provider: returns the provider of the definition.
    :raises StateError: the provider is not known.
    """
    try:
        return no_credentials(provider()), ()
    except MissingError as error:
        return no_credentials(*PROVIDERS.values()), (assumed(str(error)),)


def _predicted(client: Client, path: ResourcePath) -> dict[str, Any]:
    credentials, warnings = placeholder(lambda: definition(client, path)[0])
    return {**result(credentials), "warnings": warnings}


def definition(client: Client, path: ResourcePath) -> tuple[Provider, int | None]:
    """Return the provider of a definition, and the life of its credentials in seconds.

    :raises MissingError: there is no such definition.
    :raises StateError: its provider is not known.
    """
    secret = present(client, "dynamic", path)
    return _provider(path, secret), (secret.get("config") or {}).get("ttl")


def _provider(path: ResourcePath, secret: Mapping[str, Any]) -> Provider:
    kind = (secret.get("config") or {}).get("type")
    provider = PROVIDERS.get(str(kind))
    if provider is None:
        name = one_line(repr(kind), 100)
        raise StateError(f"{path}: its type is {name}, and the form of such credentials is not known.")
    return provider


def no_credentials(*providers: Provider) -> dict[str, str]:
    """Return placeholders for all credentials of the providers."""
    credentials = dict(_NO_LEASE)
    for provider in providers:
        credentials.update({key: no_value(key) for key in provider.generated})
    return credentials


def may_be_revocable(credentials: Mapping[str, Any]) -> bool:
    """Return whether these credentials, or placeholders, may have a lease that can be ended early."""
    return any(one.revocable and credentials.keys() >= set(one.generated) for one in PROVIDERS.values())


def result(credentials: Mapping[str, Any]) -> dict[str, Any]:
    """Return the module's return values."""
    return {
        "credentials": dict(credentials),
        "lease_id": lease_id_of(credentials),
        "expiration": credentials.get("expiration"),
        "seconds_left": seconds_left(credentials.get("expiration")),
    }


def _completed(client: Client, path: ResourcePath, secret: Mapping[str, Any], ttl: int | None = None) -> dict[str, Any]:
    """Return the credentials with the document's keys and their expiration in UTC, whatever the service leaves out.

    Azure's may have other keys and no expiration, which then comes from the lease or the definition.
    """
    minted, credentials = datetime.now(timezone.utc), dict[str, Any](documented(secret))
    lease_id = lease_id_of(credentials)
    expiration = credentials.get("expiration") or _expiration_of(client, lease_id)
    expiration = in_utc(expiration or _expiration_by_ttl(client, path, minted, ttl))
    if expiration:
        credentials["expiration"] = expiration
    if is_lease_id(lease_id):
        client.writes.note_lease(str(path), str(lease_id), expiration)
    return credentials


def _expiration_of(client: Client, lease_id: str | None) -> str | None:
    """Return the lease's expiration; None: the lease does not exist or may not be read."""
    if not is_lease_id(lease_id):
        return None
    try:
        lease = lease_by_id(client, str(lease_id), "lease_id")
    except WorkloadCredentialsError:
        return None
    return (lease or {}).get("expiration")


def _expiration_by_ttl(client: Client, path: ResourcePath, minted: datetime, ttl: int | None) -> str | None:
    """Return when credentials of this definition expire at the latest; None: it may not be read."""
    try:
        seconds = ttl or definition(client, path)[1]
    except WorkloadCredentialsError:
        return None
    return written(minted + timedelta(seconds=seconds)) if seconds else None


def _outcome(client: Client, path: ResourcePath, secret: Mapping[str, Any]) -> dict[str, Any]:
    credentials = _completed(client, path, secret)
    warning = unending(path, credentials)
    return {**result(credentials), "warnings": [warning] if warning else []}


def explained(client: Client, path: ResourcePath, error: RequestError) -> WorkloadCredentialsError:
    """Return the error for a generate request, with the next step and the leases that it may have left."""
    try:
        if isinstance(error, NotFoundError):
            return StateError(absence(client, "dynamic", path))
        if isinstance(error, DeniedError):
            return _refused(client, path, error)
        if getattr(error, "ambiguous", True):
            return MayExistError(
                f"{error} The request is not repeated, since a lease of {path} {_MAY_EXIST}. "
                f"{_candidates(client, path)}"
            )
    except WorkloadCredentialsError:
        # Nothing more could be read, so the first error has to do.
        pass
    return error


def _refused(client: Client, path: ResourcePath, error: DeniedError) -> WorkloadCredentialsError:
    """Return the error for a refused generate request: the definition or the permission is missing."""
    how = search(client, "dynamic", path).how
    if how == ABSENT:
        hidden = "Or it is hidden from this token, which then lacks the permission GenerateDynamicCredential."
        return StateError(absence(client, "dynamic", path, hidden))
    return StateError(
        f"{refused(f'the dynamic secret {path}', how, error)} Generating is a permission of its own, besides "
        f"reading {path}, which its owner may lack."
    )


def may_exist(message: str) -> bool:
    """Return whether a failed task's message says that a lease may have been minted."""
    return _MAY_EXIST in message


def _candidates(client: Client, path: ResourcePath) -> str:
    """Return a sentence with the leases that an ambiguous request may have left (design, section 7)."""
    try:
        leases = sorted(_latest(client, path), key=lambda lease: str(lease.get("created_at")), reverse=True)
    except WorkloadCredentialsError:
        return "Its leases could not be listed (community.workload_credentials.lease_info does)."
    return f"Its active leases, the newest first: {named(leases)}." if leases else "It has no active lease at present."


def _latest(client: Client, path: ResourcePath) -> list[dict[str, Any]]:
    """Return the definition's active leases, as soon as a new one is among them or the list must be up to date."""
    since, waits = time.time() - client.settings.timeout, pauses(time.time())
    while True:
        leases = living_leases(client, path)
        times = [parse_time(lease.get("created_at")) for lease in leases]
        has_new = any(created is not None and created.timestamp() >= since for created in times)
        if has_new or not wait_for_next(waits):
            return leases


DYNAMIC_CREDENTIALS = Spec(
    name="dynamic_credentials",
    options={**CONNECTION, "path": {"type": "str", "required": True}},
    plan=plan,
    returns_values=True,
)
