# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Folders: present with tags, or absent.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.community.workload_credentials.plugins.module_utils._api.client import Client
from ansible_collections.community.workload_credentials.plugins.module_utils._api.paths import (
    ResourcePath,
    parse_path,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._api.request import Replay, Request, item
from ansible_collections.community.workload_credentials.plugins.module_utils._change import Change
from ansible_collections.community.workload_credentials.plugins.module_utils._resources._parts.lifecycle import (
    deletion,
    find_living,
    is_restore,
    revive,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._resources._parts.tags import (
    tag_requests,
    tags_after,
    wanted_tags,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._resources._parts.view import view
from ansible_collections.community.workload_credentials.plugins.module_utils._spec import (
    CONNECTION,
    LIFECYCLE,
    STATE,
    TAGS,
    Spec,
)


def plan(client: Client, parameters: Mapping[str, Any]) -> Change:
    """What is to be done so that the folder is as wanted.

    :raises OptionError: a path or tag that the API cannot hold.
    :raises StateError: something deleted is in the way.
    """
    path = parse_path(parameters["path"], "path")
    wanted = wanted_tags(parameters)
    metadata = find_living(client, item("GET", "folders", path, "metadata"))
    if parameters["state"] == "absent":
        before = None if metadata is None else _shown(path, metadata.get("tags"))
        return deletion(client, "folders", path, before, parameters, recursive=parameters["recursive"])
    if metadata is None:
        return _create(client, path, wanted, parameters)
    current = metadata.get("tags") or {}
    after = tags_after(current, wanted, purge=parameters["purge_tags"])
    return Change(
        requests=tag_requests("folders", path, current, after, purge=parameters["purge_tags"]),
        before=_shown(path, current),
        after=_shown(path, after),
        predicted=lambda: {"folder": _view(path, {**metadata, "tags": after})},
        outcome=lambda _answers: _read(client, path),
    )


def _create(
    client: Client, path: ResourcePath, wanted: Mapping[str, str | None] | None, parameters: Mapping[str, Any]
) -> Change:
    lacking = _lacking_ancestors(client, path)
    missing: tuple[str, ...] = ()
    requests: tuple[Request, ...] = ()
    # Under a missing parent nothing deleted can lie.
    if not lacking:
        requests = revive(client, "folders", path, parameters["on_deleted"])
    elif parameters["parents"]:
        requests = _ancestors(client, lacking, parameters["on_deleted"])
    else:
        missing = (f"{path}: its folder {lacking[-1]} does not exist, and parents=false forbids creating it.",)
    tags = tags_after({}, wanted, purge=parameters["purge_tags"])
    restored = is_restore(requests)
    if not restored:
        requests += (_creation(path), *tag_requests("folders", path, {}, tags, purge=parameters["purge_tags"]))
    return Change(
        requests=requests,
        after=_shown(path, tags),
        predicted=lambda: {"folder": _view(path, {"tags": tags})},
        outcome=lambda _answers: _read(client, path),
        replan=restored,
        missing=missing,
    )


def _lacking_ancestors(client: Client, path: ResourcePath) -> list[ResourcePath]:
    """The parents that are not there, outermost first."""
    lacking: list[ResourcePath] = []
    parent = path.parent
    while parent is not None and find_living(client, item("GET", "folders", parent, "metadata")) is None:
        lacking.insert(0, parent)
        parent = parent.parent
    return lacking


def _ancestors(client: Client, lacking: Sequence[ResourcePath], on_deleted: str) -> tuple[Request, ...]:
    """What makes these parents, outermost first; a deleted one comes back with all its contents."""
    revived = revive(client, "folders", lacking[0], on_deleted)
    if is_restore(revived):
        return revived
    return (*revived, *(_creation(folder) for folder in lacking))


def _creation(path: ResourcePath) -> Request:
    return item("POST", "folders", path, replay=Replay.CREATE)


def _read(client: Client, path: ResourcePath) -> dict[str, Any]:
    return {"folder": _view(path, client.get(item("GET", "folders", path, "metadata")))}


def _view(path: ResourcePath, metadata: Mapping[str, Any]) -> dict[str, Any]:
    return {"path": str(path), "type": "folder", "metadata": view(metadata)}


def _shown(path: ResourcePath, tags: Any) -> dict[str, Any]:
    return {"path": str(path), "tags": dict(tags or {})}


FOLDER = Spec(
    name="folder",
    options={
        **CONNECTION,
        **STATE,
        **TAGS,
        **LIFECYCLE,
        "path": {"type": "str", "required": True},
        "parents": {"type": "bool", "default": True},
        "recursive": {"type": "bool", "default": False},
    },
    plan=plan,
)
