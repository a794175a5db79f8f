# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A cluster through kubernetes.core's modules, for hosts that alone can reach it or that have another Python.

Where it differs from a connection of our own: each call is a module process, one after the other. The values of a call
stand on the target in the file that Ansible makes of a module (readable by its user, gone at the end) unless
pipelining is on. Merge patches bear no field manager, deletions by ``uid`` go one by one, and a list comes as a whole.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.community.workload_credentials.plugins.module_utils._kube.errors import (
    ClusterError,
    ForbiddenError,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._kube.kinds import Kind, named
from ansible_collections.community.workload_credentials.plugins.module_utils._kube.module_results import (
    problem_in,
    status_in,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._kube.module_writes import (
    ROUNDS,
    Result,
    Run,
    applied,
    pause,
    removed,
    written,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._kube.refusals import (
    as_creation,
    reading_problem,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._kube.request import (
    is_passing,
    preconditions,
    unseen,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._kube.waiting import (
    settled_removals,
    wait_gone,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._kube.wire import (
    FIELD_MANAGER,
    READ,
    Found,
    Object,
    Objects,
    Place,
    References,
    Removals,
    Results,
)

# Up to as many objects of a namespace are read by name, each by a process of its own; more are cheaper as a list.
_SINGLE = 2
_APPLY = {"field_manager": FIELD_MANAGER, "force_conflicts": True}


class ByModules:
    """The port through modules (see wire.Cluster).

    :arg run: runs a module where the task runs.
    :arg options: kubernetes.core's, which every call gets.
    :arg host: whose modules they are, as the inventory names it.
    """

    def __init__(self, run: Run, options: Mapping[str, Any], host: str = "") -> None:
        self._run = run
        self._options = dict(options)
        self._host = host

    @property
    def address(self) -> str:
        """What the modules of the host are told of the cluster."""
        told = [f"{name}={self._options[name]}" for name in ("host", "kubeconfig", "context") if name in self._options]
        return " ".join([f"by modules of {self._host}:", *told])

    def list(
        self,
        kind: Kind,
        *,
        namespace: str | None = None,
        labels: Sequence[str] = (),
        fields: Sequence[str] = (),
        metadata_only: bool = False,
    ) -> Objects | None:
        """The objects of a kind; None: the cluster does not serve it."""
        selectors = {"label_selectors": list(labels), "field_selectors": list(fields)}
        return self._read(kind, {"namespace": namespace, **selectors}, metadata_only=metadata_only)

    def get(
        self, kind: Kind, name: str, namespace: str | None = None, *, metadata_only: bool = False
    ) -> dict[str, Any] | None:
        """One object; None: there is none."""
        found = self._read(kind, {"name": name, "namespace": namespace}, metadata_only=metadata_only)
        return found[0] if found else None

    def get_many(self, kind: Kind, places: Sequence[Place], *, metadata_only: bool = False) -> Found:
        """The objects of these namespaces and names."""
        found: dict[Place, dict[str, Any] | None] = {}
        for namespace in dict.fromkeys(namespace for namespace, _name in places):
            wanted = [place for place in places if place[0] == namespace]
            found.update(self._some(kind, namespace, wanted, metadata_only=metadata_only))
        return [found.get(place) for place in places]

    def apply(self, manifests: Sequence[Object], *, dry_run: bool = False) -> Results:
        """Server-side apply of each manifest."""
        arguments = {"state": "present", "apply": True, "server_side_apply": _APPLY}
        return self._write(manifests, arguments, dry_run=dry_run)

    def create(self, manifests: Sequence[Object], *, dry_run: bool = False) -> Results:
        """Server-side apply of each manifest, if there is no such object yet."""
        results = self.apply([unseen(one) for one in manifests], dry_run=dry_run)
        return [as_creation(one, manifest) for one, manifest in zip(results, manifests)]

    def patch(self, manifests: Sequence[Object], *, dry_run: bool = False) -> Results:
        """A merge patch for each manifest."""
        return self._write(manifests, {"state": "patched", "merge_type": ["merge"]}, dry_run=dry_run)

    def delete(self, references: Sequence[Object], *, dry_run: bool = False) -> Removals:
        """Delete each of them; what is not there is gone."""
        plain = [one for one in references if not preconditions(one)]
        done = iter(self._items(plain, {"state": "absent"}, dry_run=dry_run))
        answers = [
            removed(one, self._delete_seen(one, dry_run) if preconditions(one) else next(done)) for one in references
        ]
        return settled_removals(self, references, answers)

    def wait_gone(self, references: Sequence[Object], timeout_s: float) -> References:
        """Wait until they are gone, and return those that are not in time."""
        return wait_gone(self, references, timeout_s)

    def _some(
        self, kind: Kind, namespace: str | None, places: Sequence[Place], *, metadata_only: bool
    ) -> dict[Place, dict[str, Any] | None]:
        # Metadata of all costs less than a process for each; data is read of none but those that are wanted.
        if metadata_only and len(places) > _SINGLE:
            try:
                listed = self.list(kind, namespace=namespace, metadata_only=True) or ()
                return {(namespace, one["metadata"]["name"]): one for one in listed}
            except ForbiddenError:
                # By name it may be allowed.
                pass
        return {place: self.get(kind, place[1], namespace, metadata_only=metadata_only) for place in places}

    def _read(self, kind: Kind, where: Mapping[str, Any], *, metadata_only: bool) -> Objects | None:
        arguments = {
            **self._options,
            **{name: value for name, value in where.items() if value},
            "api_version": kind.api_version,
            "kind": kind.kind,
            "metadata_only": metadata_only,
            # A cluster that knows no metadata alone sends everything.
            "hidden_fields": ["data"] if metadata_only else [],
        }
        for attempt in range(ROUNDS + 1):
            result = self._run(READ, arguments, check_mode=False)
            status, body = status_in(result)
            if "resources" in result or attempt == ROUNDS or not is_passing(status, body, versioned=False):
                break
            pause(attempt)
        if result.get("api_found") is False or (status == 404 and not kind.is_core):
            return None
        if "resources" not in result:
            raise _unreadable(f"{kind.plural} cannot be read", result)
        return [named(kind, one) for one in result["resources"]]

    def _delete_seen(self, reference: Object, dry_run: bool) -> Result:
        arguments = {"state": "absent", "delete_options": {"preconditions": preconditions(reference)}}
        return self._items([reference], arguments, dry_run=dry_run)[0]

    def _write(self, manifests: Sequence[Object], arguments: Mapping[str, Any], *, dry_run: bool) -> Results:
        return list(map(applied, manifests, self._items(manifests, arguments, dry_run=dry_run)))

    def _items(self, manifests: Sequence[Object], arguments: Mapping[str, Any], *, dry_run: bool) -> Sequence[Result]:
        return written(self._run, {**self._options, **arguments}, manifests, dry_run=dry_run)


def _unreadable(what: str, result: Result) -> ClusterError:
    status, body = status_in(result)
    if not status:
        return ClusterError(f"{what}: {problem_in(result).rstrip('.')}.")
    error = ForbiddenError if status == 403 else ClusterError
    return error(reading_problem(what, status, body))
