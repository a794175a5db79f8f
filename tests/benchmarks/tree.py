# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A tree beside a loop over its secrets: first run, unchanged run, one change."""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Callable, Iterator

from tests.benchmarks.table import Row, at_least, ratio
from tests.benchmarks.timing import EMPTY, Subject, Tasks, seconds
from tests.support.plays import Plays

_OURS = "community.workload_credentials"
_SECRETS = 1000
_FOLDERS = 50
# How many times faster than the loop a tree is to be.
_TARGETS: dict[str, float | None] = {"first run": 3, "unchanged run": 5, "one change": None}


def _tree(root: str, changed: int) -> Tasks:
    values = [{"user": "app", "port": -changed if number == 0 else number} for number in range(_SECRETS)]
    secrets = {f"f{number % _FOLDERS}/s{number}": {"secret": value} for number, value in enumerate(values)}
    return [{"name": "tree", f"{_OURS}.tree": {"root": root, "static_secrets": secrets}}]


def _loop(root: str, changed: int) -> Tasks:
    port = f"{{{{ {-changed} if item == 0 else item }}}}"
    secret = {"path": f"{root}/f{{{{ item % {_FOLDERS} }}}}/s{{{{ item }}}}", "secret": {"user": "app", "port": port}}
    return [
        {"name": "folders", f"{_OURS}.folder": {"path": f"{root}/f{{{{ item }}}}"}, "loop": list(range(_FOLDERS))},
        {"name": "secrets", f"{_OURS}.static_secret": secret, "loop": list(range(_SECRETS)), "no_log": True},
    ]


def _once(tasks: Tasks) -> Callable[[int], Tasks]:
    return lambda _times: tasks


def beside_a_loop(plays: Plays, runs: int) -> Iterator[Row]:
    """What both take, each run with folders of its own."""
    ways: dict[str, Callable[[str, int], Tasks]] = {"tree": _tree, "loop": _loop}
    taken: dict[tuple[str, str], list[float]] = {}
    for name, tasks in ways.items():
        # Compiles what the others find compiled, and is not counted.
        seconds(plays, Subject(name, _once(tasks(f"warm-{name}", 0)[:1]), 1), 1, "warming up")
    for run, (name, tasks) in itertools.product(range(runs), ways.items()):
        root = f"{name}-{run}"
        for number, what in enumerate(_TARGETS):
            changed = max(number - 1, 0)
            subject = Subject(f"{name}, {what}", _once(tasks(root, changed)), 1)
            above = seconds(plays, EMPTY, 1, f"run {run + 1} of {runs}")
            took = seconds(plays, subject, 1, f"run {run + 1} of {runs}", unchanged=what == "unchanged run")
            taken.setdefault((name, what), []).append(max(took - above, 0.0))
    for what, target in _TARGETS.items():
        tree, loop = (statistics.median(taken[name, what]) for name in ways)
        for name, cost in (("tree", tree), ("loop", loop)):
            yield Row("i", f"{_SECRETS} secrets in {_FOLDERS} folders, {what}: {name}", f"{cost:.2f} s")
        times = ratio(loop, tree)
        words = f"{what}, times less than the loop"
        yield Row("i", words, f"{times:.1f}") if target is None else at_least("i", words, times, target)
