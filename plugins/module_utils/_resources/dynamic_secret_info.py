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
from ansible_collections.community.workload_credentials.plugins.module_utils._change import Found
from ansible_collections.community.workload_credentials.plugins.module_utils._resources._parts.finding import find
from ansible_collections.community.workload_credentials.plugins.module_utils._resources._parts.lists import (
    listed,
    listing,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._resources._parts.view import view
from ansible_collections.community.workload_credentials.plugins.module_utils._resources._parts.visibility import (
    RefusedError,
    with_tags,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._spec import CONNECTION, Spec


def read(client: Client, parameters: Mapping[str, Any]) -> Found:
    """What is there."""
    if parameters["path"] is not None:
        definitions, warnings = _one(client, parse_path(parameters["path"], "path"))
        return Found({"dynamic_secrets": definitions, "warnings": warnings})
    found, missing = listed(client, listing("dynamic", parameters))
    return Found({"dynamic_secrets": view(found)}, missing)


def _one(client: Client, path: ResourcePath) -> tuple[list[dict[str, Any]], tuple[str, ...]]:
    """The definition, and a warning where its tags may not be read."""
    found = find(client, "dynamic", path)
    if found is None:
        return [], ()
    try:
        return [{**view(with_tags(client, "dynamic", path, found)), "path": str(path)}], ()
    except RefusedError as error:
        warning = f"{error} The tags of {path} are left out."
        return [{**view(found), "path": str(path)}], (warning,)


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
