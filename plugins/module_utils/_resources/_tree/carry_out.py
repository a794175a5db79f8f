# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Applying the plan of a tree: side by side where nothing depends on it, and on after a failure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ..._api.client import Client
from ..._api.concurrency import gather_attempts
from ..._api.errors import ConflictError, DeniedError, PartlyDoneError, StateError, WorkloadCredentialsError
from ..._api.paths import folders_above
from ..._api.request import Request
from ..._apply import apply
from ..._change import Change
from .._parts.visibility import entries_now, listed_paths
from .plan import DELETED, RESTORED, UNCHANGED, Step, TreePlan, counts, depth, plan_of
from .policies import administration
from .present import look, look_alone
from .progress import Progress
from .shown import entry
from .states import CHANGES
from .wanted import DYNAMIC, FOLDERS, INTEGRATIONS, POLICIES, WITH_PATHS, Key, Node, WantedTree, is_below, refused

# So many failures stand in one message.
_MOST_FAILURES = 50


@dataclass
class _Done:
    """What has been done so far."""

    changes: dict[Key, dict[str, Any]] = field(default_factory=dict)
    failures: dict[Key, tuple[Node, str]] = field(default_factory=dict)
    unchanged: int = 0

    def summary(self) -> dict[str, int]:
        """Return the counts."""
        return counts(self.changes.values(), self.unchanged, len(self.failures))

    def note_restored(self, steps: Iterable[Step]) -> None:
        """Count what came back with a folder and needs no write of its own."""
        for step in steps:
            if step.action == RESTORED and step.change is None:
                self.changes[step.node.key] = entry(step)


def carry_out(client: Client, plan: TreePlan) -> Mapping[str, Any]:
    """Apply a plan and return the task's values.

    :raises PartlyDoneError: something failed; the message names it, and what depends on it.
    """
    done = _Done()
    plan = _after_restoring(client, plan, done)
    done.unchanged = sum(step.action == UNCHANGED and step.node.key not in done.changes for step in plan.steps)
    progress = Progress(client, "written", len(plan.changes))
    for stage in stages(plan):
        _stage(client, plan, stage, done, progress)
    values = {
        "changed": bool(done.changes),
        "summary": done.summary(),
        "changes": sorted(done.changes.values(), key=lambda one: (one["path"], one["kind"])),
    }
    if done.failures:
        raise PartlyDoneError(_account(done), values)
    return values


def stages(plan: TreePlan) -> Iterator[list[Step]]:
    """Yield the steps in groups whose members depend on earlier groups only."""
    integrations, folders, others, policies = _sorted_out(plan.changes, removals=False)
    yield integrations
    yield from _by_depth(folders)
    yield others
    yield policies
    integrations, folders, others, policies = _sorted_out(plan.changes, removals=True)
    yield policies
    yield others
    yield from reversed([*_by_depth(folders)])
    yield integrations


def _sorted_out(steps: Iterable[Step], *, removals: bool) -> tuple[list[Step], ...]:
    """Return the steps that make or remove integrations, folders, secrets and policies."""
    integrations: list[Step] = []
    folders: list[Step] = []
    others: list[Step] = []
    policies: list[Step] = []
    groups = {INTEGRATIONS: integrations, FOLDERS: folders, POLICIES: policies}
    for step in steps:
        if step.change is not None and (step.action == DELETED) is removals:
            groups.get(step.node.kind, others).append(step)
    return integrations, folders, others, policies


def _by_depth(steps: Sequence[Step]) -> Iterator[list[Step]]:
    """Yield the folders in groups, outermost first."""
    levels: dict[int, list[Step]] = {}
    for step in steps:
        levels.setdefault(depth(step.node.path), []).append(step)
    for level in sorted(levels):
        yield levels[level]


def _after_restoring(client: Client, plan: TreePlan, done: _Done) -> TreePlan:
    """Restore the deleted folders and return the plan for what came back with them.

    :raises StateError: something that came back cannot become what is wanted.
    """
    restores = [step for step in plan.steps if plan.is_folder_restored(step)]
    if not restores:
        return plan
    progress = Progress(client, "restored", len(restores))
    for level in _by_depth(restores):
        _stage(client, plan, [*map(_only_restored, level)], done, progress)
    after = plan_of(look(client, _tree_after(plan)))
    if after.problems:
        problem = refused(after.problems, "nothing was written but that deleted folders were restored")
        raise PartlyDoneError(str(problem), {"changed": bool(done.changes), **_values(done)})
    returned = {step.node.key for step in plan.steps if step.waits}
    steps = [_as_restored(step, returned | done.changes.keys()) for step in after.steps]
    done.note_restored(steps)
    return replace(after, steps=steps)


def _tree_after(plan: TreePlan) -> WantedTree:
    """Return the tree to compare with what came back."""
    softly = frozenset(step.node.key for step in plan.steps if step.waits and step.action == DELETED)
    # Lists show neither the root nor the folders above it.
    nodes = {key: node for key, node in plan.tree.nodes.items() if _is_listed(node, plan.tree.root)}
    return replace(plan.tree, nodes=nodes, softly=softly)


def _as_restored(step: Step, restored: Collection[Key]) -> Step:
    is_restored = step.node.key in restored and step.action != DELETED
    return replace(step, action=RESTORED) if is_restored else step


def _is_listed(node: Node, root: str) -> bool:
    return not node.kind.has_path or is_below(node.path, root)


def _values(done: _Done) -> dict[str, Any]:
    return {"summary": done.summary(), "changes": list(done.changes.values())}


def _only_restored(step: Step) -> Step:
    """Return the restoring alone: what follows is planned together with the contents."""
    if step.change is None:
        return step
    return replace(step, change=replace(step.change, replan=False, predicted={}, outcome=None))


def _stage(client: Client, plan: TreePlan, steps: Sequence[Step], done: _Done, progress: Progress) -> None:
    ready: list[Step] = []
    for step in steps:
        cause = _cause(step, done)
        if cause:
            done.failures[step.node.key] = (step.node, f"not tried, because of {cause}")
        else:
            ready.append(step)
    results = gather_attempts(
        progress.counting(lambda step: _carry_out(client, plan.tree, step)),
        ready,
        plan.tree.concurrency,
        finishing=True,
    )
    for step, result in zip(ready, results):
        if isinstance(result, WorkloadCredentialsError):
            done.failures[step.node.key] = (step.node, str(result))
        elif result:
            done.changes[step.node.key] = entry(step)
        else:
            done.unchanged += 1


def _cause(step: Step, done: _Done) -> str:
    """Return what failed that an object depends on; "": nothing."""
    node = step.node
    if step.action == DELETED:
        return _cause_of_staying(node, done)
    for folder in folders_above(node.path) if node.kind.has_path else ():
        if (FOLDERS.api, folder) in done.failures:
            return f"the folder {folder}"
    if node.kind is DYNAMIC:
        name = f"{node.wanted.type}/{node.wanted.integration_name}"
        if (INTEGRATIONS.api, name) in done.failures:
            return f"the integration {name}"
    return ""


def _cause_of_staying(node: Node, done: _Done) -> str:
    """Return what could not be removed that a folder or an integration depends on."""
    for kind, path in done.failures:
        is_inside = node.kind is FOLDERS and kind in WITH_PATHS and path.startswith(f"{node.path}/")
        if is_inside or (node.kind is INTEGRATIONS and kind == DYNAMIC.api):
            return f"the {done.failures[kind, path][0].kind.words} {path}"
    return ""


def _carry_out(client: Client, tree: WantedTree, step: Step) -> bool:
    """Apply one step and return whether it changed anything."""
    change = step.change
    if change is None:
        return False
    if step.node.kind is POLICIES:
        # A policy is one write, which replaces the whole of it.
        apply(administration(tree), _brief(change), lambda: change)
        return True
    if step.node.kind is FOLDERS and step.action == DELETED:
        return _remove_folder(client, step.node, change)

    def again() -> Change:
        return _brief(CHANGES[step.node.kind](look_alone(client, step.node), step.node.wanted))

    try:
        return bool(apply(client, _brief(change), again).get("changed", True))
    except DeniedError:
        if step.action == DELETED and _is_gone(client, step.node):
            # Another run was faster, and the service answers as if it were forbidden.
            return True
        raise


def _is_gone(client: Client, node: Node) -> bool:
    """Return whether a list shows that something is not there any more."""
    shown = listed_paths(client, node.kind.api, node.path.rpartition("/")[0]) if node.kind.has_path else None
    return shown is not None and node.path not in shown


def _brief(change: Change) -> Change:
    """Return a change that reads nothing back afterwards: a tree returns no objects."""
    otherwise = None if change.otherwise is None else _brief(change.otherwise)
    return replace(change, predicted={}, outcome=None, otherwise=otherwise)


def _remove_folder(client: Client, node: Node, change: Change) -> bool:
    """Remove a folder whose contents have been removed; they may count while they can be restored.

    :raises WorkloadCredentialsError: the service refuses, or something new is in it.
    """
    try:
        return bool(apply(client, replace(_brief(change), explain=_as_it_is), lambda: change).get("changed", True))
    except ConflictError as error:
        if error.code == "dynamic_secret_in_use":
            raise
        living = [path for kind in WITH_PATHS for path in _inside(client, kind, node.path)]
        if living:
            raise StateError(f"it is not empty: {', '.join(sorted(living)[:5])}. These are not of this plan.") from None
        (request,) = change.requests
        with_contents = replace(request, query={**request.query, "recursive": True})
        apply(client, replace(_brief(change), requests=(with_contents,)), lambda: change)
        return True


def _as_it_is(_client: Any, error: WorkloadCredentialsError) -> WorkloadCredentialsError:
    return error


def _inside(client: Client, kind: str, folder: str) -> list[str]:
    entries = entries_now(client, Request("GET", f"/{kind}", query={"path": folder, "recursive": True}))
    return [str(entry["path"]).strip("/") for entry in entries]


def _account(done: _Done) -> str:
    """Return the message about failures and about what was done."""
    failures = [f"- {node}: {reason}" for node, reason in done.failures.values()]
    if len(failures) > _MOST_FAILURES:
        failures[_MOST_FAILURES:] = [f"- and {len(failures) - _MOST_FAILURES} more"]
    summary = ", ".join(f"{number} {action}" for action, number in done.summary().items())
    head = f"The tree was applied in part ({summary}). The same task goes on from here. Failed:"
    return "\n".join([head, *failures])
