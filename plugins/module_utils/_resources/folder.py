# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Folders: present with tags, or absent.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.community.workload_credentials.plugins.module_utils._api.client import Client
from ansible_collections.community.workload_credentials.plugins.module_utils._api.paths import ResourcePath
from ansible_collections.community.workload_credentials.plugins.module_utils._api.request import Replay, item
from ansible_collections.community.workload_credentials.plugins.module_utils._change import Change
from ansible_collections.community.workload_credentials.plugins.module_utils._resources._parts.lifecycle import (
    Place,
    deletion,
    is_restore,
    look_at,
    revive,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._resources._parts.tags import (
    tag_requests,
    tags_after,
    wanted_tags,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._resources._parts.view import view
from ansible_collections.community.workload_credentials.plugins.module_utils._spec import RESOURCE, Spec


def look(client: Client, parameters: Mapping[str, Any]) -> Place:
    """What is at the path, or which folders above it lack."""
    return look_at(client, "folders", parameters)


def plan(found: Place, parameters: Mapping[str, Any]) -> Change:
    """What is to be done so that the folder is as wanted.

    :raises OptionError: more tags than the API can hold.
    :raises StateError: something deleted is in the way.
    """
    path, metadata = found.path, found.living
    if parameters["state"] == "absent":
        before = None if metadata is None else _shown(path, metadata.get("tags"))
        return deletion(found, before, parameters, recursive=parameters["recursive"])
    if metadata is None:
        return _create(found, parameters)
    current = metadata.get("tags") or {}
    after = tags_after(current, wanted_tags(parameters), purge=parameters["purge_tags"])
    return Change(
        requests=tag_requests("folders", path, current, after, purge=parameters["purge_tags"]),
        before=_shown(path, current),
        after=_shown(path, after),
        predicted={"folder": _view(path, {**metadata, "tags": after})},
        outcome=lambda client, _answers: _read(client, path),
    )


def _create(found: Place, parameters: Mapping[str, Any]) -> Change:
    path, lacking = found.path, found.lacking
    missing: tuple[str, ...] = ()
    if lacking and not parameters["parents"]:
        missing = (f"{path}: its folder {lacking[-1]} does not exist, and parents=false forbids creating it.",)
        lacking = ()
    # A deleted one comes back with all its contents.
    requests = revive(found, parameters["on_deleted"])
    tags = tags_after({}, wanted_tags(parameters), purge=parameters["purge_tags"])
    restored = is_restore(requests)
    if not restored:
        requests += tuple(item("POST", "folders", one, replay=Replay.CREATE) for one in (*lacking, path))
        requests += tag_requests("folders", path, {}, tags, purge=parameters["purge_tags"])
    return Change(
        requests=requests,
        after=_shown(path, tags),
        predicted={"folder": _view(path, {"tags": tags})},
        outcome=lambda client, _answers: _read(client, path),
        replan=restored,
        missing=missing,
    )


def _read(client: Client, path: ResourcePath) -> dict[str, Any]:
    return {"folder": _view(path, client.get(item("GET", "folders", path, "metadata")))}


def _view(path: ResourcePath, metadata: Mapping[str, Any]) -> dict[str, Any]:
    return {"path": str(path), "type": "folder", "metadata": view(metadata)}


def _shown(path: ResourcePath, tags: Any) -> dict[str, Any]:
    return {"path": str(path), "tags": dict(tags or {})}


FOLDER = Spec(
    name="folder",
    options={
        **RESOURCE,
        "parents": {"type": "bool", "default": True},
        "recursive": {"type": "bool", "default": False},
    },
    look=look,
    plan=plan,
)
