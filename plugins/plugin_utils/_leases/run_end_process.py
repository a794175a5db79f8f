# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A process of its own that ends leases for the callback plugin: an order comes in as JSON, a report goes out."""

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

# A later run can still do something about these outcomes; LIVES only where nothing was to be done.
_OPEN = (REFUSED, UNKNOWN, HELD, UNSETTLED, LIVES)


@dataclass
class Report:
    """What became of the leases of this run, and of those of dead ones."""

    own: list[LeaseOutcome] = field(default_factory=list)
    dead: list[LeaseOutcome] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """Return the report for JSON; ``done`` are the notes that may go once it has been shown."""
        done = [str(outcome.entry.path) for outcome in (*self.own, *self.dead) if outcome.how not in _OPEN]
        return {
            "own": [outcome.reported() for outcome in self.own],
            "dead": [outcome.reported() for outcome in self.dead],
            "warnings": list(dict.fromkeys(self.warnings)),
            "done": done,
        }


class ProgressWriter:
    """Writes what happens while it happens, a line of JSON each.

    :arg seconds: the time after which the process reports what is open, and ends.
    """

    def __init__(self, stream: TextIO, seconds: float) -> None:
        self._stream = stream
        self._lock = threading.Lock()
        self._outcomes: dict[Path, tuple[str, LeaseOutcome]] = {}
        self._timer = threading.Timer(seconds, self._give_up)
        self._timer.daemon = True
        self._timer.start()

    def due(self, side: str, entries: Iterable[NoteOnDisk], instead_of: Iterable[NoteOnDisk] = ()) -> None:
        """Announce leases that are going to be looked after.

        :arg side: "own" or "dead".
        :arg instead_of: the entries as they were before more was known of them.
        """
        with self._lock:
            for entry in instead_of:
                self._outcomes.pop(entry.path, None)
            outcomes = [_open_outcome(entry) for entry in entries if not entry.note.is_over]
            self._outcomes.update({outcome.entry.path: (side, outcome) for outcome in outcomes})
            due = [_line(side, outcome) for outcome in outcomes]
            self._write(due=due, gone=[str(entry.path) for entry in instead_of])

    def done(self, side: str, outcome: LeaseOutcome) -> None:
        """Write what has become of one of them."""
        with self._lock:
            self._outcomes[outcome.entry.path] = side, outcome
            self._write(done=[_line(side, outcome)])

    def close(self, report: Mapping[str, Any]) -> None:
        """Write the report, after which nothing follows."""
        self._timer.cancel()
        with self._lock:
            self._write(report=report)

    def _give_up(self) -> None:
        with self._lock:
            sides: dict[str, list[LeaseOutcome]] = {"own": [], "dead": []}
            for side, outcome in self._outcomes.values():
                sides[side].append(outcome)
            warning = "leases: the time limit for revoking leases passed before all were answered."
            self._write(report=Report(**sides, warnings=[warning]).as_json())
            # A thread that still waits for an answer would keep the process.
            os._exit(0)

    def _write(self, **what: Any) -> None:
        # Ansible may have stopped waiting, and may have gone.
        with suppress(OSError, ValueError):
            self._stream.write(json.dumps(what) + "\n")
            self._stream.flush()


def _line(side: str, outcome: LeaseOutcome) -> tuple[str, dict[str, Any]]:
    return side, {**outcome.reported(), "note": str(outcome.entry.path)}


def _open_outcome(entry: NoteOnDisk) -> LeaseOutcome:
    """Return what the report says of a lease if nothing more becomes known."""
    if entry.note.id is None:
        return LeaseOutcome(entry, UNSETTLED, TOO_LATE)
    return standing(entry) or LeaseOutcome(entry, REFUSED, TOO_LATE)


def main() -> None:
    """Carry out the order on standard input.

    It has ``temporary`` (the run's folder), ``journal_dir``, ``key`` (the run's; "" for nothing of this run), ``ends``
    (False: only report), ``connection``: the settings with which to look after dead runs; None: the run's own ones;
    False: none; ``clusters``: also look after what dead runs left at clusters to which the environment leads;
    ``done``: kinds of leases for which dead runs were looked after at the beginning; ``named``: kinds whose leases are
    not named now if nothing here leads to them; and ``seconds`` that it may take.
    """
    order = json.load(sys.stdin)
    progress = ProgressWriter(sys.stdout, order["seconds"])
    try:
        report = Execution(order, progress).run().as_json()
    except Exception as error:  # pylint: disable=broad-exception-caught
        # The last net: nobody should read a traceback.
        known = error if isinstance(error, WorkloadCredentialsError) else internal_error("leases", error)
        report = {"own": [], "dead": [], "warnings": [str(known)], "done": []}
    progress.close(report)


class Execution:
    """The execution of one order, as ``main`` describes it."""

    def __init__(self, order: Mapping[str, Any], progress: ProgressWriter) -> None:
        self._order = order
        self._progress = progress
        self._temporary = Path(order["temporary"])
        self._connections: list[RunConnections] = []
        self._report = Report()
        # What dead runs left at other services than the one that was looked after.
        self._elsewhere: dict[tuple[Path, str, str, float], tuple[Path, Note]] = {}
        self._handled: set[tuple[str, str]] = set()

    def run(self) -> Report:
        """Carry out the order and return its report."""
        if self._order["key"]:
            self._connections = _distinct(registered_connections(self._temporary, self._order["key"]))
        if self._connections:
            self._look_after_this_run()
        if self._order["connection"] is not False or self._order.get("clusters"):
            self._look_after_dead_runs()
        return self._report

    def _look_after_this_run(self) -> None:
        if self._order["ends"]:
            # Announce all leases first, so that those are named too whose turn does not come in time.
            for connection in self._connections:
                self._progress.due("own", entries_of(self._own_notes(connection)))
        for connection in self._connections:
            with environment_in_force(connection.environment):
                self._report.own.extend(self._own_outcomes(connection))
        if self._order["ends"]:
            for connection in self._connections:
                self._try_again(connection)
        self._report.warnings.extend(_left(self._temporary, self._connections))

    def _own_notes(self, connection: RunConnections) -> list[Notes]:
        return [Notes(journal, connection.origin) for journal in journals_of(self._temporary)]

    def _own_outcomes(self, connection: RunConnections) -> list[LeaseOutcome]:
        """Return what became of the run's leases to which a connection leads."""
        origin = connection.origin
        with ExitStack() as stack:
            for journal in journals_of(self._temporary):
                stack.enter_context(settled_alone(journal))
            notes = self._own_notes(connection)
            entries = entries_of(notes)
            same_service = [other for other in self._connections if _service(other.origin) == _service(origin)]
            if connection is same_service[-1]:
                # The service may allow this token to end what others have minted.
                known = {by_of(other.origin) for other in same_service}
                entries += [entry for entry in foreign_entries(notes) if entry.by not in known]
            if not self._order["ends"]:
                return [LeaseOutcome(entry, LIVES) for entry in entries]
            return self._end("own", origin, entries, lambda: self._others(origin))

    def _others(self, origin: Origin) -> Others:
        journals = other_journals(self._temporary, self._order["journal_dir"])
        return others_of([Notes(journal, origin) for journal in journals])

    def _try_again(self, connection: RunConnections) -> None:
        """Let a connection end what others at its service could not end: their token may be invalid by now."""
        origin = connection.origin
        refused = [outcome.entry for outcome in self._report.own if outcome.how == REFUSED]
        entries = [entry for entry in refused if entry.note.id and _is_of_another_token(entry, origin)]
        if not entries:
            return
        with environment_in_force(connection.environment):
            outcomes = self._end("own", origin, entries, Others)
        revoked = {outcome.entry.path: outcome for outcome in outcomes if outcome.how == REVOKED}
        self._report.own = [revoked.get(outcome.entry.path, outcome) for outcome in self._report.own]

    def _look_after_dead_runs(self) -> None:
        """Look after what dead runs left where the order leads, and name what they left elsewhere."""
        done = self._order.get("done", ())
        for origin in self._origins():
            if origin.kind not in done:
                self._look_after(origin)
        if self._order.get("clusters"):
            self._look_after_clusters()
        named = self._order.get("named", ())
        elsewhere = []
        for journal, note in self._elsewhere.values():
            if (note.site, note.kind) not in self._handled and note.kind not in named:
                elsewhere.append((journal, note))
        self._report.warnings.extend(elsewhere_warnings(elsewhere))

    def _origins(self) -> list[Origin]:
        settings = self._order["connection"]
        if settings is False:
            return []
        if settings:
            return [origin_of(Settings(**settings))]
        return [connection.origin for connection in self._connections]

    def _look_after_clusters(self) -> None:
        if not self._handled:
            # At a service that nobody has everything is elsewhere, so that all of it is found.
            self._look_after(Origin("", "", ""))
        sites = {note.site for _journal, note in self._elsewhere.values() if note.kind == SERVICE_ACCOUNT}
        sites -= {site for site, _kind in self._handled}
        for origin in clusters_at(sites, self._temporary):
            self._look_after(origin)

    def _look_after(self, origin: Origin) -> None:
        """Look after what dead runs left at a service."""
        with dead_runs(self._temporary, origin, self._order["journal_dir"]) as left:
            self._report.warnings.extend(left.warnings)
            if self._order["ends"]:
                self._progress.due("dead", left.entries)
                self._report.dead.extend(self._end("dead", origin, left.entries, left.others))
            else:
                self._report.dead.extend(LeaseOutcome(entry, LIVES) for entry in left.entries)
            for journal, note in left.elsewhere:
                self._elsewhere[journal, note.site, str(note.id), note.began] = journal, note
        self._handled.add(_service(origin))

    def _end(
        self, side: str, origin: Origin, entries: list[NoteOnDisk], others: Callable[[], Others]
    ) -> list[LeaseOutcome]:
        """End the leases of these notes; return what became of them."""
        if not entries:
            return []
        try:
            with KINDS[origin.kind].connect(origin.connection) as client:
                ready, unsettled = settled(client, entries, others)
                self._progress.due(side, ready, instead_of=entries)
                for outcome in unsettled:
                    self._progress.done(side, outcome)
                return [*ended(client, ready, partial(self._progress.done, side)), *unsettled]
        except WorkloadCredentialsError as error:
            return [LeaseOutcome(entry, REFUSED, str(error)) for entry in entries]


def _distinct(connections: Iterable[RunConnections]) -> list[RunConnections]:
    """Return one for each site and secret: other differences, such as a timeout, make no other notes."""
    by_identity = {}
    for connection in connections:
        by_identity[connection.origin.site, connection.origin.secret] = connection
    return list(by_identity.values())


def _service(origin: Origin) -> tuple[str, str]:
    return origin.site, origin.kind


def _is_of_another_token(entry: NoteOnDisk, origin: Origin) -> bool:
    """Return whether another token than the origin's has minted the lease, at the same service."""
    is_of_service = (entry.note.site, entry.note.kind) == _service(origin)
    return is_of_service and (entry.by or entry.notes.by) != by_of(origin)


def _left(temporary: Path, connections: Sequence[RunConnections]) -> list[str]:
    """Return sentences about the run's notes that none of its connections leads to, and about damaged ones."""
    services = {_service(connection.origin) for connection in connections}
    sentences = []
    for journal in journals_of(temporary):
        notes = Notes(journal, connections[0].origin)
        content = notes.read()
        rest = [note for note in content.elsewhere.values() if (note.site, note.kind) not in services]
        if rest:
            leases = elsewhere_words(rest)
            sentences.append(f"None of this run's connections can reach leases that it minted: {leases}.")
        aside = [notes.set_aside(name) for name in content.damaged]
        sentences.extend(f"A note of a lease of this run is damaged: {path}." for path in aside)
    return sentences
