# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Decide whether a file on a host is kept or written, and why, from its note and its metadata alone."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from ...module_utils._credentials.lease import DYNAMIC_SECRET, Lease
from ...module_utils._host_files import FILE, FOLDER
from .._cluster.steps import GONE, MARGIN
from .notes import HostNote, Signature, distinct, note_of

KEEP, WRITE, REFUSE = "keep", "write", "refuse"
DUE, ALWAYS, NEVER = RENEWALS = ("due", "always", "never")

MISSING = "file missing"
INTERRUPTED = "an earlier run was interrupted before the file was in its place"
CHANGED = "file changed by somebody else"
NOTE_LOST, NOTE_DAMAGED = "its note is lost", "its note cannot be read"
NOTE_FOREIGN = "its note is that of {path} on {host}"
FORCED = "a file that was not written by this module is replaced"
_NOT_OURS = (
    "a file is there that this module has not written. Remove it, or set force=true to let credentials take its place."
)
_IS_FOLDER = "it is a folder on the host. Name the file that is to be written."


@dataclass(frozen=True)
class Wanted:
    """What a task wants of a file.

    :arg source: the kind of the source and its name.
    :arg definition: the fingerprint of the options that determine the content.
    :arg site: the ID of the site of the Secrets API that mints; "": another service does.
    :arg has_leases: False: the source is read each time, and the file is compared with what it says.
    :arg force: replace a file that is not ours.
    """

    host: str
    path: str
    source: tuple[str, str]
    definition: str
    format: str
    has_leases: bool
    site: str = ""
    renew: str = DUE
    force: bool = False


@dataclass(frozen=True)
class Found:
    """What lies on the host.

    :arg note: None: there is none, or it is not usable.
    :arg problem: why the note is not usable; "": there is none, or it is.
    :arg kind: what lies in the place of the file; None: nothing.
    :arg is_marked: whether the file is one that this collection wrote, whatever the note says.
    """

    note: HostNote | None
    problem: str
    kind: str | None
    signature: Signature | None
    is_marked: bool

    @property
    def is_intact(self) -> bool:
        """Return whether the file is the one that its note describes."""
        return self.note is not None and self.signature is not None and self.signature == self.note.file

    @property
    def is_interrupted(self) -> bool:
        """Return whether a run wrote the note and did not get to the file."""
        if self.note is None or self.signature is None or self.is_intact:
            return False
        return self.signature == self.note.former

    @property
    def is_ours(self) -> bool:
        """Return whether the file may be replaced without ``force``: a note, even a damaged one, claims it."""
        return self.kind is None or (self.kind == FILE and (bool(self.note or self.problem) or self.is_marked))

    @property
    def state(self) -> str:
        """Return the state of the file in a word, as users read it."""
        if self.kind is None:
            return "missing"
        if self.problem:
            return "unreadable_note"
        if self.note is None:
            return "without_note"
        return "intact" if self.is_intact else "changed"


@dataclass(frozen=True)
class Decision:
    """What becomes of the file.

    :arg action: KEEP, WRITE or REFUSE.
    :arg superseded: the leases that the file needs no more once it is written.
    """

    action: str
    reason: str
    superseded: tuple[Lease, ...] = ()


def found_of(facts: Mapping[str, Any], host: str) -> Found:
    """Return what lies on the host, from the facts that its part reports.

    :arg host: the inventory's name of the host.
    """
    file = facts.get("file")
    text = facts.get("note")
    note, problem = None, ""
    if facts.get("note_problem"):
        problem = NOTE_DAMAGED
    elif text is not None:
        note = note_of(text)
        problem = "" if note else NOTE_DAMAGED
    if note is not None and (note.host, note.path) != (host, facts["path"]):
        # The machine, or the folder, was copied: the leases are the other's.
        problem, note = NOTE_FOREIGN.format(path=note.path, host=note.host), None
    if file is None:
        return Found(note, problem, None, None, is_marked=False)
    signature = Signature(file["size"], file["mtime_ns"])
    return Found(note, problem, file["kind"], signature, bool(file["is_marked"]) and file["kind"] == FILE)


def decided(wanted: Wanted, found: Found, now: datetime, gone: Collection[str] = ()) -> Decision:
    """Return what becomes of the file.

    :arg gone: IDs of leases that have ended before their time.
    """
    if found.kind == FOLDER:
        return Decision(REFUSE, _IS_FOLDER)
    if not found.is_ours and not wanted.force:
        return Decision(REFUSE, _NOT_OURS)
    superseded = tuple(distinct(found.note.leases)) if found.note else ()
    reason = _unfit(wanted, found)
    if reason is None and found.note is not None:
        if not wanted.has_leases:
            return Decision(KEEP, "its values are read each time")
        reason = _due(wanted, found.note.lease, now, gone)
        if reason is None:
            return Decision(KEEP, kept_words(wanted, found.note.lease, now, gone))
    return Decision(WRITE, reason or NOTE_LOST, superseded)


def _unfit(wanted: Wanted, found: Found) -> str | None:
    """Return why the file cannot stay, whatever its lease; None: it can."""
    if found.is_interrupted:
        return INTERRUPTED
    if found.kind is None:
        return MISSING
    if not found.is_ours:
        return FORCED
    if found.note is None:
        return found.problem or NOTE_LOST
    if not found.is_intact:
        return CHANGED
    return _redefined(wanted, found.note)


def _redefined(wanted: Wanted, note: HostNote) -> str | None:
    if note.source != wanted.source:
        return "other source"
    if note.format != wanted.format:
        return "other format"
    if note.lease and note.lease.kind == DYNAMIC_SECRET and note.lease.site != wanted.site:
        return "other site"
    return "other definition" if note.definition != wanted.definition else None


def _due(wanted: Wanted, lease: Lease | None, now: datetime, gone: Collection[str]) -> str | None:
    """Return why the lease is to be replaced; None: it is not."""
    if wanted.renew == ALWAYS:
        return "renew=always"
    return None if wanted.renew == NEVER else _ended(lease, now, gone)


def _ended(lease: Lease | None, now: datetime, gone: Collection[str]) -> str | None:
    """Return why the lease is due; None: it serves."""
    if lease is None or lease.expiration is None:
        return "the expiration of its lease is not known"
    if lease.expiration <= now:
        return "lease expired"
    if lease.id in gone:
        return GONE
    return f"lease due: {_left(lease, now)} left" if MARGIN.due(lease, now) else None


def is_due(lease: Lease | None, now: datetime) -> bool:
    """Return whether a run would replace the lease now."""
    return _ended(lease, now, ()) is not None


def kept_words(wanted: Wanted, lease: Lease | None, now: datetime, gone: Collection[str] = ()) -> str:
    """Return why a file is kept."""
    due = _ended(lease, now, gone)
    if due is not None:
        return f"renew={wanted.renew}, though: {due}"
    return f"{_left(lease, now)} left" if lease else "it is as it should be"


def _left(lease: Lease, now: datetime) -> str:
    seconds = max(0, int(lease.left(now) / timedelta(seconds=1)))
    if seconds < 60:
        return f"{seconds} seconds"
    minutes = seconds // 60
    return f"{minutes} minute{'s' if minutes > 1 else ''}"
