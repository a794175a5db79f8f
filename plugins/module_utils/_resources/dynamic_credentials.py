# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Dynamic credentials: what a dynamic secret generates, one lease at a time.

Private to this collection: it may change at any time.
"""

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
from .._api.own_writes import pauses
from .._api.paths import ResourcePath, parse_path
from .._api.request import Replay, Request, item
from .._api.text import one_line
from .._api.times import NO_TIME, parse_time, seconds_left, written
from .._change import Change, assumed
from .._providers import PROVIDERS, Provider, documented
from .._spec import CONNECTION, Spec
from ._parts.finding import absence, present
from ._parts.leases import is_lease_id, lease_by_id, lease_id_of, living_leases, named, unending
from ._parts.view import no_value
from ._parts.visibility import ABSENT, refused, search

# Stands in check mode for the lease that a run mints.
NO_LEASE_ID = "00000000-0000-0000-0000-000000000000"
_MAY_EXIST = "may exist all the same"
_NO_LEASE = {"leaseId": NO_LEASE_ID, "expiration": NO_TIME}


def plan(_found: None, parameters: Mapping[str, Any]) -> Change:
    """Always a change, whatever is there: one more lease. Check mode shows placeholders with the right keys."""
    path = parse_path(parameters["path"], "path")
    return Change(
        requests=(generation(path),),
        dry_run=lambda client: _predicted(client, path),
        outcome=lambda client, answers: _outcome(client, path, answers[0]["secret"]),
        explain=lambda client, error: explained(client, path, error),
    )


def generation(path: ResourcePath) -> Request:
    """The request that mints a lease."""
    return item("POST", "dynamic", path, "generate", replay=Replay.NEVER)


def generate(client: Client, path: ResourcePath, ttl: int | None = None) -> dict[str, Any]:
    """Mint one lease and return the credentials, with the document's keys and an expiration.

    :arg ttl: the definition's, in seconds, if it is known.
    :raises WorkloadCredentialsError: none was minted; or, and then the text says so, one may have been.
    """
    try:
        secret = client.send(generation(path))["secret"]
    except RequestError as error:
        raise explained(client, path, error) from None
    return _completed(client, path, secret, ttl)


def placeholder(provider: Callable[[], Provider]) -> tuple[dict[str, str], tuple[str, ...]]:
    """Credentials of the right shape that are obviously none; nothing is minted.

    A definition that is not there may be of any provider, so there are the keys of all, and a warning.

    :arg provider: reads whose credentials the definition generates.
    :raises StateError: the definition is of an unknown provider.
    """
    try:
        return no_credentials(provider()), ()
    except MissingError as error:
        return no_credentials(*PROVIDERS.values()), (assumed(str(error)),)


def _predicted(client: Client, path: ResourcePath) -> dict[str, Any]:
    credentials, warnings = placeholder(lambda: definition(client, path)[0])
    return {**result(credentials), "warnings": warnings}


def definition(client: Client, path: ResourcePath) -> tuple[Provider, int | None]:
    """Whose credentials it generates, and for how long, in seconds.

    :raises MissingError: there is no such definition.
    :raises StateError: it is of an unknown provider.
    """
    found = present(client, "dynamic", path)
    return _provider(path, found), (found.get("config") or {}).get("ttl")


def _provider(path: ResourcePath, found: Mapping[str, Any]) -> Provider:
    kind = (found.get("config") or {}).get("type")
    provider = PROVIDERS.get(str(kind))
    if provider is None:
        said = one_line(repr(kind), 100)
        raise StateError(f"{path}: it is of the type {said}, and the shape of its credentials is not known.")
    return provider


def no_credentials(*providers: Provider) -> dict[str, str]:
    """The keys of the providers' credentials, with values that say that they are none."""
    keys = [key for provider in providers for key in provider.generated]
    return {**{key: no_value(key) for key in keys}, **_NO_LEASE}


def may_be_revocable(credentials: Mapping[str, Any]) -> bool:
    """Whether these may be, or stand for, credentials whose lease can be ended early."""
    return any(one.revocable and credentials.keys() >= set(one.generated) for one in PROVIDERS.values())


def result(credentials: Mapping[str, Any]) -> dict[str, Any]:
    """The module's return values."""
    return {
        "credentials": dict(credentials),
        "lease_id": lease_id_of(credentials),
        "expiration": credentials.get("expiration"),
        "seconds_left": seconds_left(credentials.get("expiration")),
    }


def _completed(client: Client, path: ResourcePath, secret: Mapping[str, Any], ttl: int | None = None) -> dict[str, Any]:
    """The answer of a generate request in the form that the document has, whatever the service leaves out.

    Azure's may have other keys and no expiration, which the lease has, or else follows from the definition.
    """
    minted, credentials = datetime.now(timezone.utc), dict[str, Any](documented(secret))
    lease_id = lease_id_of(credentials)
    expiration = credentials.get("expiration")
    if not expiration:
        expiration = _expiration_of(client, lease_id) or _expiration_by_ttl(client, path, minted, ttl)
        credentials = {**credentials, **({"expiration": expiration} if expiration else {})}
    if is_lease_id(lease_id):
        client.writes.note_lease(str(path), str(lease_id), expiration)
    return credentials


def _expiration_of(client: Client, lease_id: str | None) -> str | None:
    """What the lease says; None: there is no such lease, or it may not be read."""
    if not is_lease_id(lease_id):
        return None
    try:
        lease = lease_by_id(client, str(lease_id), "lease_id")
    except WorkloadCredentialsError:
        return None
    return (lease or {}).get("expiration")


def _expiration_by_ttl(client: Client, path: ResourcePath, minted: datetime, ttl: int | None) -> str | None:
    """When credentials of this definition expire at the latest; None: it may not be read."""
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
    """The error of a generate request, with what to do next and the leases that it may have left behind."""
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
        # What would have helped could not be read; the first error is what counts.
        pass
    return error


def _refused(client: Client, path: ResourcePath, error: DeniedError) -> WorkloadCredentialsError:
    """The error of a generate request that is refused: there is no such definition, or the permission is missing."""
    how = search(client, "dynamic", path).how
    if how == ABSENT:
        hidden = "Or it is hidden from this token, which then lacks the permission GenerateDynamicCredential."
        return StateError(absence(client, "dynamic", path, hidden))
    return StateError(
        f"{refused(f'the dynamic secret {path}', how, error)} Generating is a permission of its own, apart from "
        f"reading {path}, and being its owner may not include it."
    )


def may_exist(message: str) -> bool:
    """Whether a failed task's message says that a lease may have been minted."""
    return _MAY_EXIST in message


def _candidates(client: Client, path: ResourcePath) -> str:
    """The leases among which the one may be that an ambiguous request left (design, section 7)."""
    try:
        leases = sorted(_latest(client, path), key=lambda lease: str(lease.get("created_at")), reverse=True)
    except WorkloadCredentialsError:
        return "Its leases could not be listed (community.workload_credentials.lease_info does)."
    return f"The newest of its living leases: {named(leases)}." if leases else "It has no living lease at present."


def _latest(client: Client, path: ResourcePath) -> list[dict[str, Any]]:
    """The active leases of the definition, once one of a moment ago is among them, or could be by now."""
    since, waits = time.time() - client.settings.timeout, pauses(time.time())
    while True:
        leases = living_leases(client, path)
        times = [parse_time(lease.get("created_at")) for lease in leases]
        is_there = any(one is not None and one.timestamp() >= since for one in times)
        pause = None if is_there else next(waits, None)
        if pause is None:
            return leases
        time.sleep(pause)


DYNAMIC_CREDENTIALS = Spec(
    name="dynamic_credentials",
    options={**CONNECTION, "path": {"type": "str", "required": True}},
    plan=plan,
    returns_values=True,
)
