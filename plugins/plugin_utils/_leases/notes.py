# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Notes of leases: written before the request that mints one is sent, and completed after it.

Private to this collection: it may change at any time.
"""

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


@dataclass(frozen=True)
class SortedNotes:
    """The notes of a journal, by name.

    :arg own: of this identity; ``foreign``: with another token, of the same service.
    :arg elsewhere: of leases of other services, which this one knows nothing of.
    :arg damaged: what is left of others.
    :arg by: tells the tokens of ``own`` and ``foreign`` apart.
    """

    own: dict[str, Note] = field(default_factory=dict)
    foreign: dict[str, Note] = field(default_factory=dict)
    elsewhere: dict[str, Note] = field(default_factory=dict)
    damaged: list[str] = field(default_factory=list)
    by: dict[str, str] = field(default_factory=dict)

    def in_order(self) -> SortedNotes:
        """The same, in the order in which leases were asked for."""
        own, foreign, elsewhere = (
            dict(sorted(some.items(), key=lambda one: one[1].began))
            for some in (self.own, self.foreign, self.elsewhere)
        )
        return replace(self, own=own, foreign=foreign, elsewhere=elsewhere)


def elsewhere_words(notes: Iterable[Note]) -> str:
    """Leases of other services in a sentence, by service."""
    sites: dict[str, list[str]] = {}
    for one in notes:
        lease = named([one.listed]) if one.id else "one that was asked for"
        sites.setdefault(one.site, []).append(f"{lease} of {one.source}")
    return "; ".join(f"{site}: {', '.join(leases)}" for site, leases in sites.items())


# A lease was asked for; it is minted; a holder, which outlives the run, may have it already.
ASKED, MINTED, GIVEN = "asked", "minted", "given"
# Seconds that a lease of a dynamic secret lives at most, and some for clocks that differ.
LONGEST = max(one.ttl[1] for one in PROVIDERS.values()) + 3600
# Of other kinds nobody knows; what was only asked for is not named for ever.
_FOREVER = 366 * 86400
_SETTINGS = {True: "the option journal_dir", False: "Ansible's setting local_tmp"}


@dataclass(frozen=True)
class Note:
    """What is known of a lease, or of the request for one.

    :arg kind: of its source.
    :arg site: the address of the service that minted it.
    :arg source: the identity of the source, such as a dynamic secret's path.
    :arg use: for what it was minted, in words.
    :arg began: when it was asked for, in seconds since 1970 by this machine's clock; ``until`` when that was over.
    :arg phase: one of ASKED, MINTED and GIVEN.
    :arg id: the lease's; None: not known (yet).
    :arg expiration: as the service wrote it.
    :arg outlives: the run is not to end it.
    :arg spent: what ended it, or tried to, was not heard out: nobody gets its credentials again.
    :arg needs: what ending it needs beside the connection to its site.
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
        longest = LONGEST if self.kind == DYNAMIC_SECRET else _FOREVER
        end = expiration.timestamp() if expiration else (self.until or self.began) + longest
        return end < time.time()

    @property
    def listed(self) -> dict[str, Any]:
        """The lease as lists of leases have it, and when it was asked for."""
        facts = {"id": self.id, "expiration": self.expiration, "revocable": self.revocable}
        return {**facts, "minted": self.until or self.began}


def _note(entry: Mapping[str, Any]) -> Note:
    """:raises DamagedError: it is none."""
    known = {one.name for one in fields(Note)}
    try:
        note = Note(**{name: value for name, value in entry.items() if name in known})
        float(note.began)
    except (TypeError, ValueError):
        raise DamagedError from None
    return note


def by_of(origin: Origin) -> str:
    """What tells the notes of this identity's token apart."""
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
        """Those that this run takes of this origin.

        :arg environment: what of a task's own environment is in force for it.
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
        """While a lease is asked for, or handed to its holder: who looks after dead runs waits so long.

        :raises StateError: nothing can be written, or the run is dead, so nothing should be minted.
        """
        with ExitStack() as stack:
            with writing(self._journal, self._setting):
                if self._begin:
                    stack.enter_context(self._begin())
            yield

    def ask(
        self,
        source: str,
        use: str,
        *,
        lease_id: str | None = None,
        outlives: bool = False,
        needs: Mapping[str, Any] | None = None,
    ) -> str:
        """Take note that a lease is about to be asked for; returns the note's name.

        :arg lease_id: what its ID will be, where that is known.
        :raises StateError: nothing can be written, so nothing should be minted.
        """
        facts: Mapping[str, Any] = {"id": lease_id, "outlives": outlives, "needs": needs or {}}
        note = Note(self.kind, self.site, source, use, time.time(), **facts)
        name = self._files.name(self.site, ASKED, os.urandom(8).hex())
        self._save(name, note)
        return name

    @contextmanager
    def asking(self, source: str, use: str, **known: Any) -> Iterator[str]:
        """Take note that a lease is about to be asked for, and see to the note where none comes; gives its name.

        :arg known: as for ``ask``.
        :raises StateError: nothing can be written, so nothing should be minted.
        """
        name = self.ask(source, use, **known)
        try:
            yield name
        except MayExistError:
            # What is known of the lease is said by the error, also where nothing can be written.
            with suppress(StateError):
                self.unanswered(name)
            raise
        except WorkloadCredentialsError:
            self.drop(name)
            raise

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

    def issued(self, name: str, lease: Lease | None, unwritten: Callable[[str, Lease, StateError], None]) -> None:
        """Complete the note of a request with the lease that was issued, or drop it where nothing can end that lease.

        :arg unwritten: called with the note's name, the lease and the error if the disk is full: the note remains as it
            was, and leads to the lease.
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

    def unanswered(self, name: str) -> None:
        """The request ended without a clear answer: there may be a lease."""
        note = self.load(name)
        if note is not None:
            self._save(name, replace(note, until=time.time()))

    def minted(self, name: str, lease_id: str, **facts: Any) -> str:
        """The lease is there; returns the note's new name.

        :arg facts: ``expiration`` and ``revocable``.
        :raises StateError: nothing can be written.
        """
        asked = self.load(name)
        if asked is None:
            raise StateError("The note of a lease that was asked for is gone.")
        completed = self.add(replace(asked, id=lease_id, phase=MINTED, until=time.time(), **facts))
        self._files.remove(name)
        return completed

    def add(self, note: Note) -> str:
        """Write a note whose lease has an ID."""
        name = self.name_of(str(note.id))
        self._save(name, note)
        return name

    def change(self, name: str, **facts: Any) -> None:
        """Change a note, if it is there."""
        note = self.load(name)
        if note is not None:
            self._save(name, replace(note, **facts))

    def name_of(self, lease_id: str) -> str:
        """The name of the note of this lease."""
        return self._files.name(self.site, lease_id)

    def load(self, name: str) -> Note | None:
        """A note, whoever made it; None: it is not there, or is damaged."""
        try:
            entry = self._files.load(name)
            return _note(entry) if entry else None
        except DamagedError:
            return None

    def path_of(self, name: str) -> Path:
        """The note's file."""
        return minted_in(self._journal) / name

    def drop(self, name: str) -> None:
        """Remove a note; one that is not there is removed already."""
        self._files.remove(name)

    def forget(self, lease_ids: Collection[str]) -> None:
        """Remove the notes of these leases, whoever made them."""
        for lease_id in lease_ids:
            self.drop(self.name_of(lease_id))
        for name, note in self.found().foreign.items():
            if note.id in lease_ids:
                self.drop(name)

    def all(self) -> tuple[dict[str, Note], int]:
        """This identity's notes by name, in the order in which leases were asked for; and the number of others."""
        found = self.found()
        return found.own, len(found.foreign) + len(found.elsewhere) + len(found.damaged)

    def found(self) -> SortedNotes:
        """Every note of the journal, each kind of them in the order in which leases were asked for."""
        found = SortedNotes()
        for name in self._files.names():
            try:
                signed = self._files.read(name)
                note = _note(signed.entry) if signed else None
            except DamagedError:
                found.damaged.append(name)
                continue
            if note is None or signed is None:
                # Somebody has just removed it.
                continue
            if (note.site, note.kind) != (self.site, self.kind):
                found.elsewhere[name] = note
            else:
                (found.own if signed.by == self.by else found.foreign)[name] = note
                found.by[name] = signed.by
        return found.in_order()

    def set_aside(self, name: str) -> Path:
        """Move a damaged note out of the way; returns where it is."""
        return self._files.set_aside(name)

    def _save(self, name: str, note: Note) -> None:
        self._files.save(name, asdict(note))
