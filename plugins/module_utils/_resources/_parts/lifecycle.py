# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What folders, static and dynamic secrets have in common: parents, soft deletion and restoring.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.community.workload_credentials.plugins.module_utils._api.client import Client
from ansible_collections.community.workload_credentials.plugins.module_utils._api.errors import (
    MissingError,
    NotFoundError,
    OptionError,
    StateError,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._api.paths import (
    ResourcePath,
    parse_folder,
    parse_path,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._api.request import Replay, Request, item
from ansible_collections.community.workload_credentials.plugins.module_utils._api.shown import one_line
from ansible_collections.community.workload_credentials.plugins.module_utils._change import Change
from ansible_collections.community.workload_credentials.plugins.module_utils._resources._parts.tags import wanted_tags

_NOUNS = {"folders": "folder", "static": "static secret", "dynamic": "dynamic secret"}


@dataclass(frozen=True)
class Place:
    """What was found at a path.

    :arg kind: ``folders``, ``static`` or ``dynamic``.
    :arg living: the resource, of a folder its metadata; None: none is there.
    :arg lacking: where none is there, the folders above it that are not there either, outermost first.
    :arg deleted: what lies there in deleted form, in the way of what is wanted: the resource, or the outermost of
        ``lacking``.
    """

    kind: str
    path: ResourcePath
    living: Mapping[str, Any] | None = field(default=None, repr=False)
    lacking: tuple[ResourcePath, ...] = ()
    deleted: ResourcePath | None = None


def look_at(client: Client, kind: str, parameters: Mapping[str, Any]) -> Place:
    """What is at the path; where nothing is, also what a creation, or a deletion for good, would meet.

    :raises OptionError: a path or tags that the API cannot hold.
    """
    path = parse_path(parameters["path"], "path")
    wanted_tags(parameters)
    living = find_living(client, item("GET", kind, path, "metadata" if kind == "folders" else ""))
    if living is not None:
        return Place(kind, path, living)
    if parameters["state"] == "absent":
        return Place(kind, path, deleted=find_deleted(client, kind, path) if parameters["permanent"] else None)
    lacking = _lacking_folders(client, path)
    if not lacking:
        return Place(kind, path, deleted=find_deleted(client, kind, path))
    # Who may not make parents does not restore any.
    deleted = find_deleted(client, "folders", lacking[0]) if parameters.get("parents", True) else None
    return Place(kind, path, lacking=lacking, deleted=deleted)


def find_living(client: Client, request: Request) -> dict[str, Any] | None:
    """The resource or its metadata; None where there is none or where it is deleted.

    A service may hide what is deleted, or show it with its time of deletion.
    """
    found = client.find(request)
    if found is None or found.get("deletedAt") or (found.get("metadata") or {}).get("deletedAt"):
        return None
    return found


def find_deleted(client: Client, kind: str, path: ResourcePath) -> ResourcePath | None:
    """The path, if a soft-deleted resource lies there, as the list of its folder shows it."""
    try:
        listed = client.items(Request("GET", f"/{kind}", query={"path": path.folder, "deletedOnly": True}))
    except NotFoundError:
        return None
    return path if any(str(entry.get("path", "")).strip("/") == str(path) for entry in listed) else None


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


def present(client: Client, kind: str, path: ResourcePath) -> dict[str, Any]:
    """The static or dynamic secret that must be there.

    :raises MissingError: it is not; the text is ``absence``.
    """
    found = find_living(client, item("GET", kind, path))
    if found is None:
        raise MissingError(absence(client, kind, path))
    return found


def absence(client: Client, kind: str, path: ResourcePath) -> str:
    """Why nothing is at this path, in a sentence that says what to do.

    :arg kind: ``static`` or ``dynamic``.
    """
    if find_deleted(client, kind, path) is not None:
        restores = f"community.workload_credentials.{kind}_secret restores it by default"
        return f"{path}: this {kind} secret is deleted. {restores}."
    lacking = _lacking_folders(client, path)
    if lacking:
        return f"{path}: {_no_folder(lacking)}"
    where = f"folder {path.folder}" if path.folder else "top folder"
    return f"{path}: there is no {kind} secret {path.name!r} in the {where}, which exists."


def _lacking_folders(client: Client, path: ResourcePath) -> tuple[ResourcePath, ...]:
    """The folders above the path that are not there, outermost first."""
    parent = path.parent
    if parent is None or find_living(client, item("GET", "folders", parent, "metadata")) is not None:
        return ()
    return (*_lacking_folders(client, parent), parent)


def _no_folder(lacking: tuple[ResourcePath, ...]) -> str:
    exists = f"; its parent {lacking[0].parent} exists" if lacking[0].parent else ""
    return f"there is no folder {lacking[0]}{exists}."


def missing_parent(place: Place) -> tuple[str, ...]:
    """A sentence where the folder that should hold the resource is not there."""
    if not place.lacking:
        return ()
    sentence = (
        f"{place.path}: its folder {place.lacking[-1]} does not exist: {_no_folder(place.lacking)} "
        "Create it first with community.workload_credentials.folder."
    )
    if place.deleted:
        sentence = (
            f"{place.path}: its folder {place.deleted} is deleted (folder_deleted). "
            "community.workload_credentials.folder restores it by default."
        )
    return (sentence,)


def listing(kind: str, parameters: Mapping[str, Any], **query: Any) -> Request:
    """The request for what is in the option ``folder``, or with ``recursive`` anywhere below it.

    :arg parameters: where ``deleted_only`` is one of the options, it counts.
    :raises OptionError: a folder that the API cannot hold.
    """
    where = {"path": parse_folder(parameters["folder"], "folder"), "recursive": parameters["recursive"]}
    return Request("GET", f"/{kind}", query={**where, **query, "deletedOnly": parameters.get("deleted_only")})


def listed(client: Client, request: Request) -> tuple[list[dict[str, Any]], tuple[str, ...]]:
    """The entries of a list, and a sentence where what should hold them is not there."""
    try:
        return client.items(request), ()
    except NotFoundError as error:
        return [], (str(error),)


def revive(place: Place, on_deleted: str) -> tuple[Request, ...]:
    """What must come before creating where something deleted is in the way; a restore makes creating needless.

    :arg on_deleted: ``restore``, ``replace`` or ``fail``.
    :raises StateError: something deleted is there and ``on_deleted`` is ``fail``.
    """
    path, kind = place.deleted, place.kind
    if path is None:
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


def deletion(place: Place, before: Mapping[str, Any] | None, parameters: Mapping[str, Any], **query: Any) -> Change:
    """The change that makes the resource absent: gone for good with ``permanent``, else restorable.

    :arg before: its view for the diff, None where there is none.
    """
    if place.living is None and place.deleted is None:
        return Change()
    permanent = parameters["permanent"]
    mark = {"path": str(place.path), "deleted": True}
    request = item("DELETE", place.kind, place.path, query={"permanent": permanent, **query})
    return Change(requests=(request,), before=before or mark, after=None if permanent else mark)
