# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long playbooks take: several runs of each, in turn, so that a slow moment of the machine hits all alike."""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.support.plays import Plays


@dataclass(frozen=True)
class Subject:
    """Something to be timed.

    :arg tasks: of one play on one local host.
    :arg items: by how many the time is divided.
    :arg as_module: with a foreign interpreter, which needs module processes.
    """

    name: str
    tasks: Sequence[Mapping[str, Any]]
    items: int = 1
    as_module: bool = False


EMPTY = Subject("an empty play", [])


def costs(plays: Plays, subjects: Sequence[Subject], runs: int, above: Subject = EMPTY) -> dict[str, float]:
    """Each subject's median seconds an item, above those of another one."""
    everything = [above, *subjects]
    times: dict[str, list[float]] = {subject.name: [] for subject in everything}
    # The first run is not counted: it compiles what the others find compiled.
    for run in range(runs + 1):
        for subject in everything:
            print(f"  run {run} of {runs}: {subject.name}", file=sys.stderr, flush=True)
            seconds = _seconds(plays, subject)
            times[subject.name].extend([seconds] if run else [])
    least = statistics.median(times[above.name])
    return {
        subject.name: max(statistics.median(times[subject.name]) - least, 0.0) / subject.items for subject in subjects
    }


def _seconds(plays: Plays, subject: Subject) -> float:
    play = {"name": subject.name, "hosts": "all", "gather_facts": False, "tasks": list(subject.tasks)}
    inventory = {"host0": plays.host(as_module=subject.as_module)}
    started = time.perf_counter()
    outcome = plays.playbook([play], inventory=inventory)
    taken = time.perf_counter() - started
    if outcome.status != 0:
        raise RuntimeError(f"{subject.name} failed:\n{outcome.output}")
    return taken
