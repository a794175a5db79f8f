# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A site or a folder of it as a tree: what the module tree takes, read from the service."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from ..._access.cedar import WORKLOAD, Grant
from ..._api.client import Client
from ..._api.concurrency import run_concurrently
from ..._api.errors import StateError
from ..._api.paths import parse_folder, parse_path
from ..._change import ReadResult
from ..._providers import PROVIDERS
from .._parts.finding import find
from .._parts.visibility import find_integration, with_tags
from .listings import Lists, Row, lists_of, restorable
from .policies import access_of
from .progress import Progress
from .wanted import (
    DYNAMIC,
    FOLDERS,
    INTEGRATIONS,
    KINDS,
    POLICIES,
    STATIC,
    WITH_PATHS,
    Kind,
    WantedTree,
    is_below,
    wanted_tree,
)


@dataclass(frozen=True)
class _Export:
    """One reading of a site."""

    client: Client
    tree: WantedTree
    lists: Lists
    values: bool

    def folder(self, row: tuple[str, Row]) -> dict[str, Any]:
        """Return a folder as an object of a tree."""
        path, entry = row
        metadata: Mapping[str, Any] = entry.get("metadata") or {}
        if "tags" not in metadata:
            metadata = find(self.client, FOLDERS.api, parse_path(path, "path"), "metadata") or {}
        return _tagged(metadata)

    def static_secret(self, row: tuple[str, Row]) -> dict[str, Any]:
        """Return a static secret as an object of a tree, with its values if they are wanted."""
        path, entry = row[0], row[1]
        secret: Mapping[str, Any] = {}
        metadata: Mapping[str, Any] = entry.get("metadata") or {}
        if self.values:
            secret = find(self.client, STATIC.api, parse_path(path, "path")) or {}
            metadata = {**metadata, **(secret.get("metadata") or {})}
        if "tags" not in metadata:
            metadata = find(self.client, STATIC.api, parse_path(path, "path"), "metadata") or {}
        values = {"secret": _without_nulls(secret["secret"])} if secret.get("secret") is not None else {}
        return {**values, **_tagged(metadata)}

    def dynamic_secret(self, row: tuple[str, Row]) -> dict[str, Any]:
        """Return a definition as an object of a tree."""
        path = parse_path(row[0], "path")
        known = row[1].get("metadata") or {}
        definition: Mapping[str, Any] | None = find(self.client, DYNAMIC.api, path)
        if definition is None:
            raise StateError(f"{path}: this dynamic secret was removed while the tree was read. Repeat the task.")
        tags = {"tags": known["tags"]} if "tags" in known else {}
        definition = {**definition, "metadata": {**tags, **(definition.get("metadata") or {})}}
        definition = with_tags(self.client, DYNAMIC.api, path, definition)
        config = definition.get("config") or {}
        fields = {"type": "type", **PROVIDERS[config["type"]].definition}
        options = {option: config[name] for option, name in fields.items() if config.get(name) is not None}
        return {**options, **self._integration_of(config), **_tagged(definition["metadata"])}

    def _integration_of(self, config: Mapping[str, Any]) -> dict[str, str]:
        for entry in (self.lists.integrations or {}).values():
            if entry.get("id") is not None and entry["id"] == config.get("integrationId"):
                return {"integration_name": entry["name"]}
        name = config.get("integrationName")
        return {"integration_name": name} if name else {}

    def integration(self, row: tuple[str, Row]) -> dict[str, Any]:
        """Return an integration as an object of a tree; nobody can read its secret."""
        kind, name = row[1]["type"], row[1]["name"]
        integration = find_integration(self.client, kind, name) or {}
        config = integration.get("config") or {}
        return {option: config[field] for option, field in PROVIDERS[kind].integration.items() if field in config}


def read(client: Client, parameters: Mapping[str, Any]) -> ReadResult:
    """Return the tree below a folder.

    :raises StateError: this token may not list something that belongs to it.
    """
    tree = _empty_tree(parameters)
    if parameters["deleted_only"]:
        return ReadResult({"tree": _result(tree, _deleted(client, tree))})
    lists = lists_of(client, tree, WITH_PATHS, integrations=True)
    if lists.top is not None:
        return ReadResult({"tree": _result(tree, {})}, (f"root: there is no folder {tree.root}.",))
    refused = [kind.section for kind in WITH_PATHS.values() if lists.is_refused(kind.api)]
    if refused:
        raise StateError(
            f"root: this token may not list {', '.join(refused)} in {tree.root or 'the site'} (ListFolderContents)."
        )
    warnings = [_NO_INTEGRATIONS] if lists.integrations is None else []
    sections = _sections(_Export(client, tree, lists, parameters["values"]))
    if parameters["policies"]:
        sections[POLICIES.section] = _policies(tree)
    return ReadResult({"tree": _result(tree, sections), "warnings": warnings})


def _sections(export: _Export) -> dict[str, dict[str, Any]]:
    """Return the objects of each section by their path below the root."""
    tree, lists = export.tree, export.lists
    rows: list[tuple[Kind, tuple[str, Row]]] = []
    for kind in (FOLDERS, STATIC, DYNAMIC):
        rows += [(kind, row) for row in lists.rows(kind.api).items() if is_below(row[0], tree.root)]
    if not tree.root:
        rows += [(INTEGRATIONS, row) for row in (lists.integrations or {}).items()]
    readers = {
        FOLDERS: export.folder,
        STATIC: export.static_secret,
        DYNAMIC: export.dynamic_secret,
        INTEGRATIONS: export.integration,
    }
    progress = Progress(export.client, "read", len(rows))
    objects = run_concurrently(progress.counting(lambda one: readers[one[0]](one[1])), rows, tree.concurrency)
    sections: dict[str, dict[str, Any]] = {}
    for (kind, (path, _row)), shown in zip(rows, objects):
        sections.setdefault(kind.section, {})[_relative(path, tree.root, kind)] = shown
    return sections


def _policies(tree: WantedTree) -> dict[str, Any]:
    """Return the policies for paths of the tree."""
    access = access_of(replace(tree, prune=frozenset([POLICIES.api])))
    return {policy.name: _policy(policy.grant, tree.root) for policy in access.below(tree.root) if policy.grant}


def _policy(grant: Grant, root: str) -> dict[str, Any]:
    kind = "workload_id" if grant.principal.kind == WORKLOAD else grant.principal.kind
    relative = grant.resource.path[len(root) :].strip("/") or "/"
    return {
        "principal": {kind: grant.principal.id},
        "actions": sorted(grant.actions),
        "resource": {grant.resource.kind: relative},
    }


_NO_INTEGRATIONS = (
    "This token may not list integrations (ListIntegrations), so the tree has none, and dynamic secrets have no "
    "integration_name."
)


def _empty_tree(parameters: Mapping[str, Any]) -> WantedTree:
    """Return a tree that wants nothing, of this root."""
    names = ("permanent", "purge_keys", "purge_tags", "revoke_leases")
    common = {**dict.fromkeys(names, False), "on_deleted": "restore", "update_secret": "on_create"}
    nothing = {**dict.fromkeys(kind.section for kind in KINDS), "documents": None}
    options = {"prune": [], "prune_limit": 0, "root": parse_folder(parameters["root"], "root")}
    return wanted_tree({**parameters, **common, **nothing, **options, "concurrency": parameters["concurrency"]})


def _deleted(client: Client, tree: WantedTree) -> dict[str, dict[str, Any]]:
    """Return what can be restored, as far as lists show it."""
    sections: dict[str, dict[str, Any]] = {}
    for name, rows in restorable(client, tree, WITH_PATHS).items():
        kind = WITH_PATHS[name]
        for path, row in rows.items():
            shown = _tagged(row.get("metadata") or {})
            if kind is DYNAMIC and str(row.get("type", "")).startswith("dynamic-"):
                shown["type"] = str(row["type"]).partition("-")[2]
            sections.setdefault(kind.section, {})[_relative(path, tree.root, kind)] = shown
    return sections


def _relative(path: str, root: str, kind: Kind) -> str:
    return path[len(root) + 1 :] if root and kind.has_path else path


def _tagged(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """Return the option tags, if there are any."""
    return {"tags": dict(metadata["tags"])} if metadata.get("tags") else {}


def _without_nulls(value: Any) -> Any:
    """Return values without keys that are null, since a null in a tree removes the key."""
    if not isinstance(value, Mapping):
        return value
    return {key: _without_nulls(inner) for key, inner in value.items() if inner is not None}


def _result(tree: WantedTree, sections: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return the sections with sorted paths."""
    ordered = {name: dict(sorted(objects.items())) for name, objects in sorted(sections.items())}
    return {"root": tree.root, **ordered}
