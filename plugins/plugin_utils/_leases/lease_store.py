# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Leases that a run has minted already: found again by its workers, and ended together (design, "Lookups").

Private to this collection: it may change at any time.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...module_utils._api.errors import StateError
from ...module_utils._api.times import parse_time, written
from ...module_utils._credentials.lease import DYNAMIC_SECRET, Credentials, Lease, Margin
from ...module_utils._credentials.source import Origin, Source
from ...module_utils._providers import PROVIDERS
from ...module_utils._resources._parts.leases import named
from .journal import FOLDER
from .notes import Note, Notes, elsewhere_words
from .run_connections import has_key
from .sealed import SealedFolder

if TYPE_CHECKING:
    from .recovery import NoteOnDisk


_SAID = (
    "This run mints leases that live on if it is interrupted: neither the callback plugin "
    "community.workload_credentials.leases is enabled (callbacks_enabled), nor does journal_dir name a folder for "
    "notes that outlive the run."
)


def warn_of_no_watch(temporary: Path, journal_dir: str | None) -> None:
    """Warn, once a run, where nobody ends the run's leases and no note of them outlives it.

    :arg temporary: the run's folder.
    """
    if journal_dir or has_key():
        return
    # All of its workers see who was first; where nothing can be written, each task says so itself.
    with suppress(OSError):
        (temporary / FOLDER / "unwatched").touch(mode=0o600, exist_ok=False)
        from ansible import constants
        from ansible.utils.display import Display

        # A warning of Display belongs to the task that happens to be the first, and would stand in its result.
        Display().display(f"[WARNING]: {_SAID}", color=constants.COLOR_WARN, stderr=True)


_SHORT = 0.5
_SHORTEST = timedelta(seconds=min(one.ttl[0] for one in PROVIDERS.values()))
_SKEWED = (
    "Credentials that were just generated look expired: the clock of this machine or of the service is wrong. "
    "They are used as they are."
)


class MintedLeases:
    """The living leases that this run has minted, as far as this identity has.

    :arg folder: the run's own temporary folder.
    :arg origin: whose leases these are.
    :arg warn: called with a sentence when something cannot be read.
    :arg journal_dir: where the notes lie instead, so that they outlive the folder.
    :arg environment: what of a task's own environment is in force for it.
    """

    def __init__(
        self,
        folder: Path,
        origin: Origin,
        warn: Callable[[str], None],
        journal_dir: str | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.notes = Notes.of_this_run(folder, origin, journal_dir, environment or {})
        self._folder, self._journal_dir = folder, journal_dir
        self._foreseen = SealedFolder(folder / FOLDER / "foreseen", origin.secret, lambda _message: None)
        self._site = origin.site
        self._is_noted = origin.is_noted
        self._warn = warn

    def foresee(self, path: str, scope: str | None = None) -> None:
        """Take note that check mode has come to where a run would mint a lease that can be ended.

        :arg path: the identity of its source.
        :arg scope: for whom, where one lease serves several times; None: it is one more.
        """
        name = self._foreseen.name(self._site, path, os.urandom(8).hex() if scope is None else scope)
        self._foreseen.save(name, {"site": self._site, "path": path})

    def foresee_end(self, path: str | None = None, at_most: int | None = None) -> bool:
        """Take note that check mode has come to where a run would end such leases; whether there is one.

        :arg path: the identity of the source whose leases are meant; None: any.
        """
        entries = [(name, self._foreseen.load(name) or {}) for name in self._foreseen.names()]
        own = [(name, entry["path"]) for name, entry in entries if entry.get("site") == self._site]
        meant = [name for name, its_path in own if path in (None, its_path)][:at_most]
        for name in meant:
            self._foreseen.remove(name)
        return bool(meant)

    def mint(self, source: Source, use: str, *, outlives: bool = False) -> Credentials:
        """Credentials of a source, whose lease has a note before and after it is asked for.

        :arg use: for what, in words.
        :raises StateError: nothing can be written, so that nothing was minted.
        """
        if not self._is_noted:
            return source.mint()
        credentials = self.notes.mint(source, use, self._warn_of_no_note, outlives=outlives)
        self._warn_of_no_watch(credentials.lease, outlives=outlives)
        return credentials

    def complete(self, name: str, lease: Lease | None) -> None:
        """Note the lease that a module's request has led to.

        :arg name: the note of the request.
        """
        self.notes.issued(name, lease, self._warn_of_no_note)
        self._warn_of_no_watch(lease, outlives=False)

    def _warn_of_no_note(self, _name: str, lease: Lease, error: StateError) -> None:
        self._warn(f"{error} The lease {lease.id} was minted, and minted=run does not end it: lease_id does.")

    def _warn_of_no_watch(self, lease: Lease | None, *, outlives: bool) -> None:
        if lease is not None and lease.id and lease.revocable and not outlives:
            warn_of_no_watch(self._folder, self._journal_dir)

    def unanswered(self, name: str) -> None:
        """Take note that there may be a lease; the task's own words say so too."""
        try:
            self.notes.unanswered(name)
        except StateError as error:
            self._warn(str(error))

    def remove(self, lease_ids: Iterable[str]) -> None:
        """Forget leases that have ended, so that nobody gets their credentials again."""
        self.notes.forget([*lease_ids])

    def remove_of(self, source: str) -> None:
        """Forget all leases of a source that has gone."""
        self.remove(str(note.id) for note in self._own() if note.id and note.source == source)

    def spend(self, lease_ids: Iterable[str] = (), source: str | None = None) -> None:
        """Give out no more credentials of leases that may have ended."""
        meant = {*lease_ids, *(str(note.id) for note in self._own() if source is not None and note.source == source)}
        for lease_id in meant:
            try:
                self.notes.change(self.notes.name_of(lease_id), spent=True)
            except StateError as error:
                self._warn(f"{error} The credentials of the lease {lease_id} may be given out again in this run.")

    def serves(self, lease_id: Any) -> bool:
        """Whether the lease is one of them, and nothing has tried to end it."""
        note = self.notes.load(self.notes.name_of(str(lease_id)))
        return note is not None and not note.spent

    def all(self) -> list[str]:
        """Every one of them that this token minted, with a warning about those of other services."""
        found = self.notes.found()
        others = [note for note in found.elsewhere.values() if note.id]
        if others:
            self._warn(
                f"Leases of this run that were minted elsewhere: {elsewhere_words(others)}. Only a task with that "
                "connection can end them."
            )
        return [str(note.id) for note in found.own.values() if _ends_with_the_run(note)]

    def foreign(self) -> list[NoteOnDisk]:
        """Those that other tokens have minted."""
        # Who ends leases needs it, and no lookup.
        from .recovery import foreign_entries

        return [one for one in foreign_entries([self.notes]) if _ends_with_the_run(one.note)]

    def _own(self) -> Iterable[Note]:
        return self.notes.all()[0].values()


class LeaseStore:
    """Credentials of one identity. Another token, site or address never finds them.

    :arg folder: the run's own temporary folder.
    :arg origin: whose leases these are.
    :arg warn: called with a sentence when a file is not usable.
    :arg minted: takes note of what is minted; None: in the same folder.
    """

    def __init__(
        self, folder: Path, origin: Origin, warn: Callable[[str], None], minted: MintedLeases | None = None
    ) -> None:
        self._files = SealedFolder(folder / FOLDER / "store", origin.secret, warn)
        self._identity = (origin.kind, origin.site, *origin.identity)
        self._minted = minted or MintedLeases(folder, origin, warn)
        self._warn = warn

    def get(self, source: Source, scope: str, min_ttl: int) -> Credentials:
        """The stored credentials while they last and nobody ended their lease, else freshly minted ones.

        Whoever asks for the same meanwhile waits, also in another process.

        :arg scope: the inventory host, or "" for the whole run.
        :arg min_ttl: seconds that must be left.
        """
        name = self._files.name(*self._identity, source.identity, source.variant, scope)
        with self._files.locked(name):
            stored = self._files.load(name)
            if stored is not None and self._serves(_lease(source, stored), min_ttl):
                return Credentials(stored["values"], _lease(source, stored))
            credentials = self._minted.mint(source, scope or "run")
            lease = credentials.lease or Lease("", source.identity, _now(), None, revocable=False)
            self._keep(name, credentials, lease)
            if lease.life <= timedelta(0):
                self._warn(_SKEWED)
            return credentials

    def _keep(self, name: str, credentials: Credentials, lease: Lease) -> None:
        """Write them down; each use would else have a lease of its own."""
        expiration = written(lease.expiration)
        facts = {"id": lease.id, "minted": lease.minted.timestamp(), "expiration": expiration}
        try:
            self._files.save(name, {"values": dict(credentials.values), **facts, "revocable": lease.revocable})
        except StateError as error:
            said = f" A lease was minted for nothing: {named([facts])}." if lease.id else ""
            from .kinds import KINDS

            kind = KINDS.get(self._identity[0])
            how = f" {kind.module} ends it by lease_id." if kind and said else ""
            raise StateError(f"{error}{said}{how}") from None

    def _serves(self, lease: Lease, min_ttl: int) -> bool:
        """Whether the lease lives, and will for long enough; one whose whole life is short is kept for half of it."""
        if lease.expiration is None and self._identity[0] == DYNAMIC_SECRET:
            # The service did not say until when, and none lives for less.
            lease = replace(lease, expiration=lease.minted + _SHORTEST)
        is_due = Margin(part=_SHORT, seconds=min_ttl).due(lease, _now())
        return not is_due and (not lease.id or self._minted.serves(lease.id))


def _ends_with_the_run(note: Note) -> bool:
    # What a Secret gets, or has, is the role's to end.
    return bool(note.id) and not note.outlives and not note.needs


def _now() -> datetime:
    return datetime.fromtimestamp(time.time(), timezone.utc)


def _lease(source: Source, stored: Mapping[str, Any]) -> Lease:
    """The lease behind stored credentials."""
    minted = datetime.fromtimestamp(stored["minted"], timezone.utc)
    return Lease(stored["id"], source.identity, minted, parse_time(stored["expiration"]), stored["revocable"])
