# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the process that ends leases tells what becomes of them: a line of JSON as soon as each is known, and a report.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

from ansible_collections.community.workload_credentials.plugins.module_utils._resources._parts.ending import (
    REFUSED,
    UNKNOWN,
)
from ansible_collections.community.workload_credentials.plugins.plugin_utils._run.progress import TOO_LATE
from ansible_collections.community.workload_credentials.plugins.plugin_utils._run.settle import (
    HELD,
    LIVES,
    UNSETTLED,
    Entry,
    Fate,
    standing,
)

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
            fates = [_open_fate(one) for one in entries if not one.note.is_over]
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
