# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A process of its own that ends leases for the callback plugin: an order comes in as JSON, a report goes out.

Where Ansible ends, at Ctrl-C or with a signal, Python starts no threads any more, and what was interrupted may hold
locks. Nothing of Ansible is loaded here. Private to this collection: it may change at any time.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any, Callable

from ansible_collections.community.workload_credentials.plugins.module_utils._api.errors import (
    WorkloadCredentialsError,
    unforeseen,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._api.settings import Settings
from ansible_collections.community.workload_credentials.plugins.module_utils._credentials.lease import SERVICE_ACCOUNT
from ansible_collections.community.workload_credentials.plugins.module_utils._credentials.origin import (
    Origin,
    origin_of,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._resources._parts.ending import (
    REFUSED,
    REVOKED,
)
from ansible_collections.community.workload_credentials.plugins.plugin_utils._run.candidates import Others
from ansible_collections.community.workload_credentials.plugins.plugin_utils._run.dead_runs import (
    dead_runs,
    elsewhere_warnings,
)
from ansible_collections.community.workload_credentials.plugins.plugin_utils._run.found import elsewhere_words
from ansible_collections.community.workload_credentials.plugins.plugin_utils._run.introduced import (
    Introduced,
    introduced,
)
from ansible_collections.community.workload_credentials.plugins.plugin_utils._run.journal import (
    journals_of,
    other_journals,
    settled_alone,
)
from ansible_collections.community.workload_credentials.plugins.plugin_utils._run.kinds import KINDS, clusters_at
from ansible_collections.community.workload_credentials.plugins.plugin_utils._run.notes import (
    Note,
    Notes,
    by_of,
)
from ansible_collections.community.workload_credentials.plugins.plugin_utils._run.settle import (
    LIVES,
    Entry,
    Fate,
    ended,
    entries_of,
    foreign_entries,
    others_of,
    settled,
)
from ansible_collections.community.workload_credentials.plugins.plugin_utils._run.telling import Report, Teller
from ansible_collections.community.workload_credentials.plugins.plugin_utils._worker import environment_in_force


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


def _once(connections: Iterable[Introduced]) -> Iterable[Introduced]:
    """One for each site and secret: what differs otherwise, such as a timeout, makes no other notes."""
    return {(one.origin.site, one.origin.secret): one for one in connections}.values()


def _own(
    temporary: Path,
    connection: Introduced,
    order: Mapping[str, Any],
    teller: Teller,
    connections: Sequence[Introduced],
) -> list[Fate]:
    journals = journals_of(temporary)
    with ExitStack() as stack:
        for journal in journals:
            stack.enter_context(settled_alone(journal))
        return _own_fates(
            temporary, connection, order, [Notes(one, connection.origin) for one in journals], teller, connections
        )


def _own_fates(
    temporary: Path,
    connection: Introduced,
    order: Mapping[str, Any],
    notes: Sequence[Notes],
    teller: Teller,
    connections: Sequence[Introduced],
) -> list[Fate]:
    entries = entries_of(notes)
    same = [one for one in connections if _service(one.origin) == _service(connection.origin)]
    if connection is same[-1]:
        # Whatever token minted the others, this one may be allowed to end them.
        known = {by_of(one.origin) for one in same}
        entries += [one for one in foreign_entries(notes) if one.by not in known]
    if not order["ends"]:
        return [Fate(one, LIVES) for one in entries]

    def others() -> Others:
        return others_of(Notes(one, connection.origin) for one in other_journals(temporary, order["journal_dir"]))

    return _fates(connection.origin, entries, others, teller, "own")


def _ended_by_others(fates: Sequence[Fate], connections: Sequence[Introduced], teller: Teller) -> list[Fate]:
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


def _left(temporary: Path, connections: Sequence[Introduced]) -> list[str]:
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
            report.dead.extend(Fate(one, LIVES) for one in left.entries)
        return left.elsewhere
    raise AssertionError("the context lets every exception pass")


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
