# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Leases that a run has minted already: its workers find their credentials again, and a task can end them together."""

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

# A lease whose whole life is shorter than min_ttl serves for this part of it.
_SHORT = 0.5
_SHORTEST = timedelta(seconds=min(provider.ttl[0] for provider in PROVIDERS.values()))
_UNWATCHED = (
    "The leases of this run stay active if it is interrupted: neither the callback plugin "
    "community.workload_credentials.leases is enabled (callbacks_enabled), nor does journal_dir name a folder for "
    "notes that outlive the run."
)
_SKEWED = (
    "Credentials that were just generated look expired: the clock of this machine or of the service is wrong. "
    "They are used as they are."
)


class MintedLeases:
    """The active leases that this run has minted with one identity: lookups and modules note them here.

    :arg folder: the run's own temporary folder.
    :arg origin: whose leases these are.
    :arg warn: called with a sentence when something cannot be read or written.
    :arg journal_dir: the folder for notes that outlive the run's own one; None: they lie in that.
    :arg environment: what is in force of the task's own environment.
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
        self._predicted = SealedFolder(folder / FOLDER / "foreseen", origin.secret, lambda _message: None)
        self._site = origin.site
        self._is_noted = origin.is_noted
        self._warn = warn

    def predict_lease(self, path: str, scope: str | None = None) -> None:
        """Note that a run would mint a lease that can be ended, where check mode mints none.

        :arg path: the identity of its source.
        :arg scope: who uses it, if one lease serves several times; None: it is one more.
        """
        name = self._predicted.name(self._site, path, os.urandom(8).hex() if scope is None else scope)
        self._predicted.save(name, {"site": self._site, "path": path})

    def predict_end(self, path: str | None = None, at_most: int | None = None) -> bool:
        """Note that a run would end predicted leases; return whether there are any.

        :arg path: the identity of their source; None: any.
        """
        names = []
        for name in self._predicted.names():
            lease = self._predicted.load(name) or {}
            if lease.get("site") == self._site and path in (None, lease["path"]):
                names.append(name)
        for name in names[:at_most]:
            self._predicted.remove(name)
        return bool(names[:at_most])

    def mint(self, source: Source, use: str, *, outlives: bool = False) -> Credentials:
        """Mint credentials, and note their lease before and after the request.

        :arg use: for whom, in words.
        :arg outlives: the run is not to end it.
        :raises StateError: nothing can be written, so nothing was minted.
        """
        if not self._is_noted:
            return source.mint()
        credentials = self.notes.mint(source, use, self._warn_of_no_note, outlives=outlives)
        if not outlives:
            self._warn_of_no_watch(credentials.lease)
        return credentials

    def complete(self, name: str, lease: Lease | None) -> None:
        """Note the lease that a module's request has led to.

        :arg name: the note of the request.
        """
        self.notes.issued(name, lease, self._warn_of_no_note)
        self._warn_of_no_watch(lease)

    def unanswered(self, name: str) -> None:
        """Note that a module's request may have led to a lease, which the task's own message says too."""
        try:
            self.notes.unanswered(name)
        except StateError as error:
            self._warn(str(error))

    def remove(self, lease_ids: Iterable[str]) -> None:
        """Forget leases that have ended, so that nobody gets their credentials again."""
        self.notes.forget([*lease_ids])

    def remove_of(self, source: str) -> None:
        """Forget all leases of a source that was deleted."""
        self.remove(self._lease_ids_of(source))

    def spend(self, lease_ids: Iterable[str] = (), source: str | None = None) -> None:
        """Let nobody get the credentials of leases that may have ended.

        :arg source: the identity of a source all of whose leases are meant too.
        """
        spent = set(lease_ids)
        if source is not None:
            spent.update(self._lease_ids_of(source))
        for lease_id in spent:
            try:
                self.notes.change(self.notes.name_of(lease_id), spent=True)
            except StateError as error:
                self._warn(f"{error} The credentials of the lease {lease_id} may be used again in this run.")

    def serves(self, lease_id: Any) -> bool:
        """Return whether this run has minted the lease, and nothing has tried to end it."""
        note = self.notes.load(self.notes.name_of(str(lease_id)))
        return note is not None and not note.spent

    def all(self) -> list[str]:
        """Return the IDs of those that this token has minted; warn of those of other services."""
        notes = self.notes.read()
        elsewhere = [note for note in notes.elsewhere.values() if note.id]
        if elsewhere:
            self._warn(
                f"Leases of this run that were minted elsewhere: {elsewhere_words(elsewhere)}. Only a task with that "
                "connection can revoke them."
            )
        return [str(note.id) for note in notes.own.values() if _ends_with_the_run(note)]

    def foreign(self) -> list[NoteOnDisk]:
        """Return those that other tokens have minted."""
        # Only tasks that end leases load it; no lookup does.
        from .recovery import foreign_entries

        return [entry for entry in foreign_entries([self.notes]) if _ends_with_the_run(entry.note)]

    def _lease_ids_of(self, source: str) -> list[str]:
        notes, _others = self.notes.all()
        return [note.id for note in notes.values() if note.id and note.source == source]

    def _warn_of_no_note(self, _name: str, lease: Lease, error: StateError) -> None:
        self._warn(f"{error} The lease {lease.id} was minted. minted=run does not revoke it; use lease_id.")

    def _warn_of_no_watch(self, lease: Lease | None) -> None:
        """Warn, once a run, where nothing ends the lease after an interruption, and no note of it outlives the run."""
        if lease is None or not lease.id or not lease.revocable or self._journal_dir or has_key():
            return
        # The first of the workers makes the file, so the others know. Where nothing can be written, each task warns.
        with suppress(OSError):
            (self._folder / FOLDER / "unwatched").touch(mode=0o600, exist_ok=False)
            from ansible import constants
            from ansible.utils.display import Display

            # A warning of Display would belong to the first task by chance, and stand in its result.
            Display().display(f"[WARNING]: {_UNWATCHED}", color=constants.COLOR_WARN, stderr=True)


class LeaseStore:
    """Credentials of one identity. Another token, site or address never finds them.

    :arg folder: the run's own temporary folder.
    :arg origin: whose leases these are.
    :arg warn: called with a sentence when a file is not usable.
    :arg minted: mints and notes leases; None: their notes lie in the same folder.
    """

    def __init__(
        self, folder: Path, origin: Origin, warn: Callable[[str], None], minted: MintedLeases | None = None
    ) -> None:
        self._files = SealedFolder(folder / FOLDER / "store", origin.secret, warn)
        self._kind = origin.kind
        self._identity = (origin.kind, origin.site, *origin.identity)
        self._minted = minted or MintedLeases(folder, origin, warn)
        self._warn = warn

    def get(self, source: Source, scope: str, min_ttl: int) -> Credentials:
        """Return the stored credentials while they last and nobody has ended their lease, else fresh ones.

        Threads and processes that ask for the same meanwhile wait.

        :arg scope: the inventory host, or "" for the whole run.
        :arg min_ttl: seconds that must be left.
        """
        name = self._files.name(*self._identity, source.identity, source.cache_key, scope)
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
        """Store credentials.

        :raises StateError: nothing can be written, and without a store each use would mint a lease of its own.
        """
        expiration = written(lease.expiration)
        facts = {"id": lease.id, "minted": lease.minted.timestamp(), "expiration": expiration}
        try:
            self._files.save(name, {"values": dict(credentials.values), **facts, "revocable": lease.revocable})
        except StateError as error:
            if not lease.id:
                raise
            from .kinds import KINDS

            message = f"{error} A lease was minted but is not used: {named([facts])}."
            if self._kind in KINDS:
                message += f" {KINDS[self._kind].module} ends it by lease_id."
            raise StateError(message) from None

    def _serves(self, lease: Lease, min_ttl: int) -> bool:
        """Return whether the lease lives long enough; one whose whole life is short serves for half of it."""
        if lease.expiration is None and self._kind == DYNAMIC_SECRET:
            # The service did not say when it ends, and none lives for less.
            lease = replace(lease, expiration=lease.minted + _SHORTEST)
        is_due = Margin(part=_SHORT, seconds=min_ttl).due(lease, _now())
        return not is_due and (not lease.id or self._minted.serves(lease.id))


def _ends_with_the_run(note: Note) -> bool:
    """Return whether a task may end the lease with its run: the role ends what a Secret gets, or has."""
    return bool(note.id) and not note.outlives and not note.needs


def _now() -> datetime:
    return datetime.fromtimestamp(time.time(), timezone.utc)


def _lease(source: Source, stored: Mapping[str, Any]) -> Lease:
    """Return the lease of stored credentials."""
    minted = datetime.fromtimestamp(stored["minted"], timezone.utc)
    return Lease(stored["id"], source.identity, minted, parse_time(stored["expiration"]), stored["revocable"])
