# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The vendor's permissions, which are the actions of its access policies, and the requests that need them."""

from __future__ import annotations

import re
from urllib.parse import parse_qs

_NAME = "[^/]+"
_NOUNS = {"folders": "Folder", "static": "Secret", "dynamic": "DynamicSecret"}
# Method, path and permission; {noun} is the kind of resource in the path.
_ITEMS = tuple(
    (method, re.compile(path), permission)
    for method, path, permission in (
        ("GET", "/(folders|static|dynamic)", "ListFolderContents"),
        ("GET", f"/(folders|static|dynamic)/{_NAME}/metadata", "Read{noun}Metadata"),
        ("GET", f"/(static|dynamic)/{_NAME}", "Read{noun}"),
        ("PATCH", f"/(static|dynamic)/{_NAME}", "Update{noun}"),
        ("POST", f"/dynamic/{_NAME}/generate", "GenerateDynamicCredential"),
        ("POST", f"/(folders|static|dynamic)/{_NAME}/restore", "Restore{noun}"),
        ("POST", f"/(folders|static|dynamic)/{_NAME}", "Create{noun}"),
        ("PUT", f"/(folders|static|dynamic)/{_NAME}/metadata/tags", "Write{noun}Tags"),
        (
            "PATCH",
            f"/(folders|static|dynamic)/{_NAME}/metadata/tags",
            "Write{noun}Tags (to remove a tag, Delete{noun}Tags)",
        ),
        ("DELETE", f"/(folders|static|dynamic)/{_NAME}/metadata/tags", "Delete{noun}Tags"),
        ("GET", f"/leases/id/{_NAME}", "ReadLease"),
        ("DELETE", f"/leases/id/{_NAME}", "RevokeLease"),
        ("GET", f"/leases/{_NAME}", "ListLeases"),
        ("GET", f"/integrations(/{_NAME})?", "ListIntegrations"),
        ("GET", f"/integrations/{_NAME}/{_NAME}/dynamic", "ListDynamicSecrets"),
        ("GET", f"/integrations/{_NAME}/{_NAME}", "ReadIntegration"),
        ("POST", f"/integrations/{_NAME}/{_NAME}", "CreateIntegration"),
        ("PATCH", f"/integrations/{_NAME}/{_NAME}", "UpdateIntegration"),
        ("DELETE", f"/integrations/{_NAME}/{_NAME}", "DeleteIntegration"),
    )
)
_DELETED_ITEM = re.compile(f"/(folders|static|dynamic)/{_NAME}")


def permission_for(method: str, target: str) -> str | None:
    """Return the permission that a request needs, as access policies name it; None: it is not known.

    :arg target: path and query, as sent.
    """
    path, _mark, query = target.partition("?")
    deleted = _DELETED_ITEM.fullmatch(path) if method == "DELETE" else None
    if deleted:
        return _deletion(_NOUNS[deleted.group(1)], parse_qs(query))
    for its_method, pattern, permission in _ITEMS:
        match = pattern.fullmatch(path) if its_method == method else None
        if match and match.groups():
            return permission.format(noun=_NOUNS.get(match.group(1) or "", ""))
        if match:
            return permission
    return None


def _deletion(noun: str, query: dict[str, list[str]]) -> str:
    if "permanent" not in query:
        return f"Delete{noun}"
    return f"ForceDestroy{noun}" if "recursive" in query else f"Destroy{noun}"
