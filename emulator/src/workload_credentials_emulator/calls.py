# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which action each call of the API needs, and on what: the one table, for all tokens and policies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from starlette.requests import Request

# What the action is checked on: what the address names, the folder that is to hold it, the folder that is listed, the
# integration, all of the site, or the dynamic secret that the lease is of.
On = Literal["item", "parent", "folder", "integration", "product", "lease"]


@dataclass(frozen=True)
class Call:
    """What one call needs.

    :arg actions: one of these.
    :arg permanent: instead of them, with ``permanent=true``; ``with_contents`` with ``recursive=true`` besides.
    :arg shows: without this action on it, a row of the answer or a part of it is left out.
    """

    on: On
    actions: tuple[str, ...]
    permanent: str = ""
    with_contents: str = ""
    shows: str = ""

    @property
    def any(self) -> frozenset[str]:
        """All actions that may be needed."""
        return frozenset({*self.actions, self.permanent, self.with_contents} - {""})

    def needed(self, query: Mapping[str, str]) -> tuple[str, ...]:
        """The actions of which one is needed here."""
        if not self.permanent or query.get("permanent") != "true":
            return self.actions
        return (self.with_contents if self.with_contents and query.get("recursive") == "true" else self.permanent,)


def _alike(kind: str, noun: str, *, with_contents: str = "") -> dict[str, Call]:
    """What folders, static secrets and dynamic secrets have alike."""
    metadata = f"/{kind}/{{name}}/metadata"
    write, delete = f"Write{noun}Tags", f"Delete{noun}Tags"
    return {
        f"GET /{kind}": Call("folder", ("ListFolderContents",), shows=f"Read{noun}Metadata"),
        f"POST /{kind}/{{name}}": Call("parent", (f"Create{noun}",)),
        f"DELETE /{kind}/{{name}}": Call("item", (f"Delete{noun}",), f"Destroy{noun}", with_contents),
        f"POST /{kind}/{{name}}/restore": Call("item", (f"Restore{noun}",)),
        f"GET {metadata}": Call("item", (f"Read{noun}Metadata",)),
        f"PUT {metadata}/tags": Call("item", (write,)),
        # For what is removed the second, for all else the first.
        f"PATCH {metadata}/tags": Call("item", (write, delete)),
        f"DELETE {metadata}/tags": Call("item", (delete,)),
    }


CALLS: dict[str, Call] = {
    **_alike("folders", "Folder", with_contents="ForceDestroyFolder"),
    **_alike("static", "Secret"),
    **_alike("dynamic", "DynamicSecret"),
    "GET /static/{name}": Call("item", ("ReadSecret",), shows="ReadSecretMetadata"),
    "PATCH /static/{name}": Call("item", ("UpdateSecret",)),
    "GET /dynamic/{name}": Call("item", ("ReadDynamicSecret",)),
    "PATCH /dynamic/{name}": Call("item", ("UpdateDynamicSecret",)),
    "POST /dynamic/{name}/generate": Call("item", ("GenerateDynamicCredential",)),
    "GET /leases/{name}": Call("item", ("ListLeases",)),
    "GET /leases/id/{id}": Call("lease", ("ReadLease",)),
    "DELETE /leases/id/{id}": Call("lease", ("RevokeLease",)),
    "GET /integrations": Call("product", ("ListIntegrations",), shows="ReadIntegrationMetadata"),
    "GET /integrations/{type}": Call("product", ("ListIntegrations",), shows="ReadIntegrationMetadata"),
    "POST /integrations/{type}/{name}": Call("product", ("CreateIntegration",)),
    "GET /integrations/{type}/{name}": Call("integration", ("ReadIntegration",)),
    "PATCH /integrations/{type}/{name}": Call("integration", ("UpdateIntegration",)),
    "DELETE /integrations/{type}/{name}": Call("integration", ("DeleteIntegration",)),
    "GET /integrations/{type}/{name}/dynamic": Call(
        "integration", ("ListDynamicSecrets",), shows="ReadDynamicSecretMetadata"
    ),
}
# Whoever has a valid token may ask whether it is valid.
_NEEDS_NOTHING = frozenset({"GET /session"})


def call_to(method: str, path: str) -> Call | None:
    """What the operation of this method and path needs; None for nothing.

    :raises KeyError: it is not in the table.
    """
    name = f"{method} {path}"
    return None if name in _NEEDS_NOTHING else CALLS[name]


def call_of(request: Request) -> Call:
    """What this request needs, as its route has noted."""
    call: Call = request.state.call
    return call
