# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Notes of leases: written before the request that mints one is sent, and completed after it.

A note says of what ``kind`` its lease is (an entry of kinds.py, which knows how such a lease is ended), of which
``source``, for what it was minted, and what else its ending ``needs``; never a value. Whatever ends a run, each lease
that it minted has a note, or a note has the time in which it was minted.
Private to this collection: it may change at any time.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Callable

from ansible_collections.community.workload_credentials.plugins.module_utils._api.errors import (
    MayExistError,
    StateError,
    WorkloadCredentialsError,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._credentials.origin import Origin
from ansible_collections.community.workload_credentials.plugins.plugin_utils._run.introduced import introduce
from ansible_collections.community.workload_credentials.plugins.plugin_utils._run.journal import (
    minted_in,
    minting,
    own_journal,
)
from ansible_collections.community.workload_credentials.plugins.plugin_utils._run.sealed import SealedFolder, writing

# A lease was asked for; it is minted; a holder, which outlives the run, may have it already.
ASKED, MINTED, GIVEN = "asked", "minted", "given"
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
    def listed(self) -> dict[str, Any]:
        """The lease as lists of leases have it."""
        return {"id": self.id, "expiration": self.expiration, "revocable": self.revocable}


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
        self._files = SealedFolder(
            minted_in(journal), origin.secret, lambda _message: None, self._setting, is_durable=True
        )
        self.site = origin.site
        self._kind = origin.kind

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
                introduce(temporary, origin, environment)
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
        note = Note(self._kind, self.site, source, use, time.time(), **facts)
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
        completed = self.add(replace(asked, id=lease_id, phase=MINTED, **facts))
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
        """A note; None: it is not there, or another token's."""
        entry = self._files.load(name)
        known = {one.name for one in fields(Note)}
        if not entry or not {"kind", "source", "began"} <= entry.keys():
            return None
        return Note(**{name: value for name, value in entry.items() if name in known})

    def path_of(self, name: str) -> Path:
        """The note's file."""
        return minted_in(self._journal) / name

    def drop(self, name: str) -> None:
        """Remove a note; one that is not there is removed already."""
        self._files.remove(name)

    def all(self) -> tuple[dict[str, Note], int]:
        """The site's notes by name, in the order in which leases were asked for; and how many notes are others'."""
        entries = [(name, self.load(name)) for name in self._files.names()]
        own = [(name, note) for name, note in entries if note and note.site == self.site]
        return dict(sorted(own, key=lambda one: one[1].began)), len(entries) - len(own)

    def _save(self, name: str, note: Note) -> None:
        self._files.save(name, asdict(note))
