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
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Callable

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
from ansible_collections.community.workload_credentials.plugins.plugin_utils._run.settle import (
    HELD,
    LIVES,
    UNSETTLED,
    Entry,
    Fate,
    Others,
    ended,
    entries_of,
    others_of,
    settled,
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


def main() -> None:
    """Carry out the order on standard input.

    It has ``temporary`` (the run's folder), ``journal_dir``, ``key`` (the run's; "" for nothing of this run), ``ends``
    (False: only tell), and ``connection``: the settings with which to look after dead runs; None: the run's own ones;
    False: not at all.
    """
    try:
        report = carried_out(json.load(sys.stdin)).told
    except Exception as error:  # pylint: disable=broad-exception-caught
        # The last net: nobody should read a traceback.
        known = error if isinstance(error, WorkloadCredentialsError) else unforeseen("leases", error)
        report = {"own": [], "dead": [], "warnings": [str(known)], "done": []}
    json.dump(report, sys.stdout)


def carried_out(order: Mapping[str, Any]) -> Report:
    """The report of an order."""
    report, temporary = Report(), Path(order["temporary"])
    connections = list(_once(introduced(temporary, order["key"]))) if order["key"] else []
    for connection in connections:
        with environment_in_force(connection.environment):
            report.own.extend(_own(temporary, connection, order))
    if connections:
        report.warnings.extend(_left(temporary, connections))
    if order["connection"] is not False:
        given = order["connection"]
        origins = [origin_of(Settings(**given))] if given else [one.origin for one in connections]
        for one in origins:
            _dead(temporary, one, order, report)
    return report


def _once(connections: Iterable[Introduced]) -> Iterable[Introduced]:
    """One for each site and secret: what differs otherwise, such as a timeout, makes no other notes."""
    return {(one.origin.site, one.origin.secret): one for one in connections}.values()


def _own(temporary: Path, connection: Introduced, order: Mapping[str, Any]) -> list[Fate]:
    journals = journals_of(temporary)
    with ExitStack() as stack:
        for journal in journals:
            stack.enter_context(settled_alone(journal))
        return _own_fates(temporary, connection, order, journals)


def _own_fates(
    temporary: Path, connection: Introduced, order: Mapping[str, Any], journals: Iterable[Path]
) -> list[Fate]:
    entries = entries_of(Notes(journal, connection.origin) for journal in journals)
    if not order["ends"]:
        return [Fate(one, LIVES) for one in entries]

    def others() -> Others:
        return others_of(Notes(one, connection.origin) for one in other_journals(temporary, order["journal_dir"]))

    return _fates(connection.origin, entries, others)


def _left(temporary: Path, connections: Iterable[Introduced]) -> list[str]:
    """What a run's notes say that none of its connections can read."""
    unread = 0
    for journal in journals_of(temporary):
        found = [Notes(journal, one.origin).all() for one in connections]
        # Each connection sees all of them, and reads its own.
        unread += max(len(own) + others for own, others in found) - sum(len(own) for own, _others in found)
    return [f"Notes of leases that none of this run's connections can read: {unread}."] if unread > 0 else []


def _dead(temporary: Path, origin: Origin, order: Mapping[str, Any], report: Report) -> None:
    with dead_runs(temporary, origin, order["journal_dir"]) as left:
        report.warnings.extend(left.warnings)
        if order["ends"]:
            report.dead.extend(_fates(origin, left.entries, left.others))
        else:
            report.dead.extend(Fate(one, LIVES) for one in left.entries)


def _fates(origin: Origin, entries: list[Entry], others: Callable[[], Others]) -> list[Fate]:
    """What became of the leases of these notes."""
    if not entries:
        return []
    try:
        with KINDS[origin.kind].connect(origin.connection) as client:
            ready, unsettled = settled(client, entries, others)
            return [*ended(client, ready), *unsettled]
    except WorkloadCredentialsError as error:
        return [Fate(one, REFUSED, str(error)) for one in entries]
