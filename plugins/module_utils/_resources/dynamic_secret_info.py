# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading dynamic secrets: one definition, or a folder's.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.community.workload_credentials.plugins.module_utils._api.client import Client
from ansible_collections.community.workload_credentials.plugins.module_utils._api.paths import (
    ResourcePath,
    parse_path,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._api.request import item
from ansible_collections.community.workload_credentials.plugins.module_utils._change import Found
from ansible_collections.community.workload_credentials.plugins.module_utils._resources._parts.definition import (
    with_tags,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._resources._parts.lifecycle import (
    find_living,
    listed,
    listing,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._resources._parts.view import view
from ansible_collections.community.workload_credentials.plugins.module_utils._spec import CONNECTION, Spec


def read(client: Client, parameters: Mapping[str, Any]) -> Found:
    """What is there."""
    missing: tuple[str, ...] = ()
    if parameters["path"] is not None:
        definitions = _one(client, parse_path(parameters["path"], "path"))
    else:
        found, missing = listed(client, listing("dynamic", parameters))
        definitions = view(found)
    return Found({"dynamic_secrets": definitions}, missing)


def _one(client: Client, path: ResourcePath) -> list[dict[str, Any]]:
    found = find_living(client, item("GET", "dynamic", path))
    if found is None:
        return []
    return [{**view({**found, "metadata": with_tags(client, path, found)}), "path": str(path)}]


DYNAMIC_SECRET_INFO = Spec(
    name="dynamic_secret_info",
    options={
        **CONNECTION,
        "path": {"type": "str"},
        "folder": {"type": "str"},
        "recursive": {"type": "bool", "default": False},
        "deleted_only": {"type": "bool", "default": False},
    },
    read=read,
    required_one_of=(("path", "folder"),),
    mutually_exclusive=(("path", "folder"), ("path", "recursive"), ("path", "deleted_only")),
)
