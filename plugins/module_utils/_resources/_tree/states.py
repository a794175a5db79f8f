# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What exists of a wanted tree, as values that its plan takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..._api.paths import folders_above
from .. import dynamic_secret, folder, integration, static_secret
from .listings import Lists
from .policies import Access
from .policies import change_to as change_to_policy
from .wanted import DYNAMIC, FOLDERS, INTEGRATIONS, POLICIES, STATIC, Key, Kind, Node, WantedTree

# The rules of each kind: the change from what exists to what is wanted.
CHANGES: Mapping[Kind, Callable[..., Any]] = {
    FOLDERS: folder.change_to,
    STATIC: static_secret.change_to,
    DYNAMIC: dynamic_secret.change_to,
    INTEGRATIONS: integration.change_to,
    POLICIES: change_to_policy,
}


@dataclass(frozen=True)
class PresentTree:
    """What exists of a wanted tree.

    :arg existing: for each wanted object what the module of its kind finds.
    :arg removals: what is to be removed, and what the modules find of it.
    :arg access: the policies.
    :arg problems: why some objects could not be read.
    """

    tree: WantedTree
    lists: Lists
    existing: Mapping[Key, Any] = field(default_factory=dict, repr=False)
    removals: Mapping[Key, tuple[Node, Any]] = field(default_factory=dict, repr=False)
    problems: Sequence[str] = ()
    access: Access = field(default_factory=Access)


def deleted_at(lists: Lists, kind: str) -> frozenset[str]:
    """Return the paths of all that can be restored, the root and the folders above it among them."""
    return lists.deleted_paths.get(kind, frozenset())


def is_held(lists: Lists, node: Node) -> bool:
    """Return whether a deleted folder above it holds an object."""
    return not deleted_at(lists, FOLDERS.api).isdisjoint(folders_above(node.path))


def coming_back(present: PresentTree, kind: Kind) -> list[str]:
    """Return what of a kind is restored with a folder above it."""
    tree, lists = present.tree, present.lists
    if not kind.has_path or tree.common["on_deleted"] != "restore":
        return []
    wanted = {path for path in deleted_at(lists, FOLDERS.api) if (FOLDERS.api, path) in tree.nodes}
    return [path for path in lists.restorable(kind.api) if not wanted.isdisjoint(folders_above(path))]
