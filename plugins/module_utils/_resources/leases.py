# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Leases: how they are found and shown.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.community.workload_credentials.plugins.module_utils._api.client import Client
from ansible_collections.community.workload_credentials.plugins.module_utils._api.concurrency import side_by_side
from ansible_collections.community.workload_credentials.plugins.module_utils._api.errors import (
    NotFoundError,
    OptionError,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._api.paths import ResourcePath, parse_path
from ansible_collections.community.workload_credentials.plugins.module_utils._api.request import Request, item
from ansible_collections.community.workload_credentials.plugins.module_utils._providers import (
    revocable as provider_revokes,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._resources.view import view


def lease_path(lease_id: str, option: str) -> str:
    """The path of one lease below the site's address.

    :raises OptionError: not a UUID.
    """
    try:
        return f"/leases/id/{uuid.UUID(lease_id)}"
    except ValueError:
        raise OptionError(option, f"{lease_id!r} is not a lease's ID, which is a UUID.") from None


def leases_request(path: ResourcePath) -> Request:
    """The request that lists the living leases of a dynamic secret."""
    return item("GET", "leases", path)


def leases_below(client: Client, entries: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The living leases of these listed dynamic secrets, in their order, each with its ``dynamic_secret_path``."""
    paths = [parse_path(str(entry.get("path")), "folder") for entry in entries]
    found = side_by_side(lambda path: living_leases(client, path), paths)
    return [{**lease, "dynamic_secret_path": str(path)} for path, leases in zip(paths, found) for lease in leases]


def living_leases(client: Client, path: ResourcePath) -> list[dict[str, Any]]:
    """The living leases of a dynamic secret, each with ``id``, ``expiration`` and ``dynamic_secret_type``.

    None where there is no such dynamic secret.
    """
    try:
        return view(client.items(leases_request(path)))  # type: ignore[no-any-return]
    except NotFoundError:
        return []


def lease_by_id(client: Client, lease_id: str, option: str) -> dict[str, Any] | None:
    """One lease in the same form, with what its own page adds; None: expired, revoked or never there."""
    found = client.find(Request("GET", lease_path(lease_id, option)))
    if found is None:
        return None
    shown = view(found)
    metadata = shown.pop("metadata", None) or {}
    return {"id": lease_id, **metadata, **shown}


def revocable(lease: Mapping[str, Any]) -> bool:
    """Whether the provider can end it early."""
    return provider_revokes(lease.get("dynamic_secret_type"))


def named(leases: Sequence[Mapping[str, Any]]) -> str:
    """Leases in a sentence: all IDs, as the sentence may be their only record, with their expirations."""
    return ", ".join(f"{lease['id']} (until {lease.get('expiration')})" for lease in leases)
