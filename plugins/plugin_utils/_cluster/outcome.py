# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a task of cluster_credentials did, or would do: gathered while it happens, also when it breaks off."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ...module_utils._kube.objects import reference

if TYPE_CHECKING:
    from .secrets import ClusterObject


@dataclass
class Outcome:
    """The report, the differences by object, and what went wrong.

    None of it holds a value. ``problems`` fail the task at its end; ``warnings`` do not.
    """

    report: list[dict[str, Any]] = field(default_factory=list)
    before: dict[str, Any] = field(default_factory=dict)
    after: dict[str, Any] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def differs(self, where: str, before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> None:
        """Take note of a difference; None on one side: the object is not there."""
        for side, view in ((self.before, before), (self.after, after)):
            if view is not None:
                side[where] = dict(view)

    def removes(self, objects: Iterable[Mapping[str, Any]]) -> None:
        """Take note that these objects go."""
        for one in objects:
            self.differs(where(one), reference(one), None)

    def result(self, *, diff: bool) -> dict[str, Any]:
        """The task's result."""
        result: dict[str, Any] = {"changed": bool(self.before or self.after), "report": self.report}
        if diff:
            result["diff"] = {"before": self.before, "after": self.after}
        if self.warnings:
            result["warnings"] = self.warnings
        if self.problems:
            result.update(failed=True, msg=" ".join(self.problems))
        return result


def where(found: ClusterObject) -> str:
    """An object in a difference."""
    metadata = found["metadata"]
    return "/".join(filter(None, (found["kind"], metadata.get("namespace"), metadata["name"])))


def differing(before: Any, after: Any) -> tuple[Any, Any]:
    """Both sides without what they have in common, so that a difference stands beside the name of its object."""
    if not (isinstance(before, Mapping) and isinstance(after, Mapping)):
        return before, after
    sides: tuple[dict[str, Any], dict[str, Any]] = ({}, {})
    for name in (*before, *(one for one in after if one not in before)):
        old, new = before.get(name), after.get(name)
        if old == new:
            continue
        for side, value, there in zip(sides, differing(old, new), (name in before, name in after)):
            side.update({name: value} if there else {})
    return sides


def without_bookkeeping(found: ClusterObject) -> dict[str, Any]:
    """An object without what the cluster itself writes, which says nothing."""
    names = ("managedFields", "generation", "resourceVersion", "uid", "creationTimestamp", "selfLink")
    metadata = {name: value for name, value in found["metadata"].items() if name not in names}
    return {**{name: value for name, value in found.items() if name != "status"}, "metadata": metadata}
