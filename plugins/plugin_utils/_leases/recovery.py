# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From notes to the end of their leases, also those of crashed runs; requests without an answer are settled by reading.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from functools import partial
from pathlib import Path
from typing import Any

from ...module_utils._api.concurrency import USUAL, run_concurrently
from ...module_utils._api.errors import StateError, WorkloadCredentialsError
from ...module_utils._api.times import parse_time, written
from ...module_utils._credentials.source import Origin
from ...module_utils._resources._parts.leases import NOT_REVOCABLE, REVOKED, creators
from .journal import damaged_file, discard, other_journals, taken_over
from .kinds import KINDS, Kind
from .notes import GIVEN, MINTED, Note, Notes, elsewhere_words

# Seconds by which the clocks of this machine and of the service may differ.
_SKEW = 2.0
# A request whose sender died may be under way to the service still: so often, and so many seconds apart, it is looked.
_LOOKS, _PAUSE, _FRESH = 4, 0.7, 30.0
# Where the source's living leases do not tell who this identity is, so many others of its leases are asked for.
_ASKED = 3


@dataclass(frozen=True)
class Others:
    """What the notes of others say.

    :arg known: IDs of the leases that they have with the same token; ``foreign``: with other tokens.
    :arg busy: sources of which they are just asking for leases.
    """

    known: frozenset[str] = frozenset()
    busy: frozenset[str] = frozenset()
    foreign: frozenset[str] = frozenset()


class BusyError(Exception):
    """Somebody else is just asking for a lease of the source."""


@dataclass(frozen=True)
class Search:
    """For the leases of requests for one source.

    :arg mine: IDs of leases that the identity of the requests has minted, whatever their source.
    :arg taken: IDs of leases that are somebody's.
    """

    client: Any
    kind: Kind
    source: str
    waiting: Sequence[Note]
    mine: Callable[[Others], Collection[str]]
    taken: Collection[str]

    def candidates(self, others: Callable[[], Others]) -> tuple[list[dict[str, Any]], bool]:
        """Leases that were minted while the requests were under way, and that nobody holds; and whether it is they.

        Who minted a lease decides: those of this identity, or, where it is not known, all of them.

        :arg others: looks at the notes of others as they are now.
        :raises BusyError: whose they are cannot be known now.
        """
        found: list[dict[str, Any]] = []
        is_sure, now = True, time.time()
        is_fresh = any(one.until is None and now - one.began < _FRESH for one in self.waiting)
        for look in range(_LOOKS if is_fresh else 1):
            if look:
                time.sleep(_PAUSE)
            leases = self.kind.living(self.client, self.source)
            # Not before: who has got one of them meanwhile has taken note of it, or that one was asked for.
            known = others()
            if self.source in known.busy:
                raise BusyError
            taken = {*self.taken, *known.known, *known.foreign}
            found = [one for one in leases if one["id"] not in taken and self._fits(one)]
            own = self._creators(leases, self.mine(known)) if found else set()
            is_sure = bool(own) or not found
            found = [one for one in found if one.get("created_by") in own] if own else found
            if is_sure and len(found) >= len(self.waiting):
                break
        return found, is_sure

    def _creators(self, leases: Sequence[Mapping[str, Any]], mine: Collection[str]) -> set[Any]:
        """Who this identity is, as the service calls it; empty: that is not known."""
        found = creators(leases, mine)
        for lease_id in sorted(mine)[:_ASKED]:
            if found:
                break
            with suppress(WorkloadCredentialsError):
                found = {self.kind.creator(self.client, lease_id)} - {None}
        return found

    def _fits(self, lease: Mapping[str, Any]) -> bool:
        """Whether the lease was made while one of the requests was under way."""
        created = parse_time(lease.get("created_at"))
        return created is not None and any(self._is_in_time(one, created.timestamp()) for one in self.waiting)

    def _is_in_time(self, note: Note, created: float) -> bool:
        # A module on another host begins later, and a request that is asked to wait is sent again.
        until = note.until if note.until is not None else note.began + 2 * self.kind.timeout(self.client)
        return note.began - _SKEW <= created <= until + _SKEW


# What became of a lease besides what ending.py says of it.
STAYS, HELD, UNSETTLED, AMBIGUOUS, NO_LEASE = "stays", "held", "unsettled", "one of several", "no lease"
# Nobody has tried to end it.
LIVES = "lives"


@dataclass(frozen=True)
class NoteOnDisk:
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
class LeaseOutcome:
    """What became of a lease that had a note.

    :arg how: as in ending.py; STAYS: it outlives its run; HELD: who may hold it has to be asked; UNSETTLED: whether
        there is such a lease cannot be known at present; AMBIGUOUS: it may be one of several; NO_LEASE: none was found.
    :arg reason: where it did not end as it should.
    """

    entry: NoteOnDisk
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


def entries_of(notes: Iterable[Notes]) -> list[NoteOnDisk]:
    """Every note of them that this identity made."""
    return [NoteOnDisk(one, name, note) for one in notes for name, note in one.read().own.items()]


def foreign_entries(notes: Iterable[Notes]) -> list[NoteOnDisk]:
    """Every note of them that another token made, at the same service."""
    seen = [(one, one.read()) for one in notes]
    return [NoteOnDisk(one, name, note, found.by[name]) for one, found in seen for name, note in found.foreign.items()]


def others_of(notes: Iterable[Notes]) -> Others:
    """What these notes say."""
    some = list(notes)
    own, foreign = ([one.note for one in entries] for entries in (entries_of(some), foreign_entries(some)))
    known, others = (frozenset(str(note.id) for note in found if note.id) for found in (own, foreign))
    # What another identity is asking for will be known by its creator.
    return Others(known, frozenset(note.source for note in own if not note.id), others)


def settled(
    client: Any,
    entries: Sequence[NoteOnDisk],
    others: Callable[[], Others],
    held: Collection[str] = (),
) -> tuple[list[NoteOnDisk], list[LeaseOutcome]]:
    """The entries whose leases are known, now also those of requests without an answer; and what remains open.

    :arg client: of the kind of the notes, which are of one site.
    :arg others: looks at the notes of others as they are now.
    :arg held: IDs of leases that others hold, whoever minted them.
    """
    ready = [one for one in entries if one.note.id]
    fates: list[LeaseOutcome] = []
    asked: dict[tuple[str, str, str | None], list[NoteOnDisk]] = {}
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


def ended(
    client: Any, entries: Sequence[NoteOnDisk], tell: Callable[[LeaseOutcome], None] = lambda _fate: None
) -> list[LeaseOutcome]:
    """What became of these leases; each is tried, and the notes of those that are gone are dropped.

    :arg tell: called with each as soon as it is known, from several threads.
    """
    fates: list[LeaseOutcome] = []
    ending: dict[str, list[NoteOnDisk]] = {}
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


def standing(entry: NoteOnDisk) -> LeaseOutcome | None:
    """What is known of a lease without trying to end it; None: it is to be ended."""
    note = entry.note
    if note.outlives:
        return LeaseOutcome(entry, STAYS)
    if note.phase == GIVEN:
        return LeaseOutcome(entry, HELD, f"{note.use} may hold it.")
    if not note.revocable or note.kind not in KINDS or not KINDS[note.kind].is_id(note.id):
        return LeaseOutcome(entry, NOT_REVOCABLE)
    return None


def _ended(
    kind: Kind, client: Any, entries: Sequence[NoteOnDisk], tell: Callable[[LeaseOutcome], None]
) -> list[LeaseOutcome]:
    def end(some: Sequence[NoteOnDisk]) -> list[LeaseOutcome]:
        ends = kind.end(client, [one.note.listed for one in some])
        found = [LeaseOutcome(one, end.how, end.reason) for one, end in zip(some, ends)]
        for fate in found:
            if fate.how == REVOKED:
                fate.entry.drop()
            tell(fate)
        return found

    size = kind.at_once
    parts = [entries[first : first + size] for first in range(0, len(entries), size)]
    return [fate for found in run_concurrently(end, parts, USUAL if size == 1 else 1) for fate in found]


def _found(
    client: Any,
    kind: str,
    source: str,
    waiting: Sequence[NoteOnDisk],
    mine: Callable[[Others], Collection[str]],
    taken: Collection[str],
    others: Callable[[], Others],
) -> tuple[list[NoteOnDisk], list[LeaseOutcome]]:
    """The leases of requests of one identity for one source that had no answer."""
    if kind not in KINDS:
        return [], [LeaseOutcome(one, UNSETTLED, "Nothing is known of leases of its kind.") for one in waiting]
    search = Search(client, KINDS[kind], source, [one.note for one in waiting], mine, taken)
    try:
        candidates, is_sure = search.candidates(others)
    except BusyError:
        return [], [
            LeaseOutcome(one, UNSETTLED, "Another run is just asking for a lease of the same.") for one in waiting
        ]
    except WorkloadCredentialsError as error:
        return [], [LeaseOutcome(one, UNSETTLED, f"Its source's leases could not be read. {error}") for one in waiting]
    if len(candidates) > len(waiting) or not is_sure:
        # Others mint of the same source at the same time, or who minted them is not known to be this identity.
        said = ", ".join(f"{one['id']} (until {one.get('expiration')})" for one in candidates)
        return [], [LeaseOutcome(one, AMBIGUOUS, f"It may be one of {said}.") for one in waiting]
    pairs = list(zip(waiting, candidates))
    rest = waiting[len(pairs) :]
    for one in rest:
        # Who asked has been told already.
        if one.note.until is not None:
            one.drop()
    unseen = [LeaseOutcome(one, NO_LEASE) for one in rest if one.note.until is None]
    return [_completed(one, lease) for one, lease in pairs], unseen


def _completed(entry: NoteOnDisk, lease: Mapping[str, Any]) -> NoteOnDisk:
    facts: dict[str, Any] = {"expiration": lease.get("expiration"), "revocable": lease["revocable"]}
    name = entry.name
    # Where nothing can be written, the lease is known and ended all the same, and the note still leads to it. So does
    # that of another token, which this one does not sign.
    with suppress(StateError):
        name = entry.notes.minted(entry.name, lease["id"], **facts) if entry.by is None else name
    return replace(entry, name=name, note=replace(entry.note, id=lease["id"], phase=MINTED, **facts))


@dataclass
class DeadRuns:
    """What they left.

    :arg entries: the notes of leases of this service, whatever token minted them.
    :arg others: looks at what living runs have.
    :arg elsewhere: notes of leases of other services, with the journals that they are in.
    :arg untold: journals of other machines whose runs may live.
    :arg damaged: what a power cut, or a disk that was full, has left of files.
    """

    entries: list[NoteOnDisk] = field(default_factory=list)
    others: Callable[[], Others] = Others
    elsewhere: list[tuple[Path, Note]] = field(default_factory=list)
    untold: list[Path] = field(default_factory=list)
    damaged: list[Path] = field(default_factory=list)

    @property
    def warnings(self) -> list[str]:
        """What cannot be done about some of it, a sentence each."""
        said = []
        if self.damaged:
            places = ", ".join(map(str, self.damaged))
            said.append(
                f"Files of dead runs are damaged, as after a power cut or on a disk that was full: {places}. What else "
                "their runs have left is looked after."
            )
        if self.untold:
            places = ", ".join(map(str, self.untold))
            said.append(
                "Runs on other machines have left notes, and whether they live cannot be told, since their callback "
                f"plugin leases did not know journal_dir, or there are no locks: {places}. Remove these once their "
                "leases have expired."
            )
        return said


@contextmanager
def dead_runs(
    temporary: Path, origin: Origin, journal_dir: str | None, *, own: Notes | None = None
) -> Iterator[DeadRuns]:
    """What dead runs left; meanwhile nobody else takes care of it, and what has no notes any more is removed then.

    :arg own: this run's notes, whose leases are not theirs.
    """
    found = DeadRuns()
    with ExitStack() as stack:
        taken = []
        for journal in other_journals(temporary, journal_dir):
            is_dead = stack.enter_context(taken_over(journal))
            notes = Notes(journal, origin)
            if is_dead is None:
                found.untold.append(journal)
            elif is_dead:
                taken.append(journal)
                found.damaged.extend(filter(None, [damaged_file(journal)]))
                _sort(journal, notes, found)

        def others() -> Others:
            living = [one for one in other_journals(temporary, journal_dir) if one not in taken]
            return others_of([*([own] if own else []), *(Notes(one, origin) for one in living)])

        found.others = others
        try:
            yield found
        finally:
            for journal in taken:
                discard(journal)


def _sort(journal: Path, notes: Notes, found: DeadRuns) -> None:
    """A dead run's notes."""
    seen = notes.read()
    found.entries.extend(NoteOnDisk(notes, name, note) for name, note in seen.own.items())
    found.entries.extend(NoteOnDisk(notes, name, note, seen.by[name]) for name, note in seen.foreign.items())
    for name, note in seen.elsewhere.items():
        if note.is_over:
            notes.drop(name)
        else:
            found.elsewhere.append((journal, note))
    found.damaged.extend(notes.set_aside(name) for name in seen.damaged)


def elsewhere_warnings(elsewhere: Iterable[tuple[Path, Note]]) -> list[str]:
    """A sentence about leases of dead runs that only a run with another connection can end, if there are any."""
    some = list(elsewhere)
    if not some:
        return []
    places = ", ".join(dict.fromkeys(str(journal) for journal, _note in some))
    said = f"Dead runs have left leases that were minted elsewhere: {elsewhere_words(one for _place, one in some)}."
    return [f"{said} A run or task with that connection ends them; they are noted in {places} until they have expired."]
