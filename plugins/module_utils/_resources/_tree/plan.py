# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan of a tree: a step for each object, from what exists and what is wanted alone, or all reasons against it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..._api.errors import WorkloadCredentialsError
from ..._api.paths import folders_above
from ..._change import Change
from .._parts.lifecycle import is_restore
from .removals import there
from .states import CHANGES, PresentTree, coming_back, deleted_at
from .wanted import DYNAMIC, FOLDERS, INTEGRATIONS, KINDS, POLICIES, WITH_PATHS, Key, Kind, Node, WantedTree, is_below

CREATED, UPDATED, RESTORED, DELETED, UNCHANGED = "created", "updated", "restored", "deleted", "unchanged"
# So many paths stand in a warning.
_SOME = 5


@dataclass(frozen=True)
class Step:
    """What happens to one object.

    :arg action: CREATED, UPDATED, RESTORED, DELETED or UNCHANGED.
    :arg change: its writes; None: there are none of its own.
    :arg waits: it comes back with a folder above it, and is compared only then.
    """

    node: Node
    action: str
    change: Change | None = field(default=None, repr=False)
    waits: bool = False


@dataclass(frozen=True)
class TreePlan:
    """All steps, in the order of the tree's objects, removals last."""

    tree: WantedTree
    steps: Sequence[Step]
    problems: Sequence[str] = ()
    warnings: Sequence[str] = ()
    doubts: Sequence[str] = ()
    missing: Sequence[str] = ()

    @property
    def changes(self) -> list[Step]:
        """Return the steps that change something."""
        return [step for step in self.steps if step.action != UNCHANGED]

    def is_folder_restored(self, step: Step) -> bool:
        """Return whether a step brings back a folder with contents that can be read only then."""
        return step.node.kind is FOLDERS and step.action == RESTORED and not step.waits


def plan_of(present: PresentTree) -> TreePlan:
    """Return the plan of a tree."""
    tree = present.tree
    planning = _Planning(present)
    if tree.problems:
        return TreePlan(tree, (), tree.problems)
    for node in tree.nodes.values():
        planning.add(node)
    planning.refuse_other_kinds()
    planning.add_removals()
    planning.check_limit()
    warnings = [*tree.warnings, *planning.warnings]
    problems = [*present.problems, *planning.problems]
    if problems:
        problems += planning.missing
    return TreePlan(tree, planning.steps, problems, warnings, planning.doubts, planning.missing)


class _Planning:
    """Collects steps, and reasons against them."""

    def __init__(self, present: PresentTree) -> None:
        self._present = present
        self._tree = present.tree
        self.steps: list[Step] = []
        self.problems: list[str] = []
        self.warnings: list[str] = []
        self.missing: list[str] = []
        self.doubts: list[str] = []
        self._returning = {(kind.api, path) for kind in WITH_PATHS.values() for path in coming_back(present, kind)}

    def add(self, node: Node) -> None:
        """Add the step for an object of the tree."""
        found = self._present.existing.get(node.key)
        if found is None:
            # It could not be read, which is a problem already.
            return
        if node.key in self._returning:
            self.steps.append(Step(node, RESTORED, waits=True))
            return
        try:
            change = CHANGES[node.kind](found, node.wanted)
        except WorkloadCredentialsError as error:
            self.problems.append(f"{node}: {error}")
            return
        self._note(node, change)
        if not change.changes:
            self.steps.append(Step(node, UNCHANGED))
            return
        action = _action(node, found, change)
        self._refuse_contents(node, found, change)
        self.steps.append(Step(node, action, change))

    def _note(self, node: Node, change: Change) -> None:
        # An earlier task may register the principal of a policy; all else can be in the tree itself.
        lacking = self.missing if node.kind is POLICIES else self.problems
        lacking += [f"{node}: {sentence}" for sentence in change.missing]
        self.warnings += [f"{node}: {sentence}" for sentence in change.warnings]
        self.doubts += change.doubts

    def _refuse_contents(self, node: Node, place: Any, change: Change) -> None:
        """Note that a deleted folder cannot be replaced, as that would remove what can be restored in it."""
        if node.kind is not FOLDERS or place.deleted is None or is_restore(change.requests):
            return
        inside = [
            path
            for kind in WITH_PATHS
            for path in deleted_at(self._present.lists, kind)
            if is_below(path, node.path) and path != node.path
        ]
        if inside:
            self.problems.append(
                f"{node}: on_deleted=replace would remove what can be restored in this deleted folder "
                f"({len(inside)}: {_named(inside)}). Restore the folder, or remove it with its contents, first."
            )

    def refuse_other_kinds(self) -> None:
        """Note each new object whose path another kind holds or is to hold."""
        for step in self.steps:
            node = step.node
            if step.action != CREATED or not node.kind.has_path:
                continue
            for kind in WITH_PATHS.values():
                holder = self._holder(kind, node)
                if holder:
                    self.problems.append(f"{node}: {holder}; choose another path for one of them.")

    def _holder(self, kind: Kind, node: Node) -> str:
        if kind is node.kind:
            return ""
        other = self._tree.nodes.get((kind.api, node.path))
        if other is not None:
            where = f" ({other.where})" if other.where else ""
            return f"this tree also has a {kind.words} at the path{where}"
        if (kind.api, node.path) in self._returning:
            return f"a {kind.words} comes back at the path with a deleted folder"
        return f"a {kind.words} holds the path" if node.path in self._present.lists.rows(kind.api) else ""

    def add_removals(self) -> None:
        """Add steps for what the tree does not name, if it is pruned."""
        removals = self._present.removals.values()
        going = {node.key for node, _found in removals}
        holding = self._folders_that_stay(going)
        for node, found in removals:
            if node.kind is FOLDERS and node.path in holding:
                self._keep_folder(node, going)
                continue
            if node.kind is INTEGRATIONS and self._is_used(node, found.users, going):
                continue
            try:
                change = CHANGES[node.kind](found, node.wanted)
            except WorkloadCredentialsError as error:
                self.problems.append(f"{node}: {error}")
                continue
            self.steps.append(Step(node, DELETED, change, waits=node.key in self._returning))

    def _folders_that_stay(self, going: set[Key]) -> set[str]:
        """Return the folders with contents that are not removed, or that must not be removed permanently."""
        lists = self._present.lists
        staying = [path for _kind, path in self._staying(going)]
        if self._tree.permanent:
            staying += [path for _kind, path in _keys(lists.deleted)]
        return {folder for path in staying for folder in folders_above(path)}

    def _staying(self, going: set[Key]) -> list[Key]:
        """Return what is there or comes back, and is not removed."""
        return [key for key in (*_keys(self._present.lists.living), *self._returning) if key not in going]

    def _keep_folder(self, node: Node, going: set[Key]) -> None:
        """Warn that a folder stays."""
        lists = self._present.lists
        inside = [key for key in self._staying(going) if is_below(key[1], node.path)]
        if inside:
            self._keep(node, "it holds objects of kinds that are not pruned", [path for _kind, path in inside])
            return
        deleted = [path for _kind, path in _keys(lists.deleted) if is_below(path, node.path)]
        self._keep(node, "it holds objects that can be restored, which permanent would remove too", deleted)

    def _is_used(self, node: Node, users: Sequence[str], going: set[Key]) -> bool:
        """Return whether an integration stays because dynamic secrets need it."""
        named = [other.path for other in self._tree.of(DYNAMIC) if _integration_of(other) == node.path]
        # What is removed so that it can be restored needs it then.
        gone = {path for kind, path in going if kind == DYNAMIC.api} if self._tree.permanent else set()
        using = {*named, *users} - gone
        if using:
            self._keep(node, "dynamic secrets use it", using)
            return True
        deleted = _of_type(self._present.lists.restorable(DYNAMIC.api), node.path.partition("/")[0])
        if deleted:
            self._keep(node, "deleted dynamic secrets of its type may need it when they are restored", deleted)
        return bool(deleted)

    def _keep(self, node: Node, why: str, paths: Collection[str]) -> None:
        self.warnings.append(f"{node} is kept: {why} ({len(paths)}: {_named(paths)}).")

    def check_limit(self) -> None:
        """Note if more would be removed than the limit allows."""
        tree = self._tree
        removed = sum(step.action == DELETED for step in self.steps)
        living = sum(len(there(self._present, kind)) for kind in KINDS if kind.api in tree.prune)
        total = living + sum(kind in tree.prune for kind, _path in self._returning)
        if removed * 100 > tree.prune_limit * total:
            self.problems.append(
                f"prune: {removed} of {total} objects would be deleted, more than the {tree.prune_limit} % that "
                "prune_limit allows. Check that no file of the tree is missing; raise prune_limit if this is meant."
            )


def _action(node: Node, found: Any, change: Change) -> str:
    if is_restore(change.requests):
        return RESTORED
    living = getattr(found, "place", found).living
    return CREATED if living is None else UPDATED


def _keys(lists: Mapping[str, Mapping[str, Any] | None]) -> Iterator[Key]:
    """Yield kind and path of all entries of lists."""
    for kind, rows in lists.items():
        yield from ((kind, path) for path in rows or ())


def _of_type(rows: Mapping[str, Mapping[str, Any]], provider: str) -> list[str]:
    """Return the paths of a provider's dynamic secrets."""
    return [path for path, row in rows.items() if row.get("type") == f"dynamic-{provider}"]


def _integration_of(node: Node) -> str:
    """Return the path of a definition's integration."""
    return f"{node.wanted.type}/{node.wanted.integration_name}"


def _named(paths: Iterable[str]) -> str:
    every = sorted(paths)
    return ", ".join(every[:_SOME]) + (", ..." if len(every) > _SOME else "")


def depth(path: str) -> int:
    """Return how many folders hold a path."""
    return sum(1 for _folder in folders_above(path))


def counts(changes: Iterable[Mapping[str, Any]], unchanged: int, failed: int) -> dict[str, int]:
    """Return the summary of a run or of a prediction."""
    summary = dict.fromkeys((CREATED, UPDATED, RESTORED, DELETED), 0)
    for change in changes:
        summary[change["action"]] += 1
    return {**summary, UNCHANGED: unchanged, "failed": failed}
