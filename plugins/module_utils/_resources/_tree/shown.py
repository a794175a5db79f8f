# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A tree's plan for people, and its steps as return values: keys, tags and configuration, and never a value."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from .plan import CREATED, DELETED, RESTORED, UPDATED, Step, TreePlan, counts
from .policies import meaning
from .wanted import DYNAMIC, FOLDERS, INTEGRATIONS, POLICIES, STATIC, is_below

_SIGNS = {CREATED: "+", UPDATED: "~", DELETED: "-", RESTORED: "+"}
_INTEGRATION = "integration_name"
# Characters of one value of a configuration, such as a policy.
_LONGEST = 80


def entry(step: Step) -> dict[str, Any]:
    """Return a step as an entry of the return value ``changes``."""
    shown: dict[str, Any] = {"kind": step.node.kind.noun, "path": step.node.path, "action": step.action}
    if step.action in (CREATED, UPDATED) and step.change is not None:
        shown["changed_keys"] = _changed_keys(step)
        shown["changed_tags"] = sorted(name for name, _before, _after in _tags(step))
    return shown


def _changed_keys(step: Step) -> list[str]:
    """Return the keys of a secret's values, or the options of a configuration, that change."""
    change = step.change
    if change is None or step.node.kind is FOLDERS:
        return []
    if step.node.kind is STATIC:
        return list(change.predicted["changed_keys"])
    return sorted(name for name, _before, _after in _configuration(step))


def _tags(step: Step) -> Iterator[tuple[str, Any, Any]]:
    yield from _differences(_part(step, "tags"))


def _configuration(step: Step) -> Iterator[tuple[str, Any, Any]]:
    yield from _differences(_part(step, "config"))


def _part(step: Step, name: str) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Return a part of an object before and after the step."""
    change = step.change
    if change is None:
        return {}, {}
    return _side(change.before, name), _side(change.after, name)


def _side(shown: Mapping[str, Any] | str | None, name: str) -> Mapping[str, Any]:
    if isinstance(shown, str):
        return meaning(shown) if shown and name == "config" else {}
    part = (shown or {}).get(name) or {}
    # A definition names its integration beside the configuration.
    used = (shown or {}).get(_INTEGRATION)
    return {**part, _INTEGRATION: used} if name == "config" and used else part


def _differences(sides: tuple[Mapping[str, Any], Mapping[str, Any]]) -> Iterator[tuple[str, Any, Any]]:
    before, after = sides
    for name in sorted({*before, *after}):
        if before.get(name) != after.get(name):
            yield name, before.get(name), after.get(name)


def text(plan: TreePlan) -> str:
    """Return the plan as a tree with + for what is made, ~ for what changes and - for what goes; "": nothing does."""
    steps = sorted(plan.changes, key=_order)
    if not steps:
        return ""
    lines = [*_paths([step for step in steps if step.node.kind.has_path], plan.tree.root)]
    for kind in (INTEGRATIONS, POLICIES):
        own = [step for step in steps if step.node.kind is kind]
        if own:
            lines.append(f"{kind.section}:")
            lines += [f"  {_SIGNS[step.action]} {step.node.path}{_details(step)}" for step in own]
    return "\n".join([*lines, summary_line(plan), ""])


def _paths(steps: list[Step], root: str) -> Iterator[str]:
    """Yield lines for what has a path, below one for the root."""
    top = [step for step in steps if not is_below(step.node.path, root)]
    yield from (f"{_SIGNS[step.action]} {step.node.path}/{_details(step)}" for step in top)
    if steps and not top:
        yield f"{root or 'the whole site'}:"
    yield from _branches(steps[len(top) :], root)


def summary_line(plan: TreePlan) -> str:
    """Return the counts of a plan as a sentence."""
    entries = [entry(step) for step in plan.changes]
    summary = counts(entries, len(plan.steps) - len(entries), 0)
    return ", ".join(f"{number} {action}" for action, number in summary.items() if action != "failed")


def _order(step: Step) -> tuple[list[str], str]:
    return step.node.path.split("/"), step.node.kind.noun


def _branches(steps: list[Step], root: str) -> Iterator[str]:
    """Yield lines for the steps, and for the folders above them that do not change."""
    top = len(root.split("/")) if root else 0
    folders = {step.node.path for step in steps if step.node.kind is FOLDERS}
    shown: set[str] = set()
    for step in steps:
        names = step.node.path.split("/")
        for end in range(top + 1, len(names)):
            folder = "/".join(names[:end])
            if folder not in folders and folder not in shown:
                yield f"{_indent(end - top)}  {names[end - 1]}/"
            shown.add(folder)
        slash = "/" if step.node.kind is FOLDERS else ""
        yield f"{_indent(len(names) - top)}{_SIGNS[step.action]} {names[-1]}{slash}{_details(step)}"


def _indent(level: int) -> str:
    return "  " * max(level, 1)


def _details(step: Step) -> str:
    """Return what changes of one object."""
    words = [step.node.kind.words] if step.node.kind in (STATIC, DYNAMIC) else []
    if step.action == RESTORED:
        words.append("restored")
    if step.action in (CREATED, UPDATED):
        if step.node.kind is STATIC and (keys := _changed_keys(step)):
            words.append(f"keys {', '.join(keys)}")
        words += [_difference(name, before, after) for name, before, after in _configuration(step)]
        words += [_difference(f"tag {name}", before, after) for name, before, after in _tags(step)]
    return f"  ({'; '.join(words)})" if words else ""


def _difference(name: str, before: Any, after: Any) -> str:
    if before is None:
        return f"{name}: {_short(after)}"
    return f"{name}: {_short(before)} -> {_short(after)}" if after is not None else f"{name}: {_short(before)} removed"


def _short(value: Any) -> str:
    words = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return words if len(words) <= _LONGEST else f"{words[:_LONGEST]}..."
