# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The leases of one task: in the end a Secret, or a host's file, owns each of them, or it has ended, or is named."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from threading import Lock
from typing import TYPE_CHECKING, Any, Protocol

from ...module_utils._api.errors import StateError, WorkloadCredentialsError
from ...module_utils._api.times import written
from ...module_utils._credentials.lease import DYNAMIC_SECRET, Credentials, Lease
from ...module_utils._kube.errors import ClusterError

if TYPE_CHECKING:
    from ...module_utils._credentials.source import Source
    from ...module_utils._resources._parts.leases import Ended
    from .kinds import Kind
    from .notes import Notes

# A kind of leases, the site that minted them (None: the Secrets API of this run), and the Secret that gets them.
Service = tuple[str, "str | None", str]

_NAMELESS = "{source}: the service returned no lease ID for its credentials, so they cannot be revoked early."


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


def _no_notes(_kind: str, _site: str | None, _where: str) -> Notes | None:
    return None


class Ledger:
    """Follows each lease of the task from its request to its end, in memory and in notes on disk.

    A lease is *requested* and *issued* (``mint``), *handed over* to a Secret (``hand_over``, then ``owned`` or
    ``in_doubt``) and *released* by it (``release``, then ``supersede`` or ``in_doubt``). ``end`` ends each lease that
    no Secret owns, and names those that it cannot end.

    The notes outlive a kill. While a Secret may own a lease, its note says so (GIVEN), and only a process that reads
    the cluster may end it. Otherwise any later run may.

    :arg service: returns what ends leases of a kind that a site minted for a Secret.
    :arg is_real: False: the task only predicts, so no lease ends.
    :arg notes: returns this run's notes of such leases; None: the run takes none of them.
    :arg cluster: returns the address of the cluster that gets the Secrets.
    """

    # What leases are minted for, in words.
    holder = "Secret"

    def __init__(
        self,
        service: Callable[[str, str | None, str], Any],
        *,
        is_real: bool = True,
        notes: Callable[[str, str | None, str], Notes | None] = _no_notes,
        cluster: Callable[[], str] = lambda: "",
    ) -> None:
        self._service = service
        self._is_real = is_real
        self._notes = notes
        self._cluster = cluster
        self._lock = Lock()
        self._unowned: dict[str, Lease] = {}
        self._superseded: list[Lease] = []
        self._in_doubt: list[Lease] = []
        # The lease of each Secret that has one, by its source.
        self._owners: dict[str, str] = {}
        # Issued leases whose notes still say that they were requested, since the disk was full: the notes' names.
        self._unnoted: dict[str, tuple[str, Lease]] = {}
        # Notes written because their leases were to be released.
        self._released: set[tuple[Notes, str]] = set()
        # Keeps other processes from settling the notes until the cluster has answered.
        self._handing_over = ExitStack()
        self.warnings: list[str] = []

    def mint(self, source: Source, entry: Destination) -> Credentials:
        """Mint credentials for the entry's Secret, which does not own their lease yet.

        :raises StateError: no note can be written, so nothing was minted.
        """
        credentials = _identified(self._minted(source, entry), entry)
        lease = credentials.lease
        with self._lock:
            if lease and lease.id:
                self._unowned[lease.id] = lease
            elif lease:
                self.warnings.append(_NAMELESS.format(source=lease.source))
        return credentials

    def hand_over(self, leases: Sequence[Lease | None], instead_of: Sequence[Lease | None]) -> None:
        """Note, before the request is sent, that Secrets get these leases and lose others.

        :raises StateError: the run is dead, so that another may have ended them, or the notes cannot be written.
        """
        noted = self._noted(leases)
        self._keep_others_waiting(noted)
        for notes, lease in noted:
            if lease.id in self._unnoted:
                name, issued = self._unnoted[lease.id]
                notes.complete(name, issued)
                del self._unnoted[lease.id]
        if noted:
            from .notes import GIVEN

            _change_phase(noted, GIVEN)
        self._note_release(instead_of)

    def owned(self, lease: Lease | None) -> None:
        """Record that a Secret owns the lease now."""
        self._forget(lease)
        self._drop_notes([lease])

    def owners(self, leases: Iterable[Lease | None]) -> None:
        """Record the leases that Secrets own already: a Secret that was copied shares its lease with the copy."""
        self._owners.update({lease.source: lease.id for lease in leases if lease})

    def supersede(self, lease: Lease | None) -> None:
        """Record that the lease's Secret needs it no more."""
        if lease:
            self._owners.pop(lease.source, None)
            self._superseded.append(lease)

    def in_doubt(self, lease: Lease | None) -> None:
        """Record that a Secret may own the lease: it may neither be ended nor forgotten."""
        if lease:
            self._forget(lease)
            self._in_doubt.append(lease)

    @contextmanager
    def release(self, leases: Sequence[Lease | None]) -> Iterator[None]:
        """Let Secrets release their leases meanwhile. If that is interrupted, all of these are in doubt."""
        if self._is_real:
            self._note_release(leases)
        try:
            yield
        except BaseException:
            for lease in leases:
                self.in_doubt(lease)
            raise

    def end(self) -> tuple[str, str]:
        """End the leases that no Secret owns, and those that were superseded.

        Return two sentences: about leases that only expire, and about those that may live on though they should not.
        Nothing is forgotten until this returns, so that it can be called again after an interruption.
        """
        with self._lock:
            needed = set(self._owners.values())
            unneeded = [lease for lease in self._superseded if lease.id not in needed]
            unowned = [*self._unowned.values(), *unneeded]
            in_doubt = list(self._in_doubt)
        if not self._is_real:
            return "", ""
        self._note_unowned(unowned, in_doubt)
        ending, doubtful = _distinct(unowned), _distinct(in_doubt)
        if not (ending or doubtful):
            return "", ""
        staying, living = self._ended(ending)
        if doubtful:
            words = f"It is not known whether a {self.holder} uses these leases: {_named(doubtful)}."
            living = f"{living} {words}".strip()
        self._unowned, self._superseded, self._in_doubt = {}, [], []
        return staying, living

    def _forget(self, lease: Lease | None) -> None:
        if lease:
            with self._lock:
                self._unowned.pop(lease.id, None)

    # What follows takes the notes, and ends leases.

    def _minted(self, source: Source, entry: Destination) -> Credentials:
        notes = self._notes(source.kind, source.site, entry.where)
        if notes is None:
            return source.mint()
        return notes.mint(
            source,
            f"{self.holder} {entry.where}",
            self._keep_unnoted,
            needs=self._needs(entry.namespace, entry.name),
        )

    def _keep_unnoted(self, name: str, lease: Lease, _error: StateError) -> None:
        # Its note still leads to the lease, and to its end: no Secret may get it before the note says more.
        self._unnoted[lease.id] = name, lease

    def _note_release(self, leases: Iterable[Lease | None]) -> None:
        """Write notes of leases that Secrets are about to release, and that nobody would know of then."""
        noted = self._noted(leases)
        if not noted:
            return
        from .notes import GIVEN, Note

        self._keep_others_waiting(noted)
        for notes, lease in noted:
            namespace, _slash, name = lease.source.partition("/")
            note = Note(
                lease.kind,
                notes.site,
                "?",
                f"{self.holder} {lease.source}",
                lease.minted.timestamp(),
                phase=GIVEN,
                id=lease.id,
                expiration=written(lease.expiration),
                needs=self._needs(namespace, name),
            )
            self._released.add((notes, notes.add(note)))

    def _note_unowned(self, unowned: Iterable[Lease], in_doubt: Iterable[Lease]) -> None:
        """Note that no Secret owns these, so that anybody may end them. What was not released is still owned."""
        self._handing_over.close()
        noted = self._noted(unowned)
        if not (noted or self._released):
            return
        from .notes import MINTED

        # They end now, even if nothing can be written.
        with suppress(StateError):
            _change_phase(noted, MINTED)
        needed = {(notes, notes.name_of(lease.id)) for notes, lease in (*noted, *self._noted(in_doubt))}
        for notes, name in self._released - needed:
            notes.drop(name)
        self._released.clear()

    def _drop_notes(self, leases: Iterable[Lease | None]) -> None:
        """Drop the notes of leases that are owned or have ended. Later runs name the others by theirs."""
        for notes, lease in self._noted(leases):
            name = self._unnoted.pop(lease.id)[0] if lease.id in self._unnoted else notes.name_of(lease.id)
            notes.drop(name)

    def _noted(self, leases: Iterable[Lease | None]) -> list[tuple[Notes, Lease]]:
        """Return those of the leases that the run takes notes of, with the notes."""
        noted = []
        for lease in leases:
            if lease is None or not lease.id:
                continue
            # No notes are taken at a cluster to which no entry leads; ``end`` names its leases.
            with suppress(ClusterError):
                notes = self._notes(lease.kind, lease.site, lease.source)
                if notes is not None:
                    noted.append((notes, lease))
        return noted

    def _keep_others_waiting(self, noted: Iterable[tuple[Notes, Lease]]) -> None:
        for notes in dict.fromkeys(notes for notes, _lease in noted):
            self._handing_over.enter_context(notes.minting())

    def _needs(self, namespace: str, name: str) -> dict[str, str]:
        return {"cluster": self._cluster(), "namespace": namespace, "name": name}

    def _ended(self, leases: Sequence[Lease]) -> tuple[str, str]:
        # Loaded only where a lease ends, which few runs come to.
        from ...module_utils._resources._parts.leases import refused_words, staying_words

        ended: list[Ended] = []
        messages: list[str] = []
        by_service: dict[Service, list[Lease]] = {}
        for lease in leases:
            service = (lease.kind, lease.site, lease.source if lease.site else "")
            by_service.setdefault(service, []).append(lease)
        for service, its_leases in by_service.items():
            self._end_at(service, its_leases, ended, messages)
        refused = refused_words(ended)
        return staying_words(ended), " ".join([*messages, refused] if refused else messages)

    def _end_at(self, service: Service, leases: Sequence[Lease], ended: list[Ended], messages: list[str]) -> None:
        """End the leases of one service: what became of them goes to ``ended``, what could not be tried to messages."""
        from ...module_utils._resources._parts.leases import NOT_REVOCABLE, Ended
        from .kinds import KINDS

        kind = KINDS.get(service[0])
        if kind is None:
            ended.extend(Ended(listed(lease), NOT_REVOCABLE) for lease in leases)
            return
        nameable = [lease for lease in leases if kind.is_id(lease.id)]
        if len(nameable) < len(leases):
            # An annotation, or the service, may name what no request can.
            others = _named([lease for lease in leases if lease not in nameable])
            messages.append(f"Leases that may still be active: {others}. Their names are not lease IDs.")
        if nameable:
            self._revoke(kind, service, nameable, ended, messages)

    def _revoke(
        self, kind: Kind, service: Service, leases: Sequence[Lease], ended: list[Ended], messages: list[str]
    ) -> None:
        from ...module_utils._resources._parts.leases import REVOKED

        try:
            ends = kind.end(self._service(*service), [listed(lease) for lease in leases])
            self._drop_notes([lease for lease, end in zip(leases, ends) if end.how == REVOKED])
        except WorkloadCredentialsError as error:
            messages.append(f"Leases that may still be active: {_named(leases)}. {error}")
        else:
            ended.extend(ends)


def _change_phase(noted: Iterable[tuple[Notes, Lease]], phase: str) -> None:
    for notes, lease in noted:
        notes.change(notes.name_of(lease.id), phase=phase)


def _identified(credentials: Credentials, entry: Destination) -> Credentials:
    """Return the credentials with a name for their lease, by which to know which lease a Secret owns.

    What another service than the Secrets API has minted belongs to its Secret, whose entry says who ends it.
    """
    lease = credentials.lease
    if lease is None or lease.kind == DYNAMIC_SECRET:
        return credentials
    name = lease.id or f"sts-{secrets.token_hex(8)}"
    return replace(credentials, lease=replace(lease, id=name, source=entry.where))


def _named(leases: Sequence[Lease]) -> str:
    from ...module_utils._resources._parts.leases import named

    return named([listed(lease) for lease in leases])


def listed(lease: Lease) -> dict[str, object]:
    """Return a lease as lists of leases have it, and when it was minted."""
    return {
        "id": lease.id,
        "expiration": written(lease.expiration),
        "revocable": lease.revocable,
        "minted": lease.minted.timestamp(),
    }


def _distinct(leases: Iterable[Lease]) -> list[Lease]:
    """Return each lease once, without those that have no ID."""
    return list({lease.id: lease for lease in leases if lease.id}.values())
