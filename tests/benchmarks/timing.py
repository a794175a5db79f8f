# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long playbooks take: several runs of each, in turn, so that a slow moment of the machine hits all alike."""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.support.plays import Plays

Tasks = Sequence[Mapping[str, Any]]


class PlayFailed(Exception):
    """A playbook that is to be timed does not work; the text is its output."""


class NotMeasured(Exception):
    """A part cannot be measured here; the text says why. The others can."""


@dataclass(frozen=True)
class Subject:
    """Something to be timed.

    :arg tasks: the tasks of one play on one local host that do it so many times.
    :arg times: how often it is done in a run.
    :arg items: how many items it has each time; the cost is that of one.
    :arg play: further keywords of the play.
    :arg as_module: with a foreign interpreter, which needs module processes.
    """

    name: str
    tasks: Callable[[int], Tasks]
    times: int
    items: int = 1
    as_module: bool = False
    play: Mapping[str, Any] = field(default_factory=dict)


EMPTY = Subject("an empty play", lambda _times: [], 1)


def costs(plays: Plays, subjects: Sequence[Subject], runs: int, above: Subject = EMPTY) -> dict[str, float]:
    """Each subject's median seconds an item, above those that another one takes in the same round."""
    everything = [above, *subjects]
    taken: dict[str, list[float]] = {subject.name: [] for subject in everything}
    for subject in everything:
        # Compiles what the others find compiled, and is not counted.
        seconds(plays, subject, 1, "warming up")
    for run in range(1, runs + 1):
        for subject in everything:
            taken[subject.name].append(seconds(plays, subject, subject.times, f"run {run} of {runs}"))
    return {
        subject.name: cost(taken[subject.name], taken[above.name], subject.times * subject.items)
        for subject in subjects
    }


def cost(taken: Sequence[float], above: Sequence[float], items: int) -> float:
    """The median seconds an item, never less than nothing.

    :arg taken: seconds of each round.
    :arg above: seconds of the same rounds that do not count.
    """
    return max(statistics.median(one - other for one, other in zip(taken, above, strict=True)), 0.0) / items


def seconds(plays: Plays, subject: Subject, times: int, which: str, *, unchanged: bool = False) -> float:
    """What one run takes.

    :arg which: the run, for the person who waits.
    :arg unchanged: it must change nothing.
    """
    print(f"  {which}: {subject.name}", file=sys.stderr, flush=True)
    tasks = list(subject.tasks(times))
    play = {"name": subject.name, "hosts": "all", "gather_facts": False, **subject.play, "tasks": tasks}
    inventory = {"host0": plays.host(as_module=subject.as_module)}
    started = time.perf_counter()
    outcome = plays.playbook([play], inventory=inventory)
    taken = time.perf_counter() - started
    if outcome.status != 0:
        raise PlayFailed(f"{subject.name} failed:\n{outcome.output}")
    if unchanged and "changed=0 " not in outcome.output:
        raise PlayFailed(f"{subject.name} should have changed nothing:\n{outcome.output}")
    return taken
