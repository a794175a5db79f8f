# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading integrations: all, one provider's, or one with the dynamic secrets that use it.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.community.workload_credentials.plugins.module_utils._api.client import Client
from ansible_collections.community.workload_credentials.plugins.module_utils._api.paths import (
    check_integration_name,
    integration_path,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._api.request import Request
from ansible_collections.community.workload_credentials.plugins.module_utils._change import Found
from ansible_collections.community.workload_credentials.plugins.module_utils._providers import PROVIDERS
from ansible_collections.community.workload_credentials.plugins.module_utils._resources._parts.lists import entries_now
from ansible_collections.community.workload_credentials.plugins.module_utils._resources._parts.view import view
from ansible_collections.community.workload_credentials.plugins.module_utils._resources._parts.visibility import (
    find_integration,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._spec import CONNECTION, Spec


def read(client: Client, parameters: Mapping[str, Any]) -> Found:
    """What is there."""
    integrations = _one(client, parameters) if parameters["name"] is not None else _listed(client, parameters)
    if parameters["dynamic_secrets"]:
        integrations = [{**entry, "dynamic_secrets": _users(client, entry)} for entry in integrations]
    return Found({"integrations": integrations})


def _one(client: Client, parameters: Mapping[str, Any]) -> list[dict[str, Any]]:
    check_integration_name(parameters["name"], "name")
    found = find_integration(client, parameters["type"], parameters["name"])
    return [] if found is None else [{**view(found), "type": parameters["type"], "name": parameters["name"]}]


def _listed(client: Client, parameters: Mapping[str, Any]) -> list[dict[str, Any]]:
    path = integration_path(*filter(None, [parameters["type"]]))
    return view(entries_now(client, Request("GET", path)))  # type: ignore[no-any-return]


def _users(client: Client, integration: Mapping[str, Any]) -> list[dict[str, Any]]:
    path = integration_path(integration["type"], integration["name"])
    return view(entries_now(client, Request("GET", f"{path}/dynamic")))  # type: ignore[no-any-return]


INTEGRATION_INFO = Spec(
    name="integration_info",
    options={
        **CONNECTION,
        "type": {"type": "str", "choices": list(PROVIDERS)},
        "name": {"type": "str"},
        # Whether to list them, not a secret.
        "dynamic_secrets": {"type": "bool", "default": False, "no_log": False},
    },
    read=read,
    required_by={"name": ("type",)},
)
