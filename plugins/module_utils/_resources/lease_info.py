# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading leases: one by its ID, or those of a dynamic secret or of all in a folder.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.community.workload_credentials.plugins.module_utils._api.client import Client
from ansible_collections.community.workload_credentials.plugins.module_utils._api.paths import (
    parse_path,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._change import Found
from ansible_collections.community.workload_credentials.plugins.module_utils._resources._parts.leases import (
    lease_by_id,
    leases_below,
    listed_leases,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._resources._parts.lists import (
    listed,
    listing,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._spec import CONNECTION, Spec


def read(client: Client, parameters: Mapping[str, Any]) -> Found:
    """What is there."""
    leases, missing, unseen = _found(client, parameters)
    return Found({"leases": leases, **({"warnings": [unseen]} if unseen else {})}, missing)


def _found(client: Client, parameters: Mapping[str, Any]) -> tuple[list[dict[str, Any]], tuple[str, ...], str]:
    if parameters["lease_id"] is not None:
        found = lease_by_id(client, parameters["lease_id"], "lease_id")
        return [] if found is None else [found], (), ""
    if parameters["path"] is not None:
        path = parse_path(parameters["path"], "path")
        leases, missing, unseen = listed_leases(client, path)
        return [{**lease, "dynamic_secret_path": str(path)} for lease in leases], missing, unseen
    definitions, missing = listed(client, listing("dynamic", parameters))
    return leases_below(client, definitions), missing, ""


LEASE_INFO = Spec(
    name="lease_info",
    options={
        **CONNECTION,
        "path": {"type": "str"},
        "lease_id": {"type": "str"},
        "folder": {"type": "str"},
        "recursive": {"type": "bool", "default": False},
    },
    read=read,
    required_one_of=(("path", "lease_id", "folder"),),
    mutually_exclusive=(("path", "lease_id", "folder"), ("path", "recursive"), ("lease_id", "recursive")),
)
