# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Notes that runs left behind whose process is gone.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable

from ansible_collections.community.workload_credentials.plugins.module_utils._credentials.origin import Origin
from ansible_collections.community.workload_credentials.plugins.plugin_utils._run.candidates import Others
from ansible_collections.community.workload_credentials.plugins.plugin_utils._run.found import elsewhere_words
from ansible_collections.community.workload_credentials.plugins.plugin_utils._run.journal import (
    damaged_file,
    discard,
    other_journals,
    taken_over,
)
from ansible_collections.community.workload_credentials.plugins.plugin_utils._run.notes import (
    Note,
    Notes,
)
from ansible_collections.community.workload_credentials.plugins.plugin_utils._run.settle import (
    Entry,
    others_of,
)


@dataclass
class DeadRuns:
    """What they left.

    :arg entries: the notes of leases of this service, whatever token minted them.
    :arg others: looks at what living runs have.
    :arg elsewhere: notes of leases of other services, with the journals that they are in.
    :arg untold: journals of other machines whose runs may live.
    :arg damaged: what a power cut, or a disk that was full, has left of files.
    """

    entries: list[Entry] = field(default_factory=list)
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
    seen = notes.found()
    found.entries.extend(Entry(notes, name, note) for name, note in seen.own.items())
    found.entries.extend(Entry(notes, name, note, seen.by[name]) for name, note in seen.foreign.items())
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
