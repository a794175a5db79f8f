# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a definition is made of, for who has to make it again.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ansible_collections.community.workload_credentials.plugins.module_utils._api.client import Client
from ansible_collections.community.workload_credentials.plugins.module_utils._api.errors import RequestError
from ansible_collections.community.workload_credentials.plugins.module_utils._api.paths import ResourcePath, segment
from ansible_collections.community.workload_credentials.plugins.module_utils._api.request import Request
from ansible_collections.community.workload_credentials.plugins.module_utils._resources._parts.tags import Tags
from ansible_collections.community.workload_credentials.plugins.module_utils._resources._parts.view import view


def options_again(client: Client, path: ResourcePath, config: Mapping[str, Any], tags: Tags) -> str:
    """The module's options that make a dynamic secret as it is now, as JSON."""
    options = {"path": str(path), **view(config), "tags": dict(tags)}
    try:
        integrations = client.items(Request("GET", f"/integrations/{segment(str(config.get('type')))}"))
    except RequestError:
        # Who may not list them still has the ID.
        return json.dumps(options)
    names = {one.get("id"): one.get("name") for one in integrations}
    name = names.get(config.get("integrationId"))
    if name:
        options = {key: value for key, value in options.items() if key != "integration_id"}
        options["integration_name"] = name
    return json.dumps(options)
