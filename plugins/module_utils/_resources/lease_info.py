# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading leases: those of a dynamic secret, or one by its ID.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.community.workload_credentials.plugins.module_utils._api.client import Client
from ansible_collections.community.workload_credentials.plugins.module_utils._api.paths import parse_path
from ansible_collections.community.workload_credentials.plugins.module_utils._resources.change import Change
from ansible_collections.community.workload_credentials.plugins.module_utils._resources.leases import (
    lease_by_id,
    leases_of,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._spec import CONNECTION, Spec


def plan(client: Client, parameters: Mapping[str, Any]) -> Change:
    """Nothing is changed; ``predicted`` holds what was read."""
    if parameters["lease_id"] is not None:
        found = lease_by_id(client, parameters["lease_id"], "lease_id")
        leases = [] if found is None else [found]
    else:
        leases = leases_of(client, parse_path(parameters["path"], "path"))
    return Change(predicted=lambda: {"leases": leases})


LEASE_INFO = Spec(
    name="lease_info",
    options={**CONNECTION, "path": {"type": "str"}, "lease_id": {"type": "str"}},
    plan=plan,
    required_one_of=(("path", "lease_id"),),
    mutually_exclusive=(("path", "lease_id"),),
)
