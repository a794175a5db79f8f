# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From notes to the end of their leases: requests without an answer are settled by reading, then each lease is ended.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from functools import partial
from pathlib import Path
from typing import Any, Callable

from ansible_collections.community.workload_credentials.plugins.module_utils._api.concurrency import USUAL, side_by_side
from ansible_collections.community.workload_credentials.plugins.module_utils._api.errors import (
    StateError,
    WorkloadCredentialsError,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._api.times import parse_time, written
from ansible_collections.community.workload_credentials.plugins.module_utils._resources._parts.ending import (
    NOT_REVOCABLE,
    REVOKED,
)
from ansible_collections.community.workload_credentials.plugins.plugin_utils._run.candidates import (
    BusyError,
    Others,
    Search,
)
from ansible_collections.community.workload_credentials.plugins.plugin_utils._run.kinds import KINDS, Kind
from ansible_collections.community.workload_credentials.plugins.plugin_utils._run.notes import (
    GIVEN,
    MINTED,
    Note,
    Notes,
)

# What became of a lease besides what ending.py says of it.
STAYS, HELD, UNSETTLED, AMBIGUOUS, NO_LEASE = "stays", "held", "unsettled", "one of several", "no lease"
# Nobody has tried to end it.
LIVES = "lives"


@dataclass(frozen=True)
class Entry:
    """A note where it lies.

    :arg by: tells another token apart that made it; None: this one has.
    """

    notes: Notes
    name: str
    note: Note
    by: str | None = None

    def drop(self) -> None:
        """Nothing more is to be done about it."""
        self.notes.drop(self.name)

    @property
    def path(self) -> Path:
        """Its file."""
        return self.notes.path_of(self.name)


@dataclass(frozen=True)
class Fate:
    """What became of a lease that had a note.

    :arg how: as in ending.py; STAYS: it outlives its run; HELD: who may hold it has to be asked; UNSETTLED: whether
        there is such a lease cannot be known at present; AMBIGUOUS: it may be one of several; NO_LEASE: none was found.
    :arg reason: where it did not end as it should.
    """

    entry: Entry
    how: str
    reason: str = ""

    @property
    def told(self) -> dict[str, Any]:
        """The same for people and machines."""
        note = self.entry.note
        return {
            "source": note.source,
            "kind": note.kind,
            "use": note.use,
            "minted": written(datetime.fromtimestamp(int(note.began), timezone.utc)),
            "lease_id": note.id,
            "expiration": written(parse_time(note.expiration)),
            "fate": self.how,
            "reason": self.reason,
        }


def entries_of(notes: Iterable[Notes]) -> list[Entry]:
    """Every note of them that this identity made."""
    return [Entry(one, name, note) for one in notes for name, note in one.found().own.items()]


def foreign_entries(notes: Iterable[Notes]) -> list[Entry]:
    """Every note of them that another token made, at the same service."""
    seen = [(one, one.found()) for one in notes]
    return [Entry(one, name, note, found.by[name]) for one, found in seen for name, note in found.foreign.items()]


def others_of(notes: Iterable[Notes]) -> Others:
    """What these notes say."""
    some = list(notes)
    own, foreign = ([one.note for one in entries] for entries in (entries_of(some), foreign_entries(some)))
    known, others = (frozenset(str(note.id) for note in found if note.id) for found in (own, foreign))
    # What another identity is asking for will be known by its creator.
    return Others(known, frozenset(note.source for note in own if not note.id), others)


def settled(
    client: Any,
    entries: Sequence[Entry],
    others: Callable[[], Others],
    held: Collection[str] = (),
) -> tuple[list[Entry], list[Fate]]:
    """The entries whose leases are known, now also those of requests without an answer; and what remains open.

    :arg client: of the kind of the notes, which are of one site.
    :arg others: looks at the notes of others as they are now.
    :arg held: IDs of leases that others hold, whoever minted them.
    """
    ready = [one for one in entries if one.note.id]
    fates: list[Fate] = []
    asked: dict[tuple[str, str, str | None], list[Entry]] = {}
    for one in entries:
        if not one.note.id:
            asked.setdefault((one.note.kind, one.note.source, one.by), []).append(one)
    taken = {*held, *(str(one.note.id) for one in ready)}
    for (kind, source, by), waiting in asked.items():
        mine = frozenset(str(one.note.id) for one in ready if one.by == by)
        found, open_ones = _found(client, kind, source, waiting, partial(_mine, mine, by), taken, others)
        ready.extend(found)
        fates.extend(open_ones)
        taken.update(str(one.note.id) for one in found)
    return ready, fates


def _mine(ready: frozenset[str], by: str | None, others: Others) -> frozenset[str]:
    """IDs of leases that an identity has minted."""
    return ready if by is not None else ready | others.known


def ended(client: Any, entries: Sequence[Entry], tell: Callable[[Fate], None] = lambda _fate: None) -> list[Fate]:
    """What became of these leases; each is tried, and the notes of those that are gone are dropped.

    :arg tell: called with each as soon as it is known, from several threads.
    """
    fates: list[Fate] = []
    ending: dict[str, list[Entry]] = {}
    for one in entries:
        fate = standing(one)
        if fate is None:
            ending.setdefault(one.note.kind, []).append(one)
        else:
            fates.append(fate)
            tell(fate)
    for kind, some in ending.items():
        fates.extend(_ended(KINDS[kind], client, some, tell))
    past = [fate for fate in fates if fate.how != REVOKED and fate.entry.note.is_over]
    for fate in past:
        # There is nothing to tell of it.
        fate.entry.drop()
    return [fate for fate in fates if fate not in past]


def standing(entry: Entry) -> Fate | None:
    """What is known of a lease without trying to end it; None: it is to be ended."""
    note = entry.note
    if note.outlives:
        return Fate(entry, STAYS)
    if note.phase == GIVEN:
        return Fate(entry, HELD, f"{note.use} may hold it.")
    if not note.revocable or note.kind not in KINDS or not KINDS[note.kind].is_id(note.id):
        return Fate(entry, NOT_REVOCABLE)
    return None


def _ended(kind: Kind, client: Any, entries: Sequence[Entry], tell: Callable[[Fate], None]) -> list[Fate]:
    def end(some: Sequence[Entry]) -> list[Fate]:
        ends = kind.end(client, [one.note.listed for one in some])
        found = [Fate(one, end.how, end.reason) for one, end in zip(some, ends)]
        for fate in found:
            if fate.how == REVOKED:
                fate.entry.drop()
            tell(fate)
        return found

    size = kind.at_once
    parts = [entries[first : first + size] for first in range(0, len(entries), size)]
    return [fate for found in side_by_side(end, parts, USUAL if size == 1 else 1) for fate in found]


def _found(
    client: Any,
    kind: str,
    source: str,
    waiting: Sequence[Entry],
    mine: Callable[[Others], Collection[str]],
    taken: Collection[str],
    others: Callable[[], Others],
) -> tuple[list[Entry], list[Fate]]:
    """The leases of requests of one identity for one source that had no answer."""
    if kind not in KINDS:
        return [], [Fate(one, UNSETTLED, "Nothing is known of leases of its kind.") for one in waiting]
    search = Search(client, KINDS[kind], source, [one.note for one in waiting], mine, taken)
    try:
        candidates, is_sure = search.candidates(others)
    except BusyError:
        return [], [Fate(one, UNSETTLED, "Another run is just asking for a lease of the same.") for one in waiting]
    except WorkloadCredentialsError as error:
        return [], [Fate(one, UNSETTLED, f"Its source's leases could not be read. {error}") for one in waiting]
    if len(candidates) > len(waiting) or not is_sure:
        # Others mint of the same source at the same time, or who minted them is not known to be this identity.
        said = ", ".join(f"{one['id']} (until {one.get('expiration')})" for one in candidates)
        return [], [Fate(one, AMBIGUOUS, f"It may be one of {said}.") for one in waiting]
    pairs = list(zip(waiting, candidates))
    rest = waiting[len(pairs) :]
    for one in rest:
        # Who asked has been told already.
        if one.note.until is not None:
            one.drop()
    unseen = [Fate(one, NO_LEASE) for one in rest if one.note.until is None]
    return [_completed(one, lease) for one, lease in pairs], unseen


def _completed(entry: Entry, lease: Mapping[str, Any]) -> Entry:
    facts: dict[str, Any] = {"expiration": lease.get("expiration"), "revocable": lease["revocable"]}
    name = entry.name
    # Where nothing can be written, the lease is known and ended all the same, and the note still leads to it. So does
    # that of another token, which this one does not sign.
    with suppress(StateError):
        name = entry.notes.minted(entry.name, lease["id"], **facts) if entry.by is None else name
    return replace(entry, name=name, note=replace(entry.note, id=lease["id"], phase=MINTED, **facts))
