# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The notes of the leases of one task: on disk from before a lease is asked for until a Secret is known to hold it.

Whoever is killed in between leaves them to the next run (left_behind.py). What they need to be settled is the cluster
and the Secret that may hold the lease. Private to this collection: it may change at any time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING, Any, Callable

from ansible_collections.community.workload_credentials.plugins.module_utils._api.errors import (
    StateError,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._api.times import written
from ansible_collections.community.workload_credentials.plugins.module_utils._credentials.lease import (
    Credentials,
    Lease,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._kube.errors import ClusterError

if TYPE_CHECKING:
    from ansible_collections.community.workload_credentials.plugins.module_utils._credentials.source import Source
    from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.entries import Entry
    from ansible_collections.community.workload_credentials.plugins.plugin_utils._run.notes import Notes


class Noting:
    """Takes notes where there is somewhere to take them.

    :arg notes: this run's for leases of a kind that are minted at a site for a Secret; None: none are taken of such.
    :arg cluster: which cluster it is that gets the Secrets.
    """

    def __init__(
        self,
        notes: Callable[[str, str | None, str], Notes | None] = lambda _kind, _site, _holder: None,
        cluster: Callable[[], str] = lambda: "",
    ) -> None:
        self._notes = notes
        self._cluster = cluster
        self._released: set[tuple[Notes, str]] = set()
        # Leases that only have the note that one was asked for, as nothing could be written when they were there.
        self._unfinished: dict[str, tuple[str, Mapping[str, Any]]] = {}
        # Until the cluster has answered, nobody else settles what it holds.
        self._handing = ExitStack()

    def minting(self, source: Source, entry: Entry) -> Credentials:
        """New credentials for the entry's Secret.

        :raises StateError: no note can be taken, so nothing was minted.
        """
        notes = self._notes(source.kind, source.site, entry.where)
        if notes is None:
            return source.mint()
        with notes.minting():
            return self._noted(notes, source, entry)

    def _noted(self, notes: Notes, source: Source, entry: Entry) -> Credentials:
        needs = self._needs(entry.namespace, entry.name)
        with notes.asking(source.identity, f"Secret {entry.where}", lease_id=source.lease_id, needs=needs) as name:
            credentials = source.mint()
        lease = credentials.lease
        if lease is None or not lease.id:
            notes.drop(name)
            return credentials
        facts: Mapping[str, Any] = {"expiration": written(lease.expiration), "revocable": lease.revocable}
        try:
            notes.minted(name, lease.id, **facts)
        except StateError:
            # The note that it was asked for is there still, and leads to it, which no Secret may have then.
            self._unfinished[lease.id] = name, facts
        return credentials

    def giving(self, leases: Iterable[Lease | None]) -> None:
        """Secrets are about to get these, so that only who looks at the cluster may end them, once this is done.

        :raises StateError: the run is dead, and others may have ended them; or nothing can be written.
        """
        some = self._noted_ones(leases)
        self._hand(some)
        for notes, one in some:
            if one.id in self._unfinished:
                name, facts = self._unfinished[one.id]
                notes.minted(name, one.id, **facts)
                del self._unfinished[one.id]
        if some:
            from ansible_collections.community.workload_credentials.plugins.plugin_utils._run.notes import GIVEN

            _change(some, phase=GIVEN)

    def giving_up(self, leases: Iterable[Lease | None]) -> None:
        """Secrets are about to lose these, which nobody would know of then."""
        some = self._noted_ones(leases)
        if not some:
            return
        from ansible_collections.community.workload_credentials.plugins.plugin_utils._run.notes import GIVEN, Note

        self._hand(some)
        for notes, one in some:
            namespace, _slash, name = one.source.partition("/")
            use, began = f"Secret {one.source}", one.minted.timestamp()
            facts: Mapping[str, Any] = {"phase": GIVEN, "id": one.id, "expiration": written(one.expiration)}
            note = Note(one.kind, notes.site, "?", use, began, needs=self._needs(namespace, name), **facts)
            self._released.add((notes, notes.add(note)))

    def loose(self, leases: Iterable[Lease], doubtful: Iterable[Lease]) -> None:
        """No Secret holds these, so that anybody may end them; what was not given up after all is still held.

        :arg doubtful: those of which it is not known.
        """
        self._handing.close()
        some = self._noted_ones(leases)
        if not (some or self._released):
            return
        from ansible_collections.community.workload_credentials.plugins.plugin_utils._run.notes import MINTED

        # They are ended now, whatever can be written.
        with suppress(StateError):
            _change(some, phase=MINTED)
        kept = {(notes, notes.name_of(one.id)) for notes, one in (*some, *self._noted_ones(doubtful))}
        for notes, name in self._released - kept:
            notes.drop(name)
        self._released.clear()

    def done(self, leases: Iterable[Lease | None]) -> None:
        """Nothing is to be said of these any more; those that live on keep their notes, so that others name them."""
        for notes, one in self._noted_ones(leases):
            name, _facts = self._unfinished.pop(one.id, (notes.name_of(one.id), {}))
            notes.drop(name)

    def _noted_ones(self, leases: Iterable[Lease | None]) -> list[tuple[Notes, Lease]]:
        found = []
        for one in leases:
            # Of a cluster to which no entry leads nothing is noted; whoever ends its leases names them.
            with suppress(ClusterError):
                notes = self._notes(one.kind, one.site, one.source) if one and one.id else None
                if one and notes is not None:
                    found.append((notes, one))
        return found

    def _hand(self, some: Iterable[tuple[Notes, Lease]]) -> None:
        for notes in dict.fromkeys(notes for notes, _one in some):
            self._handing.enter_context(notes.minting())

    def _needs(self, namespace: str, name: str) -> dict[str, str]:
        return {"cluster": self._cluster(), "namespace": namespace, "name": name}


def _change(some: Iterable[tuple[Notes, Lease]], **facts: Any) -> None:
    for notes, one in some:
        notes.change(notes.name_of(one.id), **facts)
