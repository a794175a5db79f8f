# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Watching the operator: what it makes of the entries, and making it try again what had failed before.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timezone

from ansible_collections.community.workload_credentials.plugins.module_utils._api.times import written
from ansible_collections.community.workload_credentials.plugins.module_utils._kube.errors import ForbiddenError
from ansible_collections.community.workload_credentials.plugins.module_utils._kube.kinds import KINDS, reference
from ansible_collections.community.workload_credentials.plugins.module_utils._kube.waiting import looked_until
from ansible_collections.community.workload_credentials.plugins.module_utils._kube.wire import Cluster, Refusal
from ansible_collections.community.workload_credentials.plugins.module_utils._marks import PREFIX
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.causes import (
    Said,
    by_subject,
    is_failing,
    said_in,
)
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.entries import Entry
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.external import store_of
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.look import (
    EVENT,
    EXTERNAL_SECRET,
    SECRET,
    Objects,
    own_objects,
    secrets_of,
    shared_generators,
)
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.marks import Found, identity
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.status import (
    Seen,
    Status,
    not_synchronised,
    statuses,
    synced_version,
)
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.unwanted import (
    Identity,
    identity_of,
)

TRIED_AGAIN = PREFIX + "tried-again-at"
# Events about what belongs to no namespace.
_NOWHERE = "default"
_WARNINGS = ("type=Warning",)


class Watch:
    """The operator at work, from before a change on.

    It waits longer and longer between its attempts, and looks at a store every five minutes; neither sees that a
    token was repaired. A change of an object's metadata makes it look at once. Of what works that would be a new
    lease, so it is done to what is failing alone, and to an ExternalSecret only once its store works.

    :arg before: the role's ExternalSecrets and stores as they were.
    :arg namespaces: those that count where events cannot be listed everywhere. What cannot be read is ``unread``.
    """

    def __init__(self, cluster: Cluster, before: Iterable[Found], namespaces: Collection[str]) -> None:
        self._cluster = cluster
        self._namespaces = namespaces
        failing = [one for one in before if is_failing(one)]
        self._waiting = {identity_of(one) for one in failing}
        self._readers = {identity_of(one) for one in failing if store_of(one)[0]}
        self.unread: set[str] = set()
        self._before = frozenset(map(said_in, self._warnings() if self._waiting else ()))
        self.tried_again: list[Found] = []
        self._stale: dict[tuple[str, str], str] = {}

    def expect(self, external: Found) -> None:
        """Wait for another refresh of it than its last."""
        self._stale[identity(external)] = synced_version(external)

    def wait(self, entries: Sequence[Entry], timeout: float, applied: Collection[Identity]) -> list[Status]:
        """The entries' states, once all are ready or so many seconds have passed.

        :arg applied: what was changed just now, which the operator sees by itself. Who reads a store may have been
            looked at before the store, and costs no lease when it is looked at again.
        """
        self._waiting -= set(applied) - self._readers
        found = looked_until(
            lambda: self._look(entries), lambda found: all(one.problem is None for one in found), timeout
        )
        return found if all(one.problem is None for one in found) else self.states(entries)

    def states(self, entries: Sequence[Entry]) -> list[Status]:
        """The entries' states now, and why they are not ready."""
        seen = self._marked(_with_secrets(self._cluster, entries, _seen(self._cluster, entries)))
        events = self._warnings() if any(not_synchronised(one) for one in seen.external) else []
        return _states(entries, seen, events, self._before)

    def _look(self, entries: Sequence[Entry]) -> list[Status]:
        """The states without causes; Secrets are looked at last of all."""
        seen = self._marked(_seen(self._cluster, entries))
        self._try_again(seen)
        found = _states(entries, seen)
        if any(one.problem for one in found):
            return found
        return _states(entries, _with_secrets(self._cluster, entries, seen))

    def _marked(self, seen: Seen) -> Seen:
        return replace(seen, stale=self._stale)

    def _try_again(self, seen: Seen) -> None:
        failing = [one for one in (*seen.stores, *seen.external) if is_failing(one)]
        due = [one for one in failing if identity_of(one) in self._waiting and not self._is_held_up(one, seen)]
        now = {TRIED_AGAIN: written(datetime.now(timezone.utc))}
        # Only as it was seen: what works by now is left alone.
        patches = [reference(one, annotations=now, resourceVersion=one["metadata"]["resourceVersion"]) for one in due]
        for one, answer in zip(due, self._cluster.patch(patches) if patches else ()):
            if not isinstance(answer, Refusal):
                self.tried_again.append(one)
            if not isinstance(answer, Refusal) or answer.status != 409:
                self._waiting.discard(identity_of(one))

    @staticmethod
    def _is_held_up(one: Found, seen: Seen) -> bool:
        store = seen.store(one) if one["kind"] == "ExternalSecret" else None
        return store is not None and is_failing(store)

    def _warnings(self) -> Objects:
        try:
            return self._cluster.list(EVENT, fields=_WARNINGS) or []
        except ForbiddenError:
            pass
        found: Objects = []
        for name in sorted(self._namespaces):
            try:
                found += self._cluster.list(EVENT, namespace=name, fields=_WARNINGS) or []
            except ForbiddenError as error:
                self.unread.add(str(error))
        with suppress(ForbiddenError):
            found += self._cluster.list(EVENT, namespace=_NOWHERE, fields=_WARNINGS) or []
        return found


def states(cluster: Cluster, entries: Sequence[Entry]) -> tuple[list[Status], Collection[str]]:
    """The entries' states now with why they are not ready, and what could not be read of that."""
    watch = Watch(cluster, (), {entry.namespace for entry in entries})
    return watch.states(entries), watch.unread


def _states(
    entries: Sequence[Entry], seen: Seen, events: Sequence[Found] = (), before: Collection[Said] = frozenset()
) -> list[Status]:
    return statuses(entries, replace(seen, events=by_subject(events), before=before), datetime.now(timezone.utc))


def _seen(cluster: Cluster, entries: Sequence[Entry]) -> Seen:
    """What there is, but for the Secrets that the operator writes."""
    operated = [entry for entry in entries if not entry.is_pushed]
    pushed = [entry for entry in entries if entry.is_pushed]
    namespaces = {entry.namespace for entry in operated}
    wanted = {(entry.namespace, entry.external_secret) for entry in operated}
    listed = own_objects(cluster, EXTERNAL_SECRET, namespaces) or [] if operated else []
    external = [one for one in listed if identity(one) in wanted]
    stores = {store_of(one)[0] for one in external if not_synchronised(one)} - {""}
    return Seen(
        external=external,
        stores=[one for kind in sorted(stores) for one in _others(cluster, kind, namespaces)],
        pushed=secrets_of(cluster, pushed, everywhere=False) if pushed else (),
    )


def _with_secrets(cluster: Cluster, entries: Sequence[Entry], seen: Seen) -> Seen:
    """The same with these Secrets, and what tells their keys."""
    places = [(entry.namespace, entry.name) for entry in entries if not entry.is_pushed]
    secrets = [one for one in cluster.get_many(SECRET, places) if one is not None]
    return replace(seen, secrets=secrets, generators=shared_generators(cluster, seen.external))


def _others(cluster: Cluster, kind: str, namespaces: Collection[str]) -> Objects:
    """Objects that only tell more: who may not see them is told less."""
    try:
        return own_objects(cluster, KINDS[kind], namespaces) or []
    except ForbiddenError:
        return []
