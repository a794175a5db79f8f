# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every endpoint of the API document is reached by some option of some module, and the journal sees it."""

from __future__ import annotations

import re
from typing import Any

from tests.support.definitions import ROLE, UUIDS, do
from tests.support.site import Site

AZURE = {"tenant_id": UUIDS[0], "client_id": UUIDS[1], "client_secret": "canary"}
AZURE_DEFINITION = {"type": "azure", "integration_name": "az", "application_object_id": UUIDS[2], "ttl": 3600}

# Endpoint -> the module and options that reach it, in an order in which they work.
REACHED_BY: dict[str, tuple[str, dict[str, Any]]] = {
    "GET /session": ("session_info", {}),
    "POST /folders/{name}": ("folder", {"path": "a"}),
    "GET /folders/{name}/metadata": ("folder", {"path": "a"}),
    "PATCH /folders/{name}/metadata/tags": ("folder", {"path": "a", "tags": {"x": "1", "y": "2"}}),
    "PUT /folders/{name}/metadata/tags": ("folder", {"path": "a", "tags": {"x": "1"}, "purge_tags": True}),
    "DELETE /folders/{name}/metadata/tags": ("folder", {"path": "a", "tags": {}, "purge_tags": True}),
    "GET /folders": ("folder_info", {}),
    "DELETE /folders/{name}": ("folder", {"path": "a", "state": "absent"}),
    "POST /folders/{name}/restore": ("folder", {"path": "a"}),
    "POST /static/{name}": ("static_secret", {"path": "a/s", "secret": {"x": "1"}}),
    "GET /static/{name}": ("static_secret_info", {"path": "a/s"}),
    "GET /static": ("static_secret_info", {"folder": "a"}),
    "PATCH /static/{name}": ("static_secret", {"path": "a/s", "secret": {"x": "2"}}),
    "GET /static/{name}/metadata": ("static_secret_info", {"path": "a/s", "values": False}),
    "PATCH /static/{name}/metadata/tags": ("static_secret", {"path": "a/s", "tags": {"x": "1", "y": "2"}}),
    "PUT /static/{name}/metadata/tags": ("static_secret", {"path": "a/s", "tags": {"x": "1"}, "purge_tags": True}),
    "DELETE /static/{name}/metadata/tags": ("static_secret", {"path": "a/s", "tags": {}, "purge_tags": True}),
    "DELETE /static/{name}": ("static_secret", {"path": "a/s", "state": "absent"}),
    "POST /static/{name}/restore": ("static_secret", {"path": "a/s"}),
    "POST /integrations/{type}/{name}": ("integration", {"type": "azure", "name": "az", **AZURE}),
    "GET /integrations/{type}/{name}": ("integration_info", {"type": "azure", "name": "az"}),
    "PATCH /integrations/{type}/{name}": ("integration", {"type": "azure", "name": "az", "client_id": UUIDS[3]}),
    "GET /integrations": ("integration_info", {}),
    "GET /integrations/{type}": ("integration_info", {"type": "azure"}),
    "POST /dynamic/{name}": ("dynamic_secret", {"path": "a/d", **AZURE_DEFINITION}),
    "GET /dynamic/{name}": ("dynamic_secret_info", {"path": "a/d"}),
    "GET /dynamic": ("dynamic_secret_info", {"folder": "a"}),
    "GET /dynamic/{name}/metadata": ("dynamic_secret", {"path": "a/d", "type": "azure", "tags": {"x": "1"}}),
    "PATCH /dynamic/{name}": ("dynamic_secret", {"path": "a/d", "type": "azure", "ttl": 7200}),
    "PATCH /dynamic/{name}/metadata/tags": ("dynamic_secret", {"path": "a/d", "type": "azure", "tags": {"y": "2"}}),
    "PUT /dynamic/{name}/metadata/tags": (
        "dynamic_secret",
        {"path": "a/d", "type": "azure", "tags": {"x": "1"}, "purge_tags": True},
    ),
    "DELETE /dynamic/{name}/metadata/tags": (
        "dynamic_secret",
        {"path": "a/d", "type": "azure", "tags": {}, "purge_tags": True},
    ),
    "GET /integrations/{type}/{name}/dynamic": (
        "integration_info",
        {"type": "azure", "name": "az", "dynamic_secrets": True},
    ),
    "POST /dynamic/{name}/generate": ("dynamic_credentials", {"path": "a/d"}),
    "GET /leases/{name}": ("lease_info", {"path": "a/d"}),
    "GET /leases/id/{id}": ("lease_info", {"lease_id": "LEASE"}),
    "DELETE /leases/id/{id}": ("lease", {"lease_id": ["LEASE"]}),
    "DELETE /dynamic/{name}": ("dynamic_secret", {"path": "a/d", "state": "absent"}),
    "POST /dynamic/{name}/restore": ("dynamic_secret", {"path": "a/d", "type": "azure"}),
    "DELETE /integrations/{type}/{name}": ("integration", {"type": "aws", "name": "unused", "state": "absent"}),
}


def endpoint(line: str) -> str:
    """A journal line as the API document writes the endpoint."""
    method, _space, path = line.split("?", maxsplit=1)[0].partition(" ")
    path = re.sub(r"^/leases/id/.+", "/leases/id/{id}", path)
    path = re.sub(r"^(/integrations/)\w+/[^/]+", r"\1{type}/{name}", path)
    path = re.sub(r"^(/integrations/)\w+$", r"\1{type}", path)
    path = re.sub(r"^(/(?:folders|static|dynamic|leases)/)(?!id/)[^/]+", r"\1{name}", path)
    return f"{method} {path}"


def test_all_forty_endpoints_are_reached(site: Site) -> None:
    assert len(REACHED_BY) == 40
    do(site, "integration", type="aws", name="unused", role_arn=ROLE)
    for wanted, (module, options) in REACHED_BY.items():
        lease = site.leases()[0]["id"] if site.leases() else ""
        filled = {
            name: [lease] if value == ["LEASE"] else lease if value == "LEASE" else value
            for name, value in options.items()
        }
        site.forget()
        do(site, module, **filled)
        assert wanted in [endpoint(line) for line in site.requests()], (wanted, module, options)
