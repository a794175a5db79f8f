# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a tree does not name although it is there, and what may prevent that it is removed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..._api.client import Client
from ..._api.concurrency import gather_attempts
from ..._api.errors import WorkloadCredentialsError
from ..._api.paths import integration_path, parse_path
from ..._api.request import Request
from .._parts import definition
from .._parts.lifecycle import Place
from ..integration import ExistingIntegration
from ..static_secret import ExistingSecret
from .listings import Lists
from .states import PresentTree, coming_back
from .wanted import (
    DYNAMIC,
    FOLDERS,
    INTEGRATIONS,
    KINDS,
    POLICIES,
    STATIC,
    WITH_PATHS,
    Key,
    Kind,
    Node,
    WantedTree,
    is_below,
)


@dataclass(frozen=True)
class UsedIntegration(ExistingIntegration):
    """An integration, with the dynamic secrets that use it."""

    users: Sequence[str] = ()


def with_removals(client: Client, present: PresentTree) -> PresentTree:
    """Add what is to be removed, with the leases and users that may prevent it."""
    tree, lists = present.tree, present.lists
    nodes = [*_unlisted(present)]
    found = gather_attempts(lambda node: _existing(client, present, node), nodes, tree.concurrency)
    removals: dict[Key, tuple[Node, Any]] = {}
    problems = [*present.problems, *_unlistable(tree, lists)]
    for node, result in zip(nodes, found):
        if isinstance(result, WorkloadCredentialsError):
            problems.append(f"{node}: {result}")
        else:
            removals[node.key] = (node, result)
    return replace(present, removals=removals, problems=problems)


def _unlistable(tree: WantedTree, lists: Lists) -> Iterator[str]:
    """Yield a sentence for each kind that is pruned and may not be listed."""
    for kind in (INTEGRATIONS, *WITH_PATHS.values()):
        entries = lists.integrations if kind is INTEGRATIONS else lists.living.get(kind.api)
        if kind.api in tree.prune and entries is None:
            yield f"prune: this token may not list {kind.section}, so nobody can say what to remove."


def _unlisted(present: PresentTree) -> Iterator[Node]:
    """Yield what the tree does not name.

    What comes back with a folder is among it, and goes so that it can be restored as before.
    """
    tree = present.tree
    for kind in KINDS:
        if kind.api not in tree.prune:
            continue
        living = there(present, kind)
        yield from (tree.absent(kind, path) for path in _others(tree, kind, living))
        back = coming_back(present, kind)
        yield from (tree.absent(kind, path, softly=True) for path in _others(tree, kind, back))


def there(present: PresentTree, kind: Kind) -> list[str]:
    """Return what is there of a kind and belongs to the tree."""
    if kind is POLICIES:
        return [policy.name for policy in present.access.below(present.tree.root)]
    if kind is INTEGRATIONS:
        return list(present.lists.integrations or ())
    return [path for path in present.lists.rows(kind.api) if is_below(path, present.tree.root)]


def _others(tree: WantedTree, kind: Kind, paths: Iterable[str]) -> list[str]:
    return [path for path in paths if (kind.api, path) not in tree.nodes]


def _existing(client: Client, present: PresentTree, node: Node) -> Any:
    """Return what the module of its kind finds of something to remove."""
    lists = present.lists
    if node.kind is POLICIES:
        return present.access.removal(node.path)
    if node.kind is INTEGRATIONS:
        return UsedIntegration(living={"config": {}}, users=_users(client, node.path))
    row = lists.rows(node.kind.api).get(node.path)
    path = parse_path(node.path, "path")
    if row is None:
        # It comes back with a folder first.
        place = Place(node.kind.api, path, {"metadata": {}})
    else:
        place = Place(node.kind.api, path, row if node.kind is not FOLDERS else row.get("metadata") or {})
    if node.kind is STATIC:
        return ExistingSecret(place)
    if node.kind is DYNAMIC and row is not None:
        return definition.look_further(client, place, node.wanted)
    return definition.ExistingDefinition(place) if node.kind is DYNAMIC else place


def _users(client: Client, name: str) -> list[str]:
    """Return the paths of the dynamic secrets that use an integration."""
    entries = client.items(Request("GET", f"{integration_path(*name.split('/', 1))}/dynamic"))
    return [str(entry.get("path", "")).strip("/") for entry in entries]
