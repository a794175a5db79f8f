# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Static secrets: values compared key by key, tags, and earlier versions.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.community.workload_credentials.plugins.module_utils._api.client import Client
from ansible_collections.community.workload_credentials.plugins.module_utils._api.errors import (
    NotFoundError,
    StateError,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._api.paths import (
    ResourcePath,
    check_version,
    parse_path,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._api.request import Replay, item
from ansible_collections.community.workload_credentials.plugins.module_utils._change import Change
from ansible_collections.community.workload_credentials.plugins.module_utils._resources._parts.json_values import (
    check_json,
    merged,
    patch_between,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._resources._parts.lifecycle import (
    deletion,
    find_living,
    is_restore,
    missing_parent,
    revive,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._resources._parts.tags import (
    Tags,
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

_HIDDEN = "(hidden)"
_HIDDEN_CHANGED = "(hidden, changed)"


def plan(client: Client, parameters: Mapping[str, Any]) -> Change:
    """What is to be done so that the secret is as wanted.

    :raises OptionError: a path or tag that the API cannot hold, or a value or version that cannot be.
    :raises StateError: something deleted is in the way.
    """
    path = parse_path(parameters["path"], "path")
    wanted_tags(parameters)
    check_version(parameters["version"])
    check_json(parameters["secret"], "secret")
    found = find_living(client, item("GET", "static", path))
    if parameters["state"] == "absent":
        before = None if found is None else _shown(path, _values(path, found), {}, _tags(found))
        return deletion(client, "static", path, before, parameters)
    if found is None:
        return _create(client, path, parameters)
    return _update(client, path, found, parameters)


def _create(client: Client, path: ResourcePath, parameters: Mapping[str, Any]) -> Change:
    missing = missing_parent(client, path)
    requests = () if missing else revive(client, "static", path, parameters["on_deleted"])
    restored = is_restore(requests)
    if parameters["version"] is not None and not restored:
        missing += (f"version: {path} does not exist, so it has no version to go back to.",)
    values = merged({}, parameters["secret"] or {})
    tags = tags_after({}, wanted_tags(parameters), purge=parameters["purge_tags"])
    if not restored:
        requests += (
            item("POST", "static", path, body={"secret": values}, replay=Replay.CREATE),
            *tag_requests("static", path, {}, tags, purge=parameters["purge_tags"]),
        )
    return Change(
        requests=requests,
        after=_shown(path, values, {}, tags),
        predicted=lambda: _result(path, {"tags": tags}, values),
        outcome=lambda _answers: _read(client, path, values),
        replan=restored,
        missing=missing,
    )


def _update(client: Client, path: ResourcePath, found: Mapping[str, Any], parameters: Mapping[str, Any]) -> Change:
    current = _values(path, found)
    missing = _missing_version(path, found, parameters["version"])
    after = current if missing else _values_after(client, path, current, parameters)
    patch = patch_between(current, after)
    tags = tags_after(_tags(found), wanted_tags(parameters), purge=parameters["purge_tags"])
    requests = (item("PATCH", "static", path, body={"secret": patch}),) if patch or missing else ()
    metadata = found.get("metadata") or {}
    version = (metadata.get("version") or 0) + 1 if patch else metadata.get("version")
    return Change(
        requests=requests + tag_requests("static", path, _tags(found), tags, purge=parameters["purge_tags"]),
        before=_shown(path, current, {}, _tags(found)),
        after=_shown(path, after, patch, tags),
        predicted=lambda: _result(path, {**metadata, "tags": tags, "version": version}, patch),
        outcome=lambda _answers: _read(client, path, patch),
        missing=missing,
    )


def _missing_version(path: ResourcePath, found: Mapping[str, Any], version: int | None) -> tuple[str, ...]:
    """A sentence where the version is one that the next writes will make."""
    newest = (found.get("metadata") or {}).get("version")
    if version is None or newest is None or version <= newest:
        return ()
    return (_no_version(path, version),)


def _values_after(
    client: Client, path: ResourcePath, current: Mapping[str, Any], parameters: Mapping[str, Any]
) -> dict[str, Any]:
    if parameters["version"] is not None:
        return _values(path, _version(client, path, parameters["version"]))
    if parameters["secret"] is None:
        return dict(current)
    base = {} if parameters["purge_keys"] else current
    return dict(merged(base, parameters["secret"]))


def _version(client: Client, path: ResourcePath, version: int) -> dict[str, Any]:
    try:
        return client.get(item("GET", "static", path, query={"version": version}))
    except NotFoundError:
        raise StateError(_no_version(path, version)) from None


def _no_version(path: ResourcePath, version: int) -> str:
    return f"version: {path} has no version {version}."


def _values(path: ResourcePath, found: Mapping[str, Any]) -> dict[str, Any]:
    if not isinstance(found.get("secret"), Mapping):
        raise StateError(f"{path}: this version is deleted, so the service keeps back its values.")
    return dict(found["secret"])


def _tags(found: Mapping[str, Any]) -> Tags:
    return (found.get("metadata") or {}).get("tags") or {}


def _read(client: Client, path: ResourcePath, changed: Mapping[str, Any]) -> dict[str, Any]:
    return _result(path, client.get(item("GET", "static", path, "metadata")), changed)


def _result(path: ResourcePath, metadata: Mapping[str, Any], changed: Mapping[str, Any]) -> dict[str, Any]:
    secret = {"path": str(path), "type": "static", "metadata": view(metadata)}
    return {"static_secret": secret, "changed_keys": sorted(changed)}


def _shown(path: ResourcePath, values: Mapping[str, Any], patch: Mapping[str, Any], tags: Tags) -> dict[str, Any]:
    """The diff's view: names of keys, never a value."""
    keys = {key: _HIDDEN_CHANGED if key in patch else _HIDDEN for key in values}
    return {"path": str(path), "secret": keys, "tags": dict(tags)}


STATIC_SECRET = Spec(
    name="static_secret",
    options={
        **CONNECTION,
        **STATE,
        **TAGS,
        **LIFECYCLE,
        "path": {"type": "str", "required": True},
        "secret": {"type": "dict", "no_log": True},
        # Names of keys, not keys.
        "purge_keys": {"type": "bool", "default": False, "no_log": False},
        "version": {"type": "int"},
    },
    plan=plan,
    mutually_exclusive=(("secret", "version"),),
)
