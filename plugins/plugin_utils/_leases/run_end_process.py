# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A process of its own that ends leases for the callback plugin: an order comes in as JSON, a report goes out.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, TextIO

from ...module_utils._api.errors import WorkloadCredentialsError, internal_error
from ...module_utils._api.settings import Settings
from ...module_utils._credentials.lease import SERVICE_ACCOUNT
from ...module_utils._credentials.source import Origin, origin_of
from ...module_utils._resources._parts.leases import REFUSED, REVOKED, UNKNOWN
from .._worker import environment_in_force
from .journal import journals_of, other_journals, settled_alone
from .kinds import KINDS, clusters_at
from .notes import Note, Notes, by_of, elsewhere_words
from .recovery import (
    HELD,
    LIVES,
    UNSETTLED,
    LeaseOutcome,
    NoteOnDisk,
    Others,
    dead_runs,
    elsewhere_warnings,
    ended,
    entries_of,
    foreign_entries,
    others_of,
    settled,
    standing,
)
from .run_connections import RunConnections, registered_connections
from .run_end import TOO_LATE

# Fates that a later run can still do something about; LIVES only where nothing was to be done.
_OPEN = (REFUSED, UNKNOWN, HELD, UNSETTLED, LIVES)


@dataclass
class Report:
    """What became of the leases of this run, and of those of dead ones."""

    own: list[LeaseOutcome] = field(default_factory=list)
    dead: list[LeaseOutcome] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    @property
    def told(self) -> dict[str, Any]:
        """The same as JSON has it, with the notes about which nothing is to be done but to show the report."""
        own, dead = ([fate.told for fate in fates] for fates in (self.own, self.dead))
        done = [str(fate.entry.path) for fate in (*self.own, *self.dead) if fate.how not in _OPEN]
        return {"own": own, "dead": dead, "warnings": list(dict.fromkeys(self.warnings)), "done": done}


class Teller:
    """Tells what happens while it does, a line of JSON each.

    :arg seconds: after so many the process says what is open, and ends.
    """

    def __init__(self, stream: TextIO, seconds: float) -> None:
        self._stream = stream
        self._lock = threading.Lock()
        self._fates: dict[Path, tuple[str, LeaseOutcome]] = {}
        self._timer = threading.Timer(seconds, self._give_up)
        self._timer.daemon = True
        self._timer.start()

    def due(self, side: str, entries: Iterable[NoteOnDisk], instead_of: Iterable[NoteOnDisk] = ()) -> None:
        """These are going to be looked after.

        :arg instead_of: as they were before more was known of them.
        """
        with self._lock:
            for one in instead_of:
                self._fates.pop(one.path, None)
            fates = [_open_fate(one) for one in entries if not one.note.is_over]
            self._fates.update({fate.entry.path: (side, fate) for fate in fates})
            self._say(due=[_line(side, fate) for fate in fates], gone=[str(one.path) for one in instead_of])

    def done(self, side: str, fate: LeaseOutcome) -> None:
        """This has become of one of them."""
        with self._lock:
            self._fates[fate.entry.path] = side, fate
            self._say(done=[_line(side, fate)])

    def close(self, report: Mapping[str, Any]) -> None:
        """That was all."""
        self._timer.cancel()
        with self._lock:
            self._say(report=report)

    def _give_up(self) -> None:
        with self._lock:
            sides: dict[str, list[LeaseOutcome]] = {"own": [], "dead": []}
            for side, fate in self._fates.values():
                sides[side].append(fate)
            said = "leases: the time for ending leases was over before each had an answer."
            self._say(report=Report(**sides, warnings=[said]).told)
            # Whatever waits for an answer would keep the process.
            os._exit(0)

    def _say(self, **what: Any) -> None:
        # Who has been waiting may have gone.
        with suppress(OSError, ValueError):
            self._stream.write(json.dumps(what) + "\n")
            self._stream.flush()


def _line(side: str, fate: LeaseOutcome) -> tuple[str, dict[str, Any]]:
    return side, {**fate.told, "note": str(fate.entry.path)}


def _open_fate(entry: NoteOnDisk) -> LeaseOutcome:
    """What is to be said of a lease if nothing more becomes known."""
    if entry.note.id is None:
        return LeaseOutcome(entry, UNSETTLED, TOO_LATE)
    return standing(entry) or LeaseOutcome(entry, REFUSED, TOO_LATE)


def main() -> None:
    """Carry out the order on standard input.

    It has ``temporary`` (the run's folder), ``journal_dir``, ``key`` (the run's; "" for nothing of this run), ``ends``
    (False: only tell), ``connection``: the settings with which to look after dead runs; None: the run's own ones;
    False: not at all; ``clusters``: also look after what dead runs left at clusters to which the environment leads;
    ``done``: kinds of leases of which dead runs' were looked after at the beginning; ``named``: kinds of those that are
    not named now if nothing here leads to them; and ``seconds`` that it may take.
    """
    order = json.load(sys.stdin)
    teller = Teller(sys.stdout, order["seconds"])
    try:
        report = carried_out(order, teller).told
    except Exception as error:  # pylint: disable=broad-exception-caught
        # The last net: nobody should read a traceback.
        known = error if isinstance(error, WorkloadCredentialsError) else internal_error("leases", error)
        report = {"own": [], "dead": [], "warnings": [str(known)], "done": []}
    teller.close(report)


def carried_out(order: Mapping[str, Any], teller: Teller) -> Report:
    """The report of an order."""
    report, temporary = Report(), Path(order["temporary"])
    connections = list(_once(registered_connections(temporary, order["key"]))) if order["key"] else []
    for connection in connections if order["ends"] else ():
        # Also those are named whose turn does not come in time.
        teller.due("own", entries_of(Notes(one, connection.origin) for one in journals_of(temporary)))
    for connection in connections:
        with environment_in_force(connection.environment):
            report.own.extend(_own(temporary, connection, order, teller, connections))
    if connections:
        if order["ends"]:
            report.own = _ended_by_others(report.own, connections, teller)
        report.warnings.extend(_left(temporary, connections))
    if order["connection"] is not False:
        given, done = order["connection"], order.get("done", ())
        origins = [origin_of(Settings(**given))] if given else [one.origin for one in connections]
        _dead_ones(temporary, [one for one in origins if one.kind not in done], order, report, teller)
    elif order.get("clusters"):
        _dead_ones(temporary, [], order, report, teller)
    return report


def _dead_ones(
    temporary: Path, origins: Iterable[Origin], order: Mapping[str, Any], report: Report, teller: Teller
) -> None:
    """What dead runs left at these services; and what they left elsewhere is named."""
    elsewhere: dict[tuple[Path, str, str, float], tuple[Path, Note]] = {}
    handled: set[tuple[str, str]] = set()

    def look_after(origin: Origin) -> None:
        for journal, note in _dead(temporary, origin, order, report, teller):
            elsewhere[journal, note.site, str(note.id), note.began] = journal, note
        handled.add(_service(origin))

    for one in origins:
        look_after(one)
    if order.get("clusters"):
        if not handled:
            # A service that nobody has: all that there is is elsewhere.
            look_after(Origin("", "", ""))
        sites = {note.site for _journal, note in elsewhere.values() if note.kind == SERVICE_ACCOUNT}
        for one in clusters_at(sites - {site for site, _kind in handled}, temporary):
            look_after(one)
    named = order.get("named", ())
    rest = [one for one in elsewhere.values() if (one[1].site, one[1].kind) not in handled and one[1].kind not in named]
    report.warnings.extend(elsewhere_warnings(rest))


def _once(connections: Iterable[RunConnections]) -> Iterable[RunConnections]:
    """One for each site and secret: what differs otherwise, such as a timeout, makes no other notes."""
    return {(one.origin.site, one.origin.secret): one for one in connections}.values()


def _own(
    temporary: Path,
    connection: RunConnections,
    order: Mapping[str, Any],
    teller: Teller,
    connections: Sequence[RunConnections],
) -> list[LeaseOutcome]:
    journals = journals_of(temporary)
    with ExitStack() as stack:
        for journal in journals:
            stack.enter_context(settled_alone(journal))
        return _own_fates(
            temporary, connection, order, [Notes(one, connection.origin) for one in journals], teller, connections
        )


def _own_fates(
    temporary: Path,
    connection: RunConnections,
    order: Mapping[str, Any],
    notes: Sequence[Notes],
    teller: Teller,
    connections: Sequence[RunConnections],
) -> list[LeaseOutcome]:
    entries = entries_of(notes)
    same = [one for one in connections if _service(one.origin) == _service(connection.origin)]
    if connection is same[-1]:
        # Whatever token minted the others, this one may be allowed to end them.
        known = {by_of(one.origin) for one in same}
        entries += [one for one in foreign_entries(notes) if one.by not in known]
    if not order["ends"]:
        return [LeaseOutcome(one, LIVES) for one in entries]

    def others() -> Others:
        return others_of(Notes(one, connection.origin) for one in other_journals(temporary, order["journal_dir"]))

    return _fates(connection.origin, entries, others, teller, "own")


def _ended_by_others(
    fates: Sequence[LeaseOutcome], connections: Sequence[RunConnections], teller: Teller
) -> list[LeaseOutcome]:
    """The same after each connection has tried what its own could not end: a token may be invalid by now."""
    found = list(fates)
    for connection in connections:
        origin = connection.origin
        again = [
            fate
            for fate in found
            if fate.how == REFUSED
            and fate.entry.note.id
            and (fate.entry.note.site, fate.entry.note.kind) == _service(origin)
            and (fate.entry.by or fate.entry.notes.by) != by_of(origin)
        ]
        if again:
            with environment_in_force(connection.environment):
                new = _fates(origin, [fate.entry for fate in again], Others, teller, "own")
            ends = {fate.entry.path: fate for fate in new if fate.how == REVOKED}
            found = [ends.get(fate.entry.path, fate) for fate in found]
    return found


def _service(origin: Origin) -> tuple[str, str]:
    return origin.site, origin.kind


def _left(temporary: Path, connections: Sequence[RunConnections]) -> list[str]:
    """What a run's notes say that none of its connections leads to, and what of them is damaged."""
    services = {_service(one.origin) for one in connections}
    said = []
    for journal in journals_of(temporary):
        notes = Notes(journal, connections[0].origin)
        found = notes.found()
        rest = [one for one in found.elsewhere.values() if (one.site, one.kind) not in services]
        if rest:
            said.append(f"None of this run's connections leads to leases that it has minted: {elsewhere_words(rest)}.")
        said += [f"A note of a lease of this run is damaged: {notes.set_aside(name)}." for name in found.damaged]
    return said


def _dead(
    temporary: Path, origin: Origin, order: Mapping[str, Any], report: Report, teller: Teller
) -> list[tuple[Path, Note]]:
    """What dead runs left at a service; returns what they left elsewhere."""
    with dead_runs(temporary, origin, order["journal_dir"]) as left:
        report.warnings.extend(left.warnings)
        if order["ends"]:
            teller.due("dead", left.entries)
            report.dead.extend(_fates(origin, left.entries, left.others, teller, "dead"))
        else:
            report.dead.extend(LeaseOutcome(one, LIVES) for one in left.entries)
        return left.elsewhere
    raise AssertionError("the context lets every exception pass")


def _fates(
    origin: Origin, entries: list[NoteOnDisk], others: Callable[[], Others], teller: Teller, side: str
) -> list[LeaseOutcome]:
    """What became of the leases of these notes."""
    if not entries:
        return []
    try:
        with KINDS[origin.kind].connect(origin.connection) as client:
            ready, unsettled = settled(client, entries, others)
            teller.due(side, ready, instead_of=entries)
            for fate in unsettled:
                teller.done(side, fate)
            return [*ended(client, ready, partial(teller.done, side)), *unsettled]
    except WorkloadCredentialsError as error:
        return [LeaseOutcome(one, REFUSED, str(error)) for one in entries]
