# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The leases that the module lease ends for dead runs, and those that other tokens have minted.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.community.workload_credentials.plugins.module_utils._credentials.origin import Origin
from ansible_collections.community.workload_credentials.plugins.module_utils._resources._parts.ending import REVOKED
from ansible_collections.community.workload_credentials.plugins.module_utils._resources._parts.leases import (
    named,
)
from ansible_collections.community.workload_credentials.plugins.plugin_utils._run.dead_runs import (
    DeadRuns,
    dead_runs,
    elsewhere_warnings,
)
from ansible_collections.community.workload_credentials.plugins.plugin_utils._run.journal import run_folder
from ansible_collections.community.workload_credentials.plugins.plugin_utils._run.kinds import KINDS
from ansible_collections.community.workload_credentials.plugins.plugin_utils._run.notes import GIVEN, Notes
from ansible_collections.community.workload_credentials.plugins.plugin_utils._run.settle import (
    NO_LEASE,
    UNSETTLED,
    Entry,
    Fate,
    ended,
    settled,
    standing,
)
from ansible_collections.community.workload_credentials.plugins.plugin_utils._worker import environment_in_force


@dataclass
class Foreign:
    """Leases that other tokens have minted at a service: this one's ends them where the service lets it.

    :arg origin: the service, with the token of now.
    """

    origin: Origin
    entries: list[Entry] = field(default_factory=list)

    @property
    def lease_ids(self) -> list[str]:
        """Their IDs."""
        return [str(one.note.id) for one in self.entries]

    def end(self) -> tuple[list[str], list[str]]:
        """The IDs of those that have ended; and sentences about the rest, which keep their notes."""
        if not self.entries:
            return [], []
        with KINDS[self.origin.kind].connect(self.origin.connection) as client:
            fates = ended(client, self.entries)
        living = [fate for fate in fates if fate.how != REVOKED]
        listed = named([fate.entry.note.listed for fate in living])
        said = f"Leases that another token has minted may live on: {listed}." if living else ""
        reasons = dict.fromkeys(fate.reason for fate in living if fate.reason)
        return [str(fate.entry.note.id) for fate in fates if fate.how == REVOKED], [*filter(None, (said, *reasons))]


def end_foreign(
    foreign: Foreign, environment: Mapping[str, str], result: dict[str, Any], *, check_mode: bool
) -> list[str]:
    """End those too after a task has ended the others, and say so in its result; returns warnings.

    :arg environment: the task's own.
    """
    ended, said = foreign.lease_ids, list[str]()
    if not check_mode:
        with environment_in_force(environment):
            ended, said = foreign.end()
    if ended:
        result["revoked"] = [*result.get("revoked", ()), *ended]
        result["changed"] = True
    return said


class EndOfDeadRuns:
    """The leases that dead runs left, up to their end by the module lease.

    :arg origin: whose leases they are.
    """

    def __init__(self, origin: Origin, left: DeadRuns) -> None:
        self._done: list[Entry] = []
        self.foreign = Foreign(origin)
        self.lease_ids: list[str] = []
        self.warnings = [*left.warnings, *elsewhere_warnings(left.elsewhere)]
        if left.entries:
            with KINDS[origin.kind].connect(origin.connection) as client:
                self._sort(*settled(client, left.entries, left.others))

    def drop(self) -> None:
        """All was said and done about the leases."""
        for one in self._done:
            one.drop()

    def _sort(self, ready: list[Entry], fates: list[Fate]) -> None:
        for fate in fates:
            if fate.how != UNSETTLED:
                self._done.append(fate.entry)
            if fate.how != NO_LEASE:
                note = fate.entry.note
                self.warnings.append(f"A dead run asked for a lease of {note.source} ({note.use}). {fate.reason}")
        given = [one.note for one in ready if one.note.phase == GIVEN]
        if given:
            uses = ", ".join(dict.fromkeys(note.use for note in given))
            self.warnings.append(
                f"These leases of dead runs may be held in a cluster ({uses}), where the role cluster_credentials "
                f"looks: {named([note.listed for note in given])}."
            )
        outliving = [one.note.listed for one in ready if one.note.outlives]
        if outliving:
            self.warnings.append(f"These leases were minted to outlive their run: {named(outliving)}.")
        for one in ready:
            if one.by is not None and standing(one) is None:
                self.foreign.entries.append(one)
            elif one.note.phase != GIVEN:
                self._done.append(one)
                kind = KINDS.get(one.note.kind)
                if not one.note.outlives and kind and kind.is_id(one.note.id):
                    self.lease_ids.append(str(one.note.id))


@contextmanager
def end_of_dead_runs(origin: Origin, journal_dir: str | None, own: Notes) -> Iterator[EndOfDeadRuns]:
    """The leases that dead runs left; nobody else ends them meanwhile.

    :arg own: this run's notes.
    """
    with dead_runs(run_folder(), origin, journal_dir, own=own) as left:
        yield EndOfDeadRuns(origin, left)
