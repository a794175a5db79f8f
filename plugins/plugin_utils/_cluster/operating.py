# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Giving the operator what it needs, waiting for it, and letting it have a Secret, or taking one from it.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timezone
from typing import Any

from ansible_collections.community.workload_credentials.plugins.module_utils._kube.errors import ForbiddenError
from ansible_collections.community.workload_credentials.plugins.module_utils._kube.kinds import KINDS
from ansible_collections.community.workload_credentials.plugins.module_utils._kube.waiting import looked_until
from ansible_collections.community.workload_credentials.plugins.module_utils._kube.wire import Cluster, Refusal
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.entries import Entry
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.look import (
    EVENT,
    EXTERNAL_SECRET,
    SECRET,
    own_objects,
    secrets_of,
)
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.manifests import Manifest
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.marks import (
    Found,
    is_managed,
    lease_fields,
)
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.outcome import (
    Outcome,
    differing,
    where,
    without_bookkeeping,
)
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.push import shown
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.status import Status, statuses
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.unwanted import (
    Identity,
    identity_of,
)


class Operating:
    """The operator's objects in one task.

    :arg manifests: all that should be there.
    :arg absent: namespaces that are not there yet, and in check mode will not be; ``unmade`` are refused.
    """

    def __init__(
        self, cluster: Cluster, manifests: Sequence[Manifest], absent: Collection[str], unmade: Collection[str]
    ) -> None:
        self._cluster = cluster
        self._manifests = manifests
        self._absent = absent
        self._unmade = unmade
        self._before = self._known()
        self._actions: dict[Identity, str] = {}

    def _known(self) -> dict[Identity, Found]:
        kinds = {one.operated.kind for one in self._manifests} - {"Secret"}
        namespaces = {one.operated.namespace for one in self._manifests if one.operated.namespace}
        found = [one for kind in sorted(kinds) for one in own_objects(self._cluster, KINDS[kind], namespaces) or ()]
        places = [
            (one.operated.namespace, one.operated.name) for one in self._manifests if one.operated.kind == "Secret"
        ]
        secrets = self._cluster.get_many(SECRET, places)
        found += [one for one in secrets if one is not None and is_managed(one)]
        return {identity_of(one): one for one in found}

    def apply(self, outcome: Outcome, *, check_mode: bool) -> None:
        """Bring the objects about, those first that others refer to; what the cluster refuses is a problem.

        Metadata is stable, and applied by one manager: a changed one would make the operator generate again.
        """
        refused: set[str | None] = set(self._unmade)
        for is_last in (False, True):
            wanted = [one for one in self._manifests if (one.operated.kind == "ExternalSecret") is is_last]
            # Without what it refers to, it would only fail.
            failing = refused & {None} if is_last else set()
            held_back = [one for one in wanted if failing or one.operated.namespace in refused]
            for one in held_back:
                self._actions[one.operated.identity] = "failed"
            refused |= self._apply([one for one in wanted if one not in held_back], outcome, check_mode=check_mode)

    def _apply(self, wanted: Sequence[Manifest], outcome: Outcome, *, check_mode: bool) -> set[str | None]:
        """The namespaces in which something was refused."""
        there = [one for one in wanted if one.operated.namespace not in self._absent]
        foretold = self._send(there, dry_run=True)
        changing = [one for one in wanted if self._differs(one, foretold.get(one.operated.identity))]
        if not check_mode:
            ready = [one for one in changing if not isinstance(foretold.get(one.operated.identity), Refusal)]
            foretold.update(self._send(ready, dry_run=False))
        refused = set()
        for one in wanted:
            answer = foretold.get(one.operated.identity, one.content)
            if isinstance(answer, Refusal):
                refused.add(one.operated.namespace)
                outcome.problems.append(_foreign_words(one) if answer.exists else answer.words)
                self._actions[one.operated.identity] = "failed"
            elif one in changing:
                self._note(one, answer, outcome)
        return refused

    def _send(self, manifests: Sequence[Manifest], *, dry_run: bool) -> dict[Identity, Any]:
        """The cluster's answers; what was not there, or is somebody else's, is only created."""
        known = [one for one in manifests if one.operated.identity in self._before]
        fresh = [one for one in manifests if one.operated.identity not in self._before]
        applied = self._cluster.apply([one.content for one in known], dry_run=dry_run)
        made = self._cluster.create([one.content for one in fresh], dry_run=dry_run)
        return dict(zip(_identities([*known, *fresh]), [*applied, *made]))

    def _differs(self, one: Manifest, answer: Any) -> bool:
        before = self._before.get(one.operated.identity)
        if before is None or answer is None or isinstance(answer, Refusal):
            return True
        return without_bookkeeping(before) != without_bookkeeping(answer)

    def _note(self, one: Manifest, answer: Found, outcome: Outcome) -> None:
        before = self._before.get(one.operated.identity)
        self._actions[one.operated.identity] = "created" if before is None else "updated"
        view = _secret_view if one.operated.kind == "Secret" else without_bookkeeping
        sides = (None, view(answer)) if before is None else differing(view(before), view(answer))
        outcome.differs(where(one.content), *sides)

    def report(self) -> list[dict[str, Any]]:
        """What happened to each entry that the operator delivers."""
        return [
            {
                **{name: getattr(one.operated, name) for name in ("name", "namespace")},
                "keys": one.operated.more["keys"],
                "delivery": "external_secret",
                "action": self._actions.get(one.operated.identity, "kept"),
                "reason": f"the operator generates anew every {one.operated.more['interval']}",
                **lease_fields({}),
            }
            for one in self._manifests
            if one.operated.kind == "ExternalSecret"
        ]

    def applied(self, entries: Sequence[Entry]) -> list[Entry]:
        """Those of the entries whose ExternalSecret the cluster has taken."""
        return [
            entry for entry in entries if self._actions.get(("ExternalSecret", entry.namespace, entry.name)) != "failed"
        ]


def wait_until_ready(cluster: Cluster, entries: Sequence[Entry], timeout: float) -> list[Status]:
    """The entries' states, once all are ready or so many seconds have passed; without causes."""
    return looked_until(
        lambda: states(cluster, entries), lambda found: all(one.problem is None for one in found), timeout
    )


def states(cluster: Cluster, entries: Sequence[Entry], *, causes: bool = False) -> list[Status]:
    """The entries' states now.

    :arg causes: with what the operator warns about, which is in events.
    """
    namespaces = {entry.namespace for entry in entries}
    operated = [entry for entry in entries if not entry.is_pushed]
    external = own_objects(cluster, EXTERNAL_SECRET, namespaces) or [] if operated else []
    pushed = [entry for entry in entries if entry.is_pushed]
    secrets = secrets_of(cluster, pushed, everywhere=False) if pushed else []
    events = _warnings(cluster, namespaces) if causes and operated else []
    return statuses(entries, external, secrets, events, datetime.now(timezone.utc))


def _warnings(cluster: Cluster, namespaces: Collection[str]) -> list[dict[str, Any]]:
    fields = ("type=Warning", "involvedObject.kind=ExternalSecret")
    try:
        return cluster.list(EVENT, fields=fields) or []
    except ForbiddenError:
        return [one for name in sorted(namespaces) for one in cluster.list(EVENT, namespace=name, fields=fields) or ()]


def _identities(manifests: Sequence[Manifest]) -> list[Identity]:
    return [one.operated.identity for one in manifests]


def _secret_view(found: Found) -> dict[str, Any]:
    return shown(found, "(hidden)")


def _foreign_words(one: Manifest) -> str:
    return (
        f"{where(one.content)}: it exists and is not managed by this role. Remove it, choose another name for the "
        "entry, or give it the role's label if it is yours."
    )
