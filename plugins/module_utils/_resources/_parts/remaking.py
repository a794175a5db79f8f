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


def integration_of(client: Client, config: Mapping[str, Any]) -> str | None:
    """The name of a definition's integration; None: it has gone, or may not be listed."""
    try:
        integrations = client.items(Request("GET", f"/integrations/{segment(str(config.get('type')))}"))
    except RequestError:
        return None
    names = {one.get("id"): one.get("name") for one in integrations}
    return names.get(config.get("integrationId"))


def options_again(path: ResourcePath, config: Mapping[str, Any], tags: Tags, integration: str | None) -> str:
    """The module's options that make a dynamic secret as it is now, as JSON.

    :arg integration: the name of its integration; without it there is the ID.
    """
    options = {"path": str(path), **view(config), "tags": dict(tags)}
    if integration:
        options.pop("integration_id", None)
        options["integration_name"] = integration
    return json.dumps(options)
