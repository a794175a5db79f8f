# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a task of cluster_credentials did, or would do: noted while it happens, so that nothing is lost if it fails."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ...module_utils._kube.objects import reference

if TYPE_CHECKING:
    from .secrets import ClusterObject


@dataclass
class Outcome:
    """The report, the differences by object, and what went wrong; no value of a secret is in it.

    :arg problems: sentences that fail the task at its end; ``warnings`` do not.
    """

    report: list[dict[str, Any]] = field(default_factory=list)
    before: dict[str, Any] = field(default_factory=dict)
    after: dict[str, Any] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def differs(self, where: str, before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> None:
        """Note a difference; None on one side: the object does not exist there."""
        for side, view in ((self.before, before), (self.after, after)):
            if view is not None:
                side[where] = dict(view)

    def removes(self, objects: Iterable[Mapping[str, Any]]) -> None:
        """Note that these objects go."""
        for removed in objects:
            self.differs(where(removed), reference(removed), None)

    def result(self, *, diff: bool) -> dict[str, Any]:
        """Return the task's result."""
        result: dict[str, Any] = {"changed": bool(self.before or self.after), "report": self.report}
        if diff:
            result["diff"] = {"before": self.before, "after": self.after}
        if self.warnings:
            result["warnings"] = self.warnings
        if self.problems:
            result.update(failed=True, msg=" ".join(self.problems))
        return result


def where(cluster_object: ClusterObject) -> str:
    """Return the name of an object in a difference."""
    metadata = cluster_object["metadata"]
    return "/".join(filter(None, (cluster_object["kind"], metadata.get("namespace"), metadata["name"])))


def differing(before: Any, after: Any) -> tuple[Any, Any]:
    """Return both sides without the fields that are alike, so that a long object does not hide its difference."""
    if not isinstance(before, Mapping) or not isinstance(after, Mapping):
        return before, after
    former: dict[str, Any] = {}
    latter: dict[str, Any] = {}
    for name in dict.fromkeys([*before, *after]):
        if before.get(name) == after.get(name):
            continue
        old, new = differing(before.get(name), after.get(name))
        if name in before:
            former[name] = old
        if name in after:
            latter[name] = new
    return former, latter


def without_bookkeeping(cluster_object: ClusterObject) -> dict[str, Any]:
    """Return an object without the fields in which the cluster keeps account of it."""
    names = ("managedFields", "generation", "resourceVersion", "uid", "creationTimestamp", "selfLink")
    metadata = {name: value for name, value in cluster_object["metadata"].items() if name not in names}
    plain = {**cluster_object, "metadata": metadata}
    plain.pop("status", None)
    return plain
