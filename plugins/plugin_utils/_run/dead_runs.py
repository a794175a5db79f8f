# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Notes that runs left behind whose process is gone.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable

from ansible_collections.community.workload_credentials.plugins.module_utils._credentials.origin import Origin
from ansible_collections.community.workload_credentials.plugins.plugin_utils._run.journal import (
    discard,
    is_damaged,
    other_journals,
    run_file,
    taken_over,
)
from ansible_collections.community.workload_credentials.plugins.plugin_utils._run.notes import Notes
from ansible_collections.community.workload_credentials.plugins.plugin_utils._run.settle import (
    Entry,
    Others,
    others_of,
)


@dataclass
class DeadRuns:
    """What they left.

    :arg entries: the notes that this token can read.
    :arg others: looks at what living runs have, by the notes that this token can read.
    :arg unreadable: how many notes others made, with another token or for another site.
    :arg untold: journals of other machines whose runs may live.
    :arg damaged: what a power cut, or a disk that was full, has left of files.
    """

    entries: list[Entry] = field(default_factory=list)
    others: Callable[[], Others] = Others
    unreadable: int = 0
    untold: list[Path] = field(default_factory=list)
    damaged: list[Path] = field(default_factory=list)

    @property
    def warnings(self) -> list[str]:
        """What cannot be done about some of it, a sentence each."""
        said = []
        if self.unreadable:
            said.append(
                f"Leases of dead runs that were minted with another token or on another site: {self.unreadable}. "
                "Only a task with that connection can end them."
            )
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
                if is_damaged(journal):
                    found.damaged.append(run_file(journal))
                readable, unreadable = notes.all()
                found.entries.extend(Entry(notes, name, note) for name, note in readable.items())
                found.unreadable += unreadable

        def others() -> Others:
            living = [one for one in other_journals(temporary, journal_dir) if one not in taken]
            return others_of([*([own] if own else []), *(Notes(one, origin) for one in living)])

        found.others = others
        try:
            yield found
        finally:
            for journal in taken:
                discard(journal)
