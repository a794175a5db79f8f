# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From notes to the end of their leases, also those of dead runs; the service is read to settle unanswered requests."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
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
# A request that began less than _FRESH seconds ago may still be in flight after its sender died: look _LOOKS times,
# _PAUSE seconds apart.
_LOOKS, _PAUSE, _FRESH = 4, 0.7, 30.0
# If the source's active leases do not show who this identity is, look up so many of its other leases.
_LOOKED_UP = 3

# What became of a lease, besides the outcomes of module_utils' leases.py.
STAYS, HELD, UNSETTLED, AMBIGUOUS, NO_LEASE = "stays", "held", "unsettled", "one of several", "no lease"
# Nothing has tried to end it.
LIVES = "lives"


@dataclass(frozen=True)
class NoteOnDisk:
    """A note, and where it lies.

    :arg by: tells the token that wrote it apart; None: the token of now has.
    """

    notes: Notes
    name: str
    note: Note
    by: str | None = None

    def drop(self) -> None:
        """Remove the note, about which nothing more is to be done."""
        self.notes.drop(self.name)

    @property
    def path(self) -> Path:
        """Its file."""
        return self.notes.path_of(self.name)


@dataclass(frozen=True)
class LeaseOutcome:
    """What became of a lease that had a note.

    :arg how: an outcome of module_utils' leases.py, or STAYS: it outlives its run; HELD: a Secret may own it, so the
        cluster has to be read; UNSETTLED: whether there is such a lease cannot be known at present; AMBIGUOUS: it may
        be one of several; NO_LEASE: none was found; LIVES.
    :arg reason: why it did not end as it should.
    """

    entry: NoteOnDisk
    how: str
    reason: str = ""

    def reported(self) -> dict[str, Any]:
        """Return the outcome for people and machines."""
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


@dataclass(frozen=True)
class Others:
    """What the notes of other runs say.

    :arg known: IDs of the leases that they have with the same token; ``foreign``: with other tokens.
    :arg busy: sources of which they are requesting leases at this moment.
    """

    known: frozenset[str] = frozenset()
    busy: frozenset[str] = frozenset()
    foreign: frozenset[str] = frozenset()


class BusyError(Exception):
    """Another run is requesting a lease of the source at this moment."""


@dataclass(frozen=True)
class Search:
    """A search for the leases of one identity's unanswered requests for one source.

    :arg requests: the notes of the requests.
    :arg by: as in NoteOnDisk.
    :arg own: IDs of leases that the identity has minted, whatever their source.
    :arg taken: IDs of leases that belong to somebody.
    """

    client: Any
    kind: Kind
    source: str
    requests: Sequence[Note]
    by: str | None
    own: frozenset[str]
    taken: Collection[str]

    def candidates(self, others: Callable[[], Others]) -> tuple[list[dict[str, Any]], bool]:
        """Return the leases that the requests may have led to, and whether they are this identity's.

        Such a lease was minted while a request was under way, and belongs to nobody. Who minted it decides whether it
        is this identity's. Where that is not known, all such leases are candidates.

        :arg others: reads the notes of other runs as they are now.
        :raises BusyError: another run may have minted them.
        """
        again = _LOOKS - 1 if self._may_be_in_flight() else 0
        candidates, is_sure = self._look(others)
        while again and not (is_sure and len(candidates) >= len(self.requests)):
            time.sleep(_PAUSE)
            candidates, is_sure = self._look(others)
            again -= 1
        return candidates, is_sure

    def _look(self, others: Callable[[], Others]) -> tuple[list[dict[str, Any]], bool]:
        leases = self.kind.living(self.client, self.source)
        # Read the notes after the leases: a run that has got one of these meanwhile has noted it, or its request.
        noted = others()
        if self.source in noted.busy:
            raise BusyError
        taken = {*self.taken, *noted.known, *noted.foreign}
        candidates = [lease for lease in leases if lease["id"] not in taken and self._fits(lease)]
        if not candidates:
            return [], True
        # Other runs' notes name leases of the token of now alone.
        own = self.own | noted.known if self.by is None else self.own
        identity = self._identity(leases, own)
        if not identity:
            return candidates, False
        return [lease for lease in candidates if lease.get("created_by") in identity], True

    def _may_be_in_flight(self) -> bool:
        now = time.time()
        return any(note.until is None and now - note.began < _FRESH for note in self.requests)

    def _identity(self, leases: Sequence[Mapping[str, Any]], own: Collection[str]) -> set[Any]:
        """Return the names under which the service knows this identity; empty: none is known."""
        names = creators(leases, own)
        for lease_id in sorted(own)[:_LOOKED_UP]:
            if names:
                break
            with suppress(WorkloadCredentialsError):
                names = {self.kind.creator(self.client, lease_id)} - {None}
        return names

    def _fits(self, lease: Mapping[str, Any]) -> bool:
        """Return whether the lease was minted while one of the requests was under way."""
        created = parse_time(lease.get("created_at"))
        return created is not None and any(self._is_in_time(note, created.timestamp()) for note in self.requests)

    def _is_in_time(self, note: Note, created: float) -> bool:
        until = note.until
        if until is None:
            # A module on another host begins later, and a request that is rate-limited is sent again.
            until = note.began + 2 * self.kind.timeout(self.client)
        return note.began - _SKEW <= created <= until + _SKEW


def entries_of(journals: Iterable[Notes]) -> list[NoteOnDisk]:
    """Return every note in the journals that this identity made."""
    return [NoteOnDisk(notes, name, note) for notes in journals for name, note in notes.read().own.items()]


def foreign_entries(journals: Iterable[Notes]) -> list[NoteOnDisk]:
    """Return every note in the journals that another token made, at the same service."""
    entries: list[NoteOnDisk] = []
    for notes in journals:
        content = notes.read()
        entries += [NoteOnDisk(notes, name, note, content.by[name]) for name, note in content.foreign.items()]
    return entries


def others_of(journals: Iterable[Notes]) -> Others:
    """Return what the notes in the journals of other runs say."""
    journals = list(journals)
    own = [entry.note for entry in entries_of(journals)]
    foreign = [entry.note for entry in foreign_entries(journals)]
    return Others(
        known=frozenset(note.id for note in own if note.id),
        # Leases that another identity is requesting will be known by their creator.
        busy=frozenset(note.source for note in own if not note.id),
        foreign=frozenset(note.id for note in foreign if note.id),
    )


def settled(
    client: Any,
    entries: Sequence[NoteOnDisk],
    others: Callable[[], Others],
    held: Collection[str] = (),
) -> tuple[list[NoteOnDisk], list[LeaseOutcome]]:
    """Return the entries whose leases are known, now also those of unanswered requests, and the outcomes of the rest.

    :arg client: of the kind of the notes, which are of one site.
    :arg others: reads the notes of other runs as they are now.
    :arg held: IDs of leases that others own, whatever token minted them.
    """
    ready = [entry for entry in entries if entry.note.id]
    outcomes: list[LeaseOutcome] = []
    for (kind, source, by), requests in _unanswered(entries).items():
        if kind not in KINDS:
            outcomes += _all(requests, UNSETTLED, "Nothing is known about leases of this kind.")
            continue
        own = frozenset(str(entry.note.id) for entry in ready if entry.by == by)
        taken = {*held, *(str(entry.note.id) for entry in ready)}
        notes = [entry.note for entry in requests]
        completed, rest = _searched(Search(client, KINDS[kind], source, notes, by, own, taken), requests, others)
        ready += completed
        outcomes += rest
    return ready, outcomes


def _unanswered(entries: Iterable[NoteOnDisk]) -> dict[tuple[str, str, str | None], list[NoteOnDisk]]:
    """Return the requests without an answer, by kind, source and token."""
    requests: dict[tuple[str, str, str | None], list[NoteOnDisk]] = {}
    for entry in entries:
        if not entry.note.id:
            requests.setdefault((entry.note.kind, entry.note.source, entry.by), []).append(entry)
    return requests


def _searched(
    search: Search, requests: Sequence[NoteOnDisk], others: Callable[[], Others]
) -> tuple[list[NoteOnDisk], list[LeaseOutcome]]:
    """Return the entries of the requests whose leases were found, and the outcomes of the rest."""
    try:
        leases, is_sure = search.candidates(others)
    except BusyError:
        return [], _all(requests, UNSETTLED, "Another run is requesting a lease of the same source at this moment.")
    except WorkloadCredentialsError as error:
        return [], _all(requests, UNSETTLED, f"Its source's leases could not be read. {error}")
    if len(leases) > len(requests) or not is_sure:
        # Others mint of the same source at the same time, or the leases are not known to be this identity's.
        listed = ", ".join(f"{lease['id']} (until {lease.get('expiration')})" for lease in leases)
        return [], _all(requests, AMBIGUOUS, f"It may be one of {listed}.")
    completed = [_completed(entry, lease) for entry, lease in zip(requests, leases)]
    outcomes = []
    for entry in requests[len(leases) :]:
        if entry.note.until is None:
            outcomes.append(LeaseOutcome(entry, NO_LEASE))
        else:
            # Its task has reported that no answer came.
            entry.drop()
    return completed, outcomes


def _all(entries: Iterable[NoteOnDisk], how: str, reason: str) -> list[LeaseOutcome]:
    return [LeaseOutcome(entry, how, reason) for entry in entries]


def _completed(entry: NoteOnDisk, lease: Mapping[str, Any]) -> NoteOnDisk:
    """Return the entry of a request with its lease, and complete the note on disk."""
    facts: dict[str, Any] = {"expiration": lease.get("expiration"), "revocable": lease["revocable"]}
    known = replace(entry, note=replace(entry.note, id=lease["id"], phase=MINTED, **facts))
    # This token does not sign another's notes.
    if entry.by is None:
        # If nothing can be written, the lease is ended all the same, and the old note still leads to it.
        with suppress(StateError):
            known = replace(known, name=entry.notes.minted(entry.name, lease["id"], **facts))
    return known


def ended(
    client: Any, entries: Sequence[NoteOnDisk], tell: Callable[[LeaseOutcome], None] = lambda _outcome: None
) -> list[LeaseOutcome]:
    """End the leases, drop the notes of those that are gone, and return what became of each.

    :arg tell: called with each outcome as soon as it is known, from several threads.
    """
    outcomes: list[LeaseOutcome] = []
    by_kind: dict[str, list[NoteOnDisk]] = {}
    for entry in entries:
        outcome = standing(entry)
        if outcome is None:
            by_kind.setdefault(entry.note.kind, []).append(entry)
        else:
            outcomes.append(outcome)
            tell(outcome)
    for kind, same in by_kind.items():
        outcomes += _ended(KINDS[kind], client, same, tell)
    return [outcome for outcome in outcomes if not _is_past(outcome)]


def _is_past(outcome: LeaseOutcome) -> bool:
    """Return whether the lease has expired without being ended: there is nothing to report, and its note is dropped."""
    if outcome.how == REVOKED or not outcome.entry.note.is_over:
        return False
    outcome.entry.drop()
    return True


def standing(entry: NoteOnDisk) -> LeaseOutcome | None:
    """Return what is known of a lease without trying to end it; None: it is to be ended."""
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
    def end(part: Sequence[NoteOnDisk]) -> list[LeaseOutcome]:
        ends = kind.end(client, [entry.note.listed for entry in part])
        outcomes = [LeaseOutcome(entry, end.how, end.reason) for entry, end in zip(part, ends)]
        for outcome in outcomes:
            if outcome.how == REVOKED:
                outcome.entry.drop()
            tell(outcome)
        return outcomes

    size = kind.at_once
    parts = [entries[first : first + size] for first in range(0, len(entries), size)]
    results = run_concurrently(end, parts, USUAL if size == 1 else 1)
    return [outcome for outcomes in results for outcome in outcomes]


@dataclass
class DeadRuns:
    """What dead runs left.

    :arg entries: the notes of leases of this service, whatever token minted them.
    :arg others: reads the notes of living runs.
    :arg elsewhere: notes of leases of other services, with the journals that hold them.
    :arg undecided: journals of other machines whose runs may live.
    :arg damaged: what a power cut, or a full disk, has left of files.
    """

    entries: list[NoteOnDisk] = field(default_factory=list)
    others: Callable[[], Others] = Others
    elsewhere: list[tuple[Path, Note]] = field(default_factory=list)
    undecided: list[Path] = field(default_factory=list)
    damaged: list[Path] = field(default_factory=list)

    @property
    def warnings(self) -> list[str]:
        """A sentence each about what nobody can do anything about."""
        sentences = []
        if self.damaged:
            places = ", ".join(map(str, self.damaged))
            sentences.append(
                f"Files of dead runs are damaged, as after a power cut or on a full disk: {places}. Other "
                "leases of these runs are handled."
            )
        if self.undecided:
            places = ", ".join(map(str, self.undecided))
            sentences.append(
                "Runs on other machines have left notes, and it is not known whether these runs are still active, "
                f"since their callback plugin leases did not know journal_dir, or there are no locks: {places}. "
                "Remove these once their leases have expired."
            )
        return sentences

    def add(self, journal: Path, notes: Notes) -> None:
        """Add the notes of a dead run."""
        content = notes.read()
        self.entries += [NoteOnDisk(notes, name, note) for name, note in content.own.items()]
        self.entries += [NoteOnDisk(notes, name, note, content.by[name]) for name, note in content.foreign.items()]
        for name, note in content.elsewhere.items():
            if note.is_over:
                notes.drop(name)
            else:
                self.elsewhere.append((journal, note))
        self.damaged += [notes.set_aside(name) for name in content.damaged]


@contextmanager
def dead_runs(
    temporary: Path, origin: Origin, journal_dir: str | None, *, own: Notes | None = None
) -> Iterator[DeadRuns]:
    """Yield what dead runs left. Meanwhile nobody else looks after it; then journals without notes are removed.

    :arg own: this run's notes, whose leases are not theirs.
    """
    left = DeadRuns()
    dead: list[Path] = []

    def others() -> Others:
        living = [journal for journal in other_journals(temporary, journal_dir) if journal not in dead]
        notes = [Notes(journal, origin) for journal in living]
        return others_of([own, *notes] if own else notes)

    left.others = others
    with ExitStack() as stack:
        for journal in other_journals(temporary, journal_dir):
            is_dead = stack.enter_context(taken_over(journal))
            if is_dead is None:
                left.undecided.append(journal)
            elif is_dead:
                dead.append(journal)
                damaged = damaged_file(journal)
                if damaged is not None:
                    left.damaged.append(damaged)
                left.add(journal, Notes(journal, origin))
        try:
            yield left
        finally:
            for journal in dead:
                discard(journal)


def elsewhere_warnings(elsewhere: Iterable[tuple[Path, Note]]) -> list[str]:
    """Return a sentence about leases of dead runs that only a run with another connection can end, if there are any."""
    journals, notes = [], []
    for journal, note in elsewhere:
        journals.append(str(journal))
        notes.append(note)
    if not notes:
        return []
    places = ", ".join(dict.fromkeys(journals))
    sentence = f"Dead runs have left leases that were minted elsewhere: {elsewhere_words(notes)}."
    return [
        f"{sentence} A run or task with that connection revokes them; until they expire, {places} has notes of them."
    ]
