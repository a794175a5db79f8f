# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What folders, static and dynamic secrets have in common: parents, soft deletion and restoring.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.community.workload_credentials.plugins.module_utils._api.client import Client
from ansible_collections.community.workload_credentials.plugins.module_utils._api.errors import (
    NotFoundError,
    OptionError,
    StateError,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._api.paths import ResourcePath, parse_path
from ansible_collections.community.workload_credentials.plugins.module_utils._api.request import Replay, Request, item
from ansible_collections.community.workload_credentials.plugins.module_utils._api.shown import one_line
from ansible_collections.community.workload_credentials.plugins.module_utils._change import Change

_NOUNS = {"folders": "folder", "static": "static secret", "dynamic": "dynamic secret"}


def find_living(client: Client, request: Request) -> dict[str, Any] | None:
    """The resource or its metadata; None where there is none or where it is deleted.

    A service may hide what is deleted, or show it with its time of deletion.
    """
    found = client.find(request)
    if found is None or found.get("deletedAt") or (found.get("metadata") or {}).get("deletedAt"):
        return None
    return found


def find_deleted(client: Client, kind: str, path: ResourcePath) -> dict[str, Any] | None:
    """The soft-deleted resource at this path, as the list of its folder shows it."""
    try:
        listed = client.items(Request("GET", f"/{kind}", query={"path": path.folder, "deletedOnly": True}))
    except NotFoundError:
        return None
    return next((entry for entry in listed if str(entry.get("path", "")).strip("/") == str(path)), None)


def listed_path(entry: Mapping[str, Any]) -> ResourcePath:
    """Where the entry of a list lies.

    :raises StateError: the service names something that cannot be asked for.
    """
    try:
        return parse_path(entry["path"], "path")
    except OptionError as error:
        raise StateError(
            f"The service lists {one_line(repr(entry['path']), 200)}, which it cannot hold: {error}"
        ) from None


def absence(client: Client, kind: str, path: ResourcePath) -> str:
    """Why nothing is at this path, in a sentence that says what to do.

    :arg kind: ``static`` or ``dynamic``.
    """
    if find_deleted(client, kind, path) is not None:
        return f"this {kind} secret is deleted. community.workload_credentials.{kind}_secret restores it by default."
    missing = _missing_folder(client, path)
    if missing is not None:
        return missing
    where = f"folder {path.folder}" if path.folder else "top folder"
    return f"there is no {kind} secret {path.name!r} in the {where}, which exists."


def _missing_folder(client: Client, path: ResourcePath) -> str | None:
    """Which folder on the way to this path is the first that is not there, in a sentence; None: all are."""
    missing, parent = None, path.parent
    while parent is not None and find_living(client, item("GET", "folders", parent, "metadata")) is None:
        missing, parent = parent, parent.parent
    exists = f"; its parent {parent} exists" if parent else ""
    return None if missing is None else f"there is no folder {missing}{exists}."


def missing_parent(client: Client, path: ResourcePath) -> tuple[str, ...]:
    """A sentence where the folder that should hold the resource is not there."""
    parent, missing = path.parent, _missing_folder(client, path)
    if parent is None or missing is None:
        return ()
    sentence = (
        f"{path}: its folder {parent} does not exist: {missing} "
        "Create it first with community.workload_credentials.folder."
    )
    if find_deleted(client, "folders", parent) is not None:
        sentence = (
            f"{path}: its folder {parent} is deleted (folder_deleted). "
            "community.workload_credentials.folder restores it by default."
        )
    return (sentence,)


def listed(client: Client, request: Request) -> tuple[list[dict[str, Any]], tuple[str, ...]]:
    """The entries of a list, and a sentence where what should hold them is not there."""
    try:
        return client.items(request), ()
    except NotFoundError as error:
        return [], (str(error),)


def revive(client: Client, kind: str, path: ResourcePath, on_deleted: str) -> tuple[Request, ...]:
    """What must come before creating where a deleted resource is in the way; a restore makes creating needless.

    :arg on_deleted: ``restore``, ``replace`` or ``fail``.
    :raises StateError: something deleted is there and ``on_deleted`` is ``fail``.
    """
    if find_deleted(client, kind, path) is None:
        return ()
    if on_deleted == "fail":
        raise StateError(
            f"{path} exists in deleted form. on_deleted=restore brings it back, on_deleted=replace removes it for good "
            "and creates it anew."
        )
    if on_deleted == "replace":
        loss = f"the deleted {_NOUNS[kind]} {path}, which could have been restored"
        return (item("DELETE", kind, path, query={"permanent": True}, loss=loss),)
    return (item("POST", kind, path, "restore", replay=Replay.CREATE),)


def is_restore(requests: tuple[Request, ...]) -> bool:
    """Whether the first of these writes restores something."""
    return bool(requests) and requests[0].method == "POST" and requests[0].path.endswith("/restore")


def deletion(
    client: Client,
    kind: str,
    path: ResourcePath,
    before: Mapping[str, Any] | None,
    parameters: Mapping[str, Any],
    **query: Any,
) -> Change:
    """The change that makes the resource absent: gone for good with ``permanent``, else restorable.

    :arg before: its view for the diff, None where there is none.
    """
    permanent = parameters["permanent"]
    if before is None and not (permanent and find_deleted(client, kind, path)):
        return Change()
    shown = {"path": str(path), "deleted": True} if before is None else before
    after = None if permanent else {"path": str(path), "deleted": True}
    request = item("DELETE", kind, path, query={"permanent": permanent, **query})
    return Change(requests=(request,), before=shown, after=after)
