# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading static secrets: one, or a folder's, with their values fetched side by side.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.community.workload_credentials.plugins.module_utils._api.client import Client
from ansible_collections.community.workload_credentials.plugins.module_utils._api.concurrency import side_by_side
from ansible_collections.community.workload_credentials.plugins.module_utils._api.paths import (
    ResourcePath,
    check_version,
    parse_path,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._change import Found
from ansible_collections.community.workload_credentials.plugins.module_utils._resources._parts.finding import find
from ansible_collections.community.workload_credentials.plugins.module_utils._resources._parts.lists import (
    listed,
    listed_path,
    listing,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._resources._parts.view import (
    view,
    without_secret,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._spec import CONNECTION, Spec


def read(client: Client, parameters: Mapping[str, Any]) -> Found:
    """What is there."""
    check_version(parameters["version"])
    if parameters["path"] is not None:
        found = _one(client, parse_path(parameters["path"], "path"), parameters)
        return Found({"static_secrets": [] if found is None else [found]})
    entries, missing = listed(client, listing("static", parameters, versions=parameters["versions"]))
    secrets = _with_values(client, view(entries), parameters)
    return Found({"static_secrets": secrets}, missing)


def _one(client: Client, path: ResourcePath, parameters: Mapping[str, Any]) -> dict[str, Any] | None:
    query = {"version": parameters["version"], "versions": parameters["versions"]}
    if parameters["values"] or parameters["versions"] or parameters["version"] is not None:
        found = find(client, "static", path, **query)
    else:
        metadata = find(client, "static", path, "metadata")
        found = None if metadata is None else {"metadata": metadata}
    if found is None:
        return None
    shown = view(found if parameters["values"] else without_secret(found))
    return {**shown, "path": str(path), "type": "static"}


def _with_values(client: Client, entries: list[dict[str, Any]], parameters: Mapping[str, Any]) -> list[dict[str, Any]]:
    # The values of what is deleted cannot be read.
    if not parameters["values"] or parameters["deleted_only"]:
        return entries
    values = side_by_side(lambda path: find(client, "static", path), [listed_path(entry) for entry in entries])
    # One that went between the two requests is left out, as if it had gone before.
    return [{**entry, "secret": found["secret"]} for entry, found in zip(entries, values) if found is not None]


STATIC_SECRET_INFO = Spec(
    name="static_secret_info",
    options={
        **CONNECTION,
        "path": {"type": "str"},
        "folder": {"type": "str"},
        "recursive": {"type": "bool", "default": False},
        "deleted_only": {"type": "bool", "default": False},
        "versions": {"type": "bool", "default": False},
        "version": {"type": "int"},
        "values": {"type": "bool", "default": True},
    },
    read=read,
    returns_values=True,
    values_option="values",
    required_one_of=(("path", "folder"),),
    mutually_exclusive=(
        ("path", "folder"),
        ("path", "recursive"),
        ("path", "deleted_only"),
        ("folder", "version"),
    ),
)
