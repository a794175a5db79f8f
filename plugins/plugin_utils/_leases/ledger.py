# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The leases of one task, in memory and in notes on disk: each is held by a Secret in the end, ended, or named.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from threading import Lock
from typing import TYPE_CHECKING, Any, Protocol

from ...module_utils._api.errors import StateError, WorkloadCredentialsError
from ...module_utils._api.times import written
from ...module_utils._credentials.lease import DYNAMIC_SECRET, Credentials, Lease
from ...module_utils._credentials.source import Source
from ...module_utils._kube.errors import ClusterError

if TYPE_CHECKING:
    from ...module_utils._credentials.source import Source
    from ...module_utils._resources._parts.leases import Ended
    from .kinds import Kind
    from .notes import Notes


class Destination(Protocol):
    """The Secret for which a lease is minted."""

    @property
    def namespace(self) -> str:
        """Its namespace."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def where(self) -> str:
        """Both, as messages name it."""


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

    def minting(self, source: Source, entry: Destination) -> Credentials:
        """New credentials for the entry's Secret.

        :raises StateError: no note can be taken, so nothing was minted.
        """
        notes = self._notes(source.kind, source.site, entry.where)
        if notes is None:
            return source.mint()
        with notes.minting():
            return self._noted(notes, source, entry)

    def _noted(self, notes: Notes, source: Source, entry: Destination) -> Credentials:
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
            from .notes import GIVEN

            _change(some, phase=GIVEN)

    def giving_up(self, leases: Iterable[Lease | None]) -> None:
        """Secrets are about to lose these, which nobody would know of then."""
        some = self._noted_ones(leases)
        if not some:
            return
        from .notes import GIVEN, Note

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
        from .notes import MINTED

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


_NAMELESS = "{source}: the service named no lease for its credentials, so nothing can end them early."


class Minted:
    """The leases that this task has minted and that no Secret is known to hold.

    :arg service: what ends leases of a kind that were minted at a site for a Secret.
    :arg is_real: False: this only looks at what would be done, so no lease ends.
    :arg noting: takes note of them, for whoever comes after a kill.
    """

    def __init__(
        self, service: Callable[[str, str | None, str], Any], *, is_real: bool = True, noting: Noting | None = None
    ) -> None:
        self._service = service
        self._is_real = is_real
        self._noting = noting or Noting()
        self._loose: dict[str, Lease] = {}
        self._superseded: list[Lease] = []
        self._doubtful: list[Lease] = []
        self._holders: dict[str, str] = {}
        self._lock = Lock()
        self.warnings: list[str] = []

    def mint(self, source: Source, entry: Destination) -> Credentials:
        """New credentials for the entry's Secret, whose lease is taken note of before anything else happens."""
        credentials = _known(self._noting.minting(source, entry), entry)
        lease = credentials.lease
        with self._lock:
            if lease and lease.id:
                self._loose[lease.id] = lease
            elif lease:
                self.warnings.append(_NAMELESS.format(source=lease.source))
        return credentials

    def giving(self, leases: Sequence[Lease | None], instead_of: Sequence[Lease | None]) -> None:
        """Secrets are about to get these, and to lose others."""
        self._noting.giving(leases)
        self._noting.giving_up(instead_of)

    def held(self, lease: Lease | None) -> None:
        """A Secret holds it now."""
        self._forget(lease)
        self._noting.done([lease])

    def _forget(self, lease: Lease | None) -> None:
        if lease:
            with self._lock:
                self._loose.pop(lease.id, None)

    def known(self, leases: Iterable[Lease | None]) -> None:
        """Secrets, which are their sources, hold these: one that was copied shares its lease with another."""
        self._holders.update({lease.source: lease.id for lease in leases if lease})

    def supersede(self, lease: Lease | None) -> None:
        """Its Secret needs it no more."""
        if lease:
            self._holders.pop(lease.source, None)
            self._superseded.append(lease)

    def doubtful(self, lease: Lease | None) -> None:
        """Whether a Secret holds it is not known, so that it may neither be ended nor forgotten."""
        self._forget(lease)
        self._doubtful.extend([lease] if lease else [])

    @contextmanager
    def giving_up(self, leases: Sequence[Lease | None]) -> Iterator[None]:
        """While their Secrets give them up: what breaks that off leaves it open which have."""
        if self._is_real:
            self._noting.giving_up(leases)
        try:
            yield
        except BaseException:
            for lease in leases:
                self.doubtful(lease)
            raise

    def end(self) -> tuple[str, str]:
        """End those that nobody holds, and those that were superseded.

        Two sentences: about those that only expire, and about those that may live on though they should not. Until
        this returns nothing is forgotten, so that it can be done again.
        """
        with self._lock:
            needed = set(self._holders.values())
            unneeded = [lease for lease in self._superseded if lease.id not in needed]
            ending = _once([*self._loose.values(), *unneeded])
            doubtful = _once(self._doubtful)
        if self._is_real:
            self._noting.loose([*self._loose.values(), *unneeded], self._doubtful)
        if not self._is_real or not (ending or doubtful):
            return "", ""
        staying, living = self._ended(ending)
        if doubtful:
            living = f"{living} It is not known whether a Secret holds these leases: {_named(doubtful)}.".strip()
        self._loose, self._superseded, self._doubtful = {}, [], []
        return staying, living

    def _ended(self, ending: Sequence[Lease]) -> tuple[str, str]:
        # Loaded where a lease ends, which most runs have none of.
        from ...module_utils._resources._parts.leases import NOT_REVOCABLE, Ended, refused_words, staying_words
        from .kinds import KINDS

        ended: list[Ended] = []
        said: list[str] = []
        groups: dict[tuple[str, str | None, str], list[Lease]] = {}
        for lease in ending:
            groups.setdefault((lease.kind, lease.site, lease.source if lease.site else ""), []).append(lease)
        for place, leases in groups.items():
            known = KINDS.get(place[0])
            if known is None:
                ended += [Ended(_listed(lease), NOT_REVOCABLE) for lease in leases]
                continue
            # An annotation, or the service, may name what no request can.
            odd = [lease for lease in leases if not known.is_id(lease.id)]
            if odd:
                said.append(f"Leases that may live on: {_named(odd)}. Their names are no leases' IDs.")
            rest = [lease for lease in leases if lease not in odd]
            try:
                ended += self._end_of(known, place, rest) if rest else []
            except WorkloadCredentialsError as error:
                said.append(f"Leases that may live on: {_named(rest)}. {error}")
        return staying_words(ended), " ".join(filter(None, (*said, refused_words(ended))))

    def _end_of(self, known: Kind, place: tuple[str, str | None, str], leases: Sequence[Lease]) -> list[Ended]:
        from ...module_utils._resources._parts.leases import REVOKED

        ended = known.end(self._service(*place), list(map(_listed, leases)))
        self._noting.done(lease for lease, end in zip(leases, ended) if end.how == REVOKED)
        return ended


def _known(credentials: Credentials, entry: Destination) -> Credentials:
    """The same, with a name for what its service names none of: by it is known which of them a Secret holds.

    What another service than the Secrets API has minted is ended by who its Secret's entry says.
    """
    lease = credentials.lease
    if lease is None or lease.kind == DYNAMIC_SECRET:
        return credentials
    name = lease.id or f"sts-{secrets.token_hex(8)}"
    return replace(credentials, lease=replace(lease, id=name, source=entry.where))


def _named(leases: Sequence[Lease]) -> str:
    from ...module_utils._resources._parts.leases import named

    return named(list(map(_listed, leases)))


def _listed(lease: Lease) -> dict[str, object]:
    facts = {"id": lease.id, "expiration": written(lease.expiration), "revocable": lease.revocable}
    return {**facts, "minted": lease.minted.timestamp()}


def _once(leases: Iterable[Lease]) -> list[Lease]:
    """Each once, and only those that have a name."""
    return list({lease.id: lease for lease in leases if lease.id}.values())
