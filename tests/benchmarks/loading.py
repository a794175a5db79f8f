# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What it costs a task to have a lookup in it: most of that is loading, since each worker of Ansible loads anew."""

from __future__ import annotations

import resource
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from tests.benchmarks.table import Row, at_most, milliseconds, ratio
from tests.benchmarks.timing import Subject, Tasks, cost, seconds
from tests.support.plays import Plays

TASKS = 40
_ALONE, _LOADED_EARLY = 0.6, 0.2
_CALLBACK = {"ANSIBLE_CALLBACKS_ENABLED": "community.workload_credentials.leases"}


def beside_the_peer(plays: Plays, lookups: Mapping[str, str], peer: str, runs: int) -> Iterator[Row]:
    """Processor time of 40 tasks with a lookup each above the same tasks without, alone and with the callback plugin.

    :arg lookups: what to measure, by name: expressions.
    :arg peer: the name of the one to compare with.
    """
    subjects = [_tasks(name, expression) for name, expression in lookups.items()]
    alone = _costs(plays, subjects, runs)
    with_callback = _costs(
        replace(plays, environment={**plays.environment, **_CALLBACK}),
        [subject for subject in subjects if subject.name != peer],
        runs,
    )
    for name, spent in alone.items():
        yield Row("g", f"a task with one lookup: {name}", milliseconds(spent))
    for name, spent in with_callback.items():
        yield Row("g", f"the same with the callback plugin: {name}", milliseconds(spent))
    for name, spent in with_callback.items():
        yield at_most("g", f"{name}, times the peer", ratio(alone[name], alone[peer]), _ALONE)
        yield at_most("g", f"{name} with the callback plugin, times the peer", ratio(spent, alone[peer]), _LOADED_EARLY)


def _tasks(name: str, expression: str) -> Subject:
    def tasks(times: int) -> Tasks:
        return [{"name": "task", "ansible.builtin.debug": {"msg": f"{{{{ {expression} | length }}}}"}}] * times

    return Subject(name, tasks, TASKS)


def _costs(plays: Plays, subjects: Sequence[Subject], runs: int) -> dict[str, float]:
    """Each subject's median seconds of processor time a task, above those of a task that does nothing."""
    without = _tasks("the same task without a lookup", "'nothing'")
    everything = [without, *subjects]
    taken: dict[str, list[float]] = {subject.name: [] for subject in everything}
    for run in range(runs + 1):
        for subject in everything:
            # The first round compiles what the others find compiled, and is not counted.
            before = _processor_time()
            seconds(plays, subject, subject.times if run else 1, f"run {run} of {runs}" if run else "warming up")
            taken[subject.name].extend([_processor_time() - before] if run else [])
    return {subject.name: cost(taken[subject.name], taken[without.name], TASKS) for subject in subjects}


def _processor_time() -> float:
    """Seconds that the children of this process have used, and theirs, as far as they have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
