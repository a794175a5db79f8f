# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A process of its own that ends leases for the callback plugin: an order comes in as JSON, a report goes out.

Where Ansible ends, at Ctrl-C or with a signal, Python starts no threads any more, and what was interrupted may hold
locks. Nothing of Ansible is loaded here. Private to this collection: it may change at any time.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Iterable, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Callable, TextIO

from ansible_collections.community.workload_credentials.plugins.module_utils._api.errors import (
    WorkloadCredentialsError,
    unforeseen,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._api.settings import Settings
from ansible_collections.community.workload_credentials.plugins.module_utils._credentials.origin import (
    Origin,
    origin_of,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._resources._parts.ending import (
    REFUSED,
    UNKNOWN,
)
from ansible_collections.community.workload_credentials.plugins.plugin_utils._run.dead_runs import dead_runs
from ansible_collections.community.workload_credentials.plugins.plugin_utils._run.introduced import (
    Introduced,
    introduced,
)
from ansible_collections.community.workload_credentials.plugins.plugin_utils._run.journal import (
    journals_of,
    other_journals,
    settled_alone,
)
from ansible_collections.community.workload_credentials.plugins.plugin_utils._run.kinds import KINDS
from ansible_collections.community.workload_credentials.plugins.plugin_utils._run.notes import Notes
from ansible_collections.community.workload_credentials.plugins.plugin_utils._run.progress import TOO_LATE
from ansible_collections.community.workload_credentials.plugins.plugin_utils._run.settle import (
    HELD,
    LIVES,
    UNSETTLED,
    Entry,
    Fate,
    Others,
    ended,
    entries_of,
    is_past,
    others_of,
    settled,
    standing,
)
from ansible_collections.community.workload_credentials.plugins.plugin_utils._worker import environment_in_force

# Fates that a later run can still do something about; LIVES only where nothing was to be done.
_OPEN = (REFUSED, UNKNOWN, HELD, UNSETTLED, LIVES)


@dataclass
class Report:
    """What became of the leases of this run, and of those of dead ones."""

    own: list[Fate] = field(default_factory=list)
    dead: list[Fate] = field(default_factory=list)
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
        self._fates: dict[Path, tuple[str, Fate]] = {}
        self._timer = threading.Timer(seconds, self._give_up)
        self._timer.daemon = True
        self._timer.start()

    def due(self, side: str, entries: Iterable[Entry], instead_of: Iterable[Entry] = ()) -> None:
        """These are going to be looked after.

        :arg instead_of: as they were before more was known of them.
        """
        with self._lock:
            for one in instead_of:
                self._fates.pop(one.path, None)
            fates = [_open_fate(one) for one in entries if not is_past(one.note)]
            self._fates.update({fate.entry.path: (side, fate) for fate in fates})
            self._say(due=[_line(side, fate) for fate in fates], gone=[str(one.path) for one in instead_of])

    def done(self, side: str, fate: Fate) -> None:
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
            sides: dict[str, list[Fate]] = {"own": [], "dead": []}
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


def _line(side: str, fate: Fate) -> tuple[str, dict[str, Any]]:
    return side, {**fate.told, "note": str(fate.entry.path)}


def _open_fate(entry: Entry) -> Fate:
    """What is to be said of a lease if nothing more becomes known."""
    if entry.note.id is None:
        return Fate(entry, UNSETTLED, TOO_LATE)
    return standing(entry) or Fate(entry, REFUSED, TOO_LATE)


def main() -> None:
    """Carry out the order on standard input.

    It has ``temporary`` (the run's folder), ``journal_dir``, ``key`` (the run's; "" for nothing of this run), ``ends``
    (False: only tell), ``connection``: the settings with which to look after dead runs; None: the run's own ones;
    False: not at all; ``done``: kinds of leases for which that was done at the beginning; and ``seconds`` that it may
    take.
    """
    order = json.load(sys.stdin)
    teller = Teller(sys.stdout, order["seconds"])
    try:
        report = carried_out(order, teller).told
    except Exception as error:  # pylint: disable=broad-exception-caught
        # The last net: nobody should read a traceback.
        known = error if isinstance(error, WorkloadCredentialsError) else unforeseen("leases", error)
        report = {"own": [], "dead": [], "warnings": [str(known)], "done": []}
    teller.close(report)


def carried_out(order: Mapping[str, Any], teller: Teller) -> Report:
    """The report of an order."""
    report, temporary = Report(), Path(order["temporary"])
    connections = list(_once(introduced(temporary, order["key"]))) if order["key"] else []
    for connection in connections if order["ends"] else ():
        # Also those are named whose turn does not come in time.
        teller.due("own", entries_of(Notes(one, connection.origin) for one in journals_of(temporary)))
    for connection in connections:
        with environment_in_force(connection.environment):
            report.own.extend(_own(temporary, connection, order, teller))
    if connections:
        report.warnings.extend(_left(temporary, connections))
    if order["connection"] is not False:
        given = order["connection"]
        origins = [origin_of(Settings(**given))] if given else [one.origin for one in connections]
        for one in origins:
            if one.kind not in order.get("done", ()):
                _dead(temporary, one, order, report, teller)
    return report


def _once(connections: Iterable[Introduced]) -> Iterable[Introduced]:
    """One for each site and secret: what differs otherwise, such as a timeout, makes no other notes."""
    return {(one.origin.site, one.origin.secret): one for one in connections}.values()


def _own(temporary: Path, connection: Introduced, order: Mapping[str, Any], teller: Teller) -> list[Fate]:
    journals = journals_of(temporary)
    with ExitStack() as stack:
        for journal in journals:
            stack.enter_context(settled_alone(journal))
        return _own_fates(temporary, connection, order, journals, teller)


def _own_fates(
    temporary: Path, connection: Introduced, order: Mapping[str, Any], journals: Iterable[Path], teller: Teller
) -> list[Fate]:
    entries = entries_of(Notes(journal, connection.origin) for journal in journals)
    if not order["ends"]:
        return [Fate(one, LIVES) for one in entries]

    def others() -> Others:
        return others_of(Notes(one, connection.origin) for one in other_journals(temporary, order["journal_dir"]))

    return _fates(connection.origin, entries, others, teller, "own")


def _left(temporary: Path, connections: Iterable[Introduced]) -> list[str]:
    """What a run's notes say that none of its connections can read."""
    unread = 0
    for journal in journals_of(temporary):
        found = [Notes(journal, one.origin).all() for one in connections]
        # Each connection sees all of them, and reads its own.
        unread += max(len(own) + others for own, others in found) - sum(len(own) for own, _others in found)
    return [f"Notes of leases that none of this run's connections can read: {unread}."] if unread > 0 else []


def _dead(temporary: Path, origin: Origin, order: Mapping[str, Any], report: Report, teller: Teller) -> None:
    with dead_runs(temporary, origin, order["journal_dir"]) as left:
        report.warnings.extend(left.warnings)
        if order["ends"]:
            teller.due("dead", left.entries)
            report.dead.extend(_fates(origin, left.entries, left.others, teller, "dead"))
        else:
            report.dead.extend(Fate(one, LIVES) for one in left.entries)


def _fates(origin: Origin, entries: list[Entry], others: Callable[[], Others], teller: Teller, side: str) -> list[Fate]:
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
        return [Fate(one, REFUSED, str(error)) for one in entries]
