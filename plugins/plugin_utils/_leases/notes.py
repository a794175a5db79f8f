# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Notes of leases: written before the request that mints one is sent, and completed after it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from ...module_utils._api.errors import MayExistError, StateError, WorkloadCredentialsError
from ...module_utils._api.times import parse_time, written
from ...module_utils._credentials.lease import DYNAMIC_SECRET, Credentials, Lease
from ...module_utils._credentials.source import Origin, Source
from ...module_utils._providers import PROVIDERS
from ...module_utils._resources._parts.leases import named
from .journal import minted_in, minting, own_journal
from .run_connections import register_connection
from .sealed import DamagedError, SignedFolder, writing

# Phases: a lease was requested; it was issued; a Secret, which outlives the run, may own it already.
ASKED, MINTED, GIVEN = "asked", "minted", "given"
# Seconds that a lease of a dynamic secret lives at most, and an hour for clocks that differ.
LONGEST = max(provider.ttl[1] for provider in PROVIDERS.values()) + 3600
# No longest life is known of other kinds; a request without an answer is not reported for ever.
_FOREVER = 366 * 86400
_SETTINGS = {True: "the option journal_dir", False: "Ansible's setting local_tmp"}


@dataclass(frozen=True)
class Note:
    """What is known of a lease, or of the request for one.

    :arg kind: of its source.
    :arg site: the address of the service that minted it.
    :arg source: the identity of the source, such as a dynamic secret's path.
    :arg use: for what it was minted, in words.
    :arg began: when it was requested, in seconds since 1970 by this machine's clock; ``until``: when the request ended.
    :arg phase: one of ASKED, MINTED and GIVEN.
    :arg id: the lease's; None: not known (yet).
    :arg expiration: as the service wrote it.
    :arg outlives: the run is not to end it.
    :arg spent: something has tried to end it, and may have succeeded: nobody gets its credentials again.
    :arg needs: what is needed to end it besides the connection to its site.
    """

    kind: str
    site: str
    source: str
    use: str
    began: float
    phase: str = ASKED
    id: str | None = None
    expiration: str | None = None
    until: float | None = None
    revocable: bool = True
    outlives: bool = False
    spent: bool = False
    needs: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_over(self) -> bool:
        """Whether the lease has expired, as far as that is known, or must have."""
        expiration = parse_time(self.expiration)
        if expiration is not None:
            return expiration.timestamp() < time.time()
        longest = LONGEST if self.kind == DYNAMIC_SECRET else _FOREVER
        return (self.until or self.began) + longest < time.time()

    @property
    def listed(self) -> dict[str, Any]:
        """The lease as lists of leases have it, and when it was requested."""
        facts = {"id": self.id, "expiration": self.expiration, "revocable": self.revocable}
        return {**facts, "minted": self.until or self.began}


@dataclass(frozen=True)
class SortedNotes:
    """The notes of a journal by name, each group in the order in which leases were requested.

    :arg own: of this identity; ``foreign``: with another token, of the same service.
    :arg elsewhere: of leases of other services.
    :arg damaged: the names of those that cannot be read.
    :arg by: what tells the tokens of ``own`` and ``foreign`` apart.
    """

    own: dict[str, Note] = field(default_factory=dict)
    foreign: dict[str, Note] = field(default_factory=dict)
    elsewhere: dict[str, Note] = field(default_factory=dict)
    damaged: list[str] = field(default_factory=list)
    by: dict[str, str] = field(default_factory=dict)


def elsewhere_words(notes: Iterable[Note]) -> str:
    """Return the leases of other services in a sentence, by service."""
    by_site: dict[str, list[str]] = {}
    for note in notes:
        lease = named([note.listed]) if note.id else "one that was requested"
        by_site.setdefault(note.site, []).append(f"{lease} of {note.source}")
    return "; ".join(f"{site}: {', '.join(leases)}" for site, leases in by_site.items())


def _note(entry: Mapping[str, Any]) -> Note:
    """Return the note that a file holds.

    :raises DamagedError: it holds none.
    """
    known = {each.name for each in fields(Note)}
    try:
        note = Note(**{name: value for name, value in entry.items() if name in known})
        float(note.began)
    except (TypeError, ValueError):
        raise DamagedError from None
    return note


def by_of(origin: Origin) -> str:
    """Return what tells the notes of this identity's token apart."""
    return SignedFolder(Path(), origin.secret, lambda _message: None).by


class Notes:
    """The notes of one journal that one identity made.

    :arg journal: its folder.
    :arg origin: whose leases they are.
    """

    def __init__(
        self,
        journal: Path,
        origin: Origin,
        *,
        in_journal_dir: bool = False,
        begin: Callable[[], AbstractContextManager[None]] | None = None,
    ) -> None:
        self._setting = _SETTINGS[in_journal_dir]
        self._journal = journal
        self._begin = begin
        self._files = SignedFolder(minted_in(journal), origin.secret, lambda _message: None, self._setting)
        self.site = origin.site
        self.kind = origin.kind
        self.by = self._files.by

    @classmethod
    def of_this_run(
        cls, temporary: Path, origin: Origin, journal_dir: str | None, environment: Mapping[str, str]
    ) -> Notes:
        """Return the notes that this run takes of an origin's leases.

        :arg environment: what is in force of the task's own environment.
        """
        journal = own_journal(temporary, journal_dir)

        @contextmanager
        def begin() -> Iterator[None]:
            with minting(journal, temporary):
                register_connection(temporary, origin, environment)
                yield

        return cls(journal, origin, in_journal_dir=bool(journal_dir), begin=begin)

    @contextmanager
    def minting(self) -> Iterator[None]:
        """Keep processes that settle the notes waiting while a lease is requested, or handed to its owner.

        :raises StateError: nothing can be written, or the run is dead, so nothing should be minted.
        """
        with ExitStack() as stack:
            with writing(self._journal, self._setting):
                if self._begin:
                    stack.enter_context(self._begin())
            yield

    def mint(
        self,
        source: Source,
        use: str,
        unwritten: Callable[[str, Lease, StateError], None],
        *,
        outlives: bool = False,
        needs: Mapping[str, Any] | None = None,
    ) -> Credentials:
        """Mint credentials, with a note that says so before the request is sent and names the lease after it.

        :arg unwritten: as for ``issued``; the other arguments are as for ``ask``.
        :raises StateError: nothing can be written, so nothing was minted.
        """
        known: Mapping[str, Any] = {"lease_id": source.lease_id, "outlives": outlives, "needs": needs}
        with self.minting():
            with self.asking(source.identity, use, **known) as name:
                credentials = source.mint()
            self.issued(name, credentials.lease, unwritten)
        return credentials

    def ask(
        self,
        source: str,
        use: str,
        *,
        lease_id: str | None = None,
        outlives: bool = False,
        needs: Mapping[str, Any] | None = None,
    ) -> str:
        """Note that a lease is about to be requested; return the note's name.

        :arg source, use, outlives, needs: as in Note.
        :arg lease_id: the ID that the lease will have, where that is known.
        :raises StateError: nothing can be written, so nothing should be minted.
        """
        facts: Mapping[str, Any] = {"id": lease_id, "outlives": outlives, "needs": needs or {}}
        note = Note(self.kind, self.site, source, use, time.time(), **facts)
        name = self._files.name(self.site, ASKED, os.urandom(8).hex())
        self._save(name, note)
        return name

    @contextmanager
    def asking(self, source: str, use: str, **known: Any) -> Iterator[str]:
        """Note that a lease is about to be requested, and correct the note if none comes; yield the note's name.

        :arg known: as for ``ask``.
        :raises StateError: nothing can be written, so nothing should be minted.
        """
        name = self.ask(source, use, **known)
        try:
            yield name
        except MayExistError:
            # The error itself says what is known of the lease, also where nothing can be written.
            with suppress(StateError):
                self.unanswered(name)
            raise
        except WorkloadCredentialsError:
            self.drop(name)
            raise

    def issued(self, name: str, lease: Lease | None, unwritten: Callable[[str, Lease, StateError], None]) -> None:
        """Complete the note of a request with the lease that was issued, or drop it where nothing can end that lease.

        :arg unwritten: called with the note's name, the lease and the error if nothing can be written. The note then
            remains as it was, and leads to the lease.
        """
        if lease is None or not lease.id:
            self.drop(name)
            return
        try:
            self.complete(name, lease)
        except StateError as error:
            unwritten(name, lease, error)

    def complete(self, name: str, lease: Lease) -> None:
        """Complete the note of a request with the lease that was issued.

        :raises StateError: nothing can be written.
        """
        self.minted(name, lease.id, expiration=written(lease.expiration), revocable=lease.revocable)

    def minted(self, name: str, lease_id: str, **facts: Any) -> str:
        """Complete the note of a request; return its new name.

        :arg facts: ``expiration`` and ``revocable``.
        :raises StateError: nothing can be written.
        """
        request = self.load(name)
        if request is None:
            raise StateError("The note of a requested lease is gone.")
        completed = self.add(replace(request, id=lease_id, phase=MINTED, until=time.time(), **facts))
        self._files.remove(name)
        return completed

    def unanswered(self, name: str) -> None:
        """Note that a request has ended without a clear answer, and may have led to a lease."""
        note = self.load(name)
        if note is not None:
            self._save(name, replace(note, until=time.time()))

    def add(self, note: Note) -> str:
        """Write a note whose lease has an ID; return its name."""
        name = self.name_of(str(note.id))
        self._save(name, note)
        return name

    def change(self, name: str, **facts: Any) -> None:
        """Change a note, if there is one of this name."""
        note = self.load(name)
        if note is not None:
            self._save(name, replace(note, **facts))

    def name_of(self, lease_id: str) -> str:
        """Return the name of the note of this lease."""
        return self._files.name(self.site, lease_id)

    def load(self, name: str) -> Note | None:
        """Return a note, whatever token wrote it; None: there is none of this name, or it is damaged."""
        try:
            entry = self._files.load(name)
            return _note(entry) if entry else None
        except DamagedError:
            return None

    def path_of(self, name: str) -> Path:
        """Return the note's file."""
        return minted_in(self._journal) / name

    def drop(self, name: str) -> None:
        """Remove a note, if there is one of this name."""
        self._files.remove(name)

    def forget(self, lease_ids: Collection[str]) -> None:
        """Remove the notes of these leases, whatever token wrote them."""
        for lease_id in lease_ids:
            self.drop(self.name_of(lease_id))
        for name, note in self.read().foreign.items():
            if note.id in lease_ids:
                self.drop(name)

    def all(self) -> tuple[dict[str, Note], int]:
        """Return this identity's notes by name, in the order of their requests, and the number of other notes."""
        notes = self.read()
        return notes.own, len(notes.foreign) + len(notes.elsewhere) + len(notes.damaged)

    def read(self) -> SortedNotes:
        """Return every note of the journal."""
        notes = SortedNotes()
        readable: list[tuple[str, Note, str]] = []
        for name in self._files.names():
            try:
                signed = self._files.read(name)
                # None: another process has just removed it.
                if signed is not None:
                    readable.append((name, _note(signed.entry), signed.by))
            except DamagedError:
                notes.damaged.append(name)
        for name, note, by in sorted(readable, key=lambda entry: entry[1].began):
            if (note.site, note.kind) != (self.site, self.kind):
                notes.elsewhere[name] = note
                continue
            group = notes.own if by == self.by else notes.foreign
            group[name] = note
            notes.by[name] = by
        return notes

    def set_aside(self, name: str) -> Path:
        """Move a damaged note out of the way; return its new place."""
        return self._files.set_aside(name)

    def _save(self, name: str, note: Note) -> None:
        self._files.save(name, asdict(note))
