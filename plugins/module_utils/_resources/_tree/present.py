# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading what exists of a wanted tree: lists first, then only what must be compared.

A list shows a static secret's version and times, not its values, and the API has no digest of them: whether a value is
the wanted one shows only its value. A mark in a tag would save these reads, but a digest of a value is something to
guess the value by, and those who may list tags are more than those who may read values. So each wanted secret with
values costs one read, and nothing else does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from ..._api.client import Client
from ..._api.concurrency import gather_attempts
from ..._api.errors import DeniedError, WorkloadCredentialsError
from ..._api.own_writes import PREDICTED
from .. import folder, integration, static_secret
from .._parts import definition
from .._parts.lifecycle import Place
from .._parts.visibility import SHOWN, read, read_integration, with_tags
from ..integration import ExistingIntegration
from ..static_secret import ExistingSecret
from .listings import Lists, Row, lists_of, restorable
from .policies import Access, access_of
from .progress import Progress
from .removals import with_removals
from .states import PresentTree, deleted_at, is_held
from .wanted import DYNAMIC, FOLDERS, INTEGRATIONS, POLICIES, STATIC, WITH_PATHS, Key, Kind, Node, WantedTree

# The ID of an integration that is about to be made: no definition has it.
_NEW = "new"


def look(client: Client, tree: WantedTree) -> PresentTree:
    """Return what exists of the tree.

    :raises RequestError: a list failed.
    """
    if tree.problems:
        # What is wrong with the tree itself is known without the service.
        return PresentTree(tree, Lists({}))
    access = access_of(tree)
    lists = _lists(client, tree)
    tree = replace(tree, nodes={**_top_folders(tree, lists), **tree.nodes})
    known = _known_integrations(client, tree, lists)
    nodes = list(tree.nodes.values())
    progress = Progress(client, "compared", len(nodes))
    found = gather_attempts(
        progress.counting(lambda node: existing(client, lists, node, known, access)), nodes, tree.concurrency
    )
    present: dict[Key, Any] = {}
    problems: list[str] = []
    for node, result in zip(nodes, found):
        if isinstance(result, WorkloadCredentialsError):
            problems.append(f"{node}: {result}")
        else:
            present[node.key] = result
    return with_removals(client, PresentTree(tree, lists, present, problems=problems, access=access))


def _lists(client: Client, tree: WantedTree) -> Lists:
    """Return the lists that the tree needs: of what is deleted only if something is missing."""
    needed = {node.kind.api for node in tree.nodes.values()} | tree.prune
    if FOLDERS.api in tree.prune:
        # A folder with contents that stay is no folder to remove.
        needed |= set(WITH_PATHS)
    integrations = bool(needed & {INTEGRATIONS.api, DYNAMIC.api})
    lists = lists_of(client, tree, [kind for kind in WITH_PATHS if kind in needed], integrations=integrations)
    lacking = _lacking_kinds(tree, lists)
    if lacking:
        lists = _with_other_kinds(client, tree, lists)
    asked = _kinds_to_restore(tree, lists, lacking)
    return replace(lists, deleted=restorable(client, tree, sorted(asked))) if asked else lists


def _with_other_kinds(client: Client, tree: WantedTree, lists: Lists) -> Lists:
    """Add the lists of the kinds that may hold the path of something new."""
    others = [kind for kind in WITH_PATHS if kind not in lists.living]
    if not others or lists.top is not None:
        return lists
    more = lists_of(client, tree, others, integrations=False)
    return replace(lists, living={**lists.living, **more.living})


def _kinds_to_restore(tree: WantedTree, lists: Lists, lacking: set[str]) -> set[str]:
    """Return the kinds of which the tree needs to know what can be restored."""
    if lists.top is not None and lists.top.deleted is None:
        # Nothing is below a folder that never existed.
        return set()
    if lists.top is not None or FOLDERS.api in lacking or (FOLDERS.api in tree.prune and tree.permanent):
        # A folder that is restored brings back all that it held, and one that is removed takes it away.
        return set(WITH_PATHS)
    # What can be restored needs its integration then.
    return lacking | {DYNAMIC.api} if INTEGRATIONS.api in tree.prune else lacking


def _lacking_kinds(tree: WantedTree, lists: Lists) -> set[str]:
    """Return the kinds of which a wanted object is in no list."""
    nodes = [node for node in tree.nodes.values() if node.kind.has_path]
    missing = {node.kind.api for node in nodes if node.path not in lists.rows(node.kind.api)}
    return {kind for kind in missing if not lists.is_refused(kind)}


def _top_folders(tree: WantedTree, lists: Lists) -> dict[Key, Node]:
    """Return the root and the folders above it that are missing, if the tree needs them."""
    if lists.top is None or not any(node.kind.has_path for node in tree.nodes.values()):
        return {}
    folders = [*map(str, lists.top.lacking), tree.root]
    return {(FOLDERS.api, path): tree.folder(path) for path in folders}


def _known_integrations(
    client: Client, tree: WantedTree, lists: Lists
) -> dict[tuple[str, str], Mapping[str, Any] | None] | None:
    """Return the integrations that definitions name, None for one that does not exist; None: they may not be listed.

    Those of the tree are among them, and in check mode those that earlier tasks would have made.
    """
    if lists.integrations is None:
        return None
    known: dict[tuple[str, str], Mapping[str, Any] | None] = {}
    for node in tree.of(INTEGRATIONS):
        known[node.wanted.kind, node.wanted.name] = {"metadata": {"id": _NEW}}
    for node in tree.of(DYNAMIC):
        names = (node.wanted.type, node.wanted.integration_name or "")
        # A tree is applied as a whole, so that what the list does not show is refused before anything is written.
        known.setdefault(names, None)
        foreseen = client.writes.left_at(PREDICTED + INTEGRATIONS.api, "/".join(names))
        if foreseen is not None and not foreseen.gone:
            known[names] = {"metadata": {"id": _NEW}}
    for entry in lists.integrations.values():
        known[entry["type"], entry["name"]] = {"metadata": entry}
    return known


def existing(client: Client, lists: Lists, node: Node, known: Any, access: Access) -> Any:
    """Return what the module of its kind finds of an object, from lists as far as they show it.

    :arg known: the integrations, as ``definition.look_further`` takes them.
    """
    if node.kind is POLICIES:
        return access.state(node)
    if node.kind is INTEGRATIONS:
        return _existing_integration(client, lists, node)
    if lists.is_refused(node.kind.api):
        # Only its own reads can show what is there.
        return look_alone(client, node)
    row = lists.rows(node.kind.api).get(node.path)
    if row is None:
        return _missing(client, lists, node, known)
    return _READERS[node.kind](client, node, row, known)


def look_alone(client: Client, node: Node) -> Any:
    """Return what the module of its kind finds of an object with reads of its own."""
    return _LOOKS[node.kind](client, node.wanted)


def _missing(client: Client, lists: Lists, node: Node, known: Any) -> Any:
    path, kind = node.wanted.path, node.kind.api
    is_deleted = node.path in deleted_at(lists, kind) and not is_held(lists, node)
    place = Place(kind, path, deleted=path if is_deleted else None)
    if node.kind is STATIC:
        return ExistingSecret(place)
    if node.kind is DYNAMIC:
        return definition.look_further(client, place, node.wanted, known)
    return place


def _existing_folder(client: Client, node: Node, row: Row, _known: Any) -> Place:
    metadata: Mapping[str, Any] = row.get("metadata") or {}
    if node.wanted.tags is not None and "tags" not in metadata:
        return folder.look_for(client, node.wanted)
    return Place(FOLDERS.api, node.wanted.path, metadata)


def _existing_secret(client: Client, node: Node, row: Row, _known: Any) -> ExistingSecret:
    wanted, metadata = node.wanted, row.get("metadata") or {}
    if wanted.secret is None:
        # Its values stay, so nobody needs them.
        living: Mapping[str, Any] | None = {"metadata": metadata}
        if wanted.tags is not None:
            living = with_tags(client, STATIC.api, wanted.path, living or {})
        return ExistingSecret(Place(STATIC.api, wanted.path, living))
    living = _read(client, node)
    if living is None:
        return static_secret.look_for(client, wanted)
    living = {**living, "metadata": {**_tags_in(metadata), **(living.get("metadata") or {})}}
    return static_secret.look_further(client, Place(STATIC.api, wanted.path, living), wanted)


def _existing_definition(client: Client, node: Node, row: Row, known: Any) -> definition.ExistingDefinition:
    living = _read(client, node)
    if living is None:
        return definition.look_for(client, node.wanted)
    tags = _tags_in(row.get("metadata") or {})
    living = {**living, "metadata": {**tags, **(living.get("metadata") or {})}}
    return definition.look_further(client, Place(DYNAMIC.api, node.wanted.path, living), node.wanted, known)


def _tags_in(metadata: Mapping[str, Any]) -> dict[str, Any]:
    return {"tags": metadata["tags"]} if "tags" in metadata else {}


def _read(client: Client, node: Node) -> Mapping[str, Any] | None:
    """Return a listed object; None: it has gone meanwhile, or may not be read."""
    try:
        return read(client, node.kind.api, node.wanted.path)
    except DeniedError:
        return None


def _existing_integration(client: Client, lists: Lists, node: Node) -> ExistingIntegration:
    if lists.integrations is None:
        return integration.look_for(client, node.wanted)
    if node.path not in lists.integrations:
        return ExistingIntegration(None)
    try:
        return ExistingIntegration(read_integration(client, node.wanted.kind, node.wanted.name))
    except DeniedError as error:
        return ExistingIntegration(None, error, SHOWN)


_READERS: Mapping[Kind, Callable[..., Any]] = {
    FOLDERS: _existing_folder,
    STATIC: _existing_secret,
    DYNAMIC: _existing_definition,
}
_LOOKS: Mapping[Kind, Callable[..., Any]] = {
    FOLDERS: folder.look_for,
    STATIC: static_secret.look_for,
    DYNAMIC: definition.look_for,
    INTEGRATIONS: integration.look_for,
}
