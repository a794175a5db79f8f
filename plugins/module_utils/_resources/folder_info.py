# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading folders: those in a folder, or all below it.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.community.workload_credentials.plugins.module_utils._api.client import Client
from ansible_collections.community.workload_credentials.plugins.module_utils._change import Found
from ansible_collections.community.workload_credentials.plugins.module_utils._resources._parts.lists import (
    listed,
    listing,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._resources._parts.view import view
from ansible_collections.community.workload_credentials.plugins.module_utils._spec import CONNECTION, Spec


def read(client: Client, parameters: Mapping[str, Any]) -> Found:
    """What is there."""
    folders, missing = listed(client, listing("folders", parameters))
    return Found({"folders": view(folders)}, missing)


FOLDER_INFO = Spec(
    name="folder_info",
    options={
        **CONNECTION,
        "folder": {"type": "str", "default": "/"},
        "recursive": {"type": "bool", "default": False},
        "deleted_only": {"type": "bool", "default": False},
    },
    read=read,
)
