# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ways in which a module's logic runs: each takes a scenario's steps and tells what came of every run of them."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ansible_collections.community.workload_credentials.plugins.module_utils._api.own_writes import (
    RESULT,
    VARIABLE,
    OwnWrites,
)

from tests.integration.modules.scenarios import Step
from tests.support.module_mains import ModuleMains
from tests.support.plays import BRISK, Plays
from tests.support.site import Site

# What differs between two sites by its nature.
_CHANCE = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[^\s\"',)]*"
    # Unix times of metrics.
    r"|(?<=\} )\d{10}\b"
)
# What the ways may differ in: ansible-core's own account of a failure.
_CORES_OWN = ("exception", "invocation", "failed", "deprecations", "_ansible_no_log")
_VALUES = ("credentials",)
# Time goes on between the ways.
_MOMENTARY = ("seconds_left", "from_now")

# A step in check mode, or really.
Run = tuple[int, bool]


@dataclass(frozen=True)
class Way:
    """One way of running a scenario: all that it shows, and the results and requests of each run."""

    output: str
    results: dict[Run, dict[str, Any]]
    requests: dict[Run, list[str]] = field(default_factory=dict)


def all_runs(steps: Sequence[Step]) -> list[Run]:
    """Each step in check mode, then really."""
    return list(itertools.product(range(len(steps)), (True, False)))


def some_runs(steps: Sequence[Step]) -> list[Run]:
    """Each step really, some in check mode: a process costs half a second, and nothing depends on a prediction."""
    return [(number, check) for number, check in all_runs(steps) if not check or number % 4 == 1]


def in_plays(site: Site, folder: Path, steps: Sequence[Step], runs: Sequence[Run], *, as_module: bool = False) -> Way:
    """As tasks of one playbook, in the worker or as module processes."""
    tasks = [
        {**steps[number].task(check=check), "vars": {"workload_credentials_service_name": label(number, check)}}
        for number, check in runs
    ]
    plays = Plays(folder, {**site.environment, **BRISK, "ANSIBLE_PIPELINING": "true"})
    outcome = plays.tasks(tasks, as_module=as_module, arguments=("--diff", "-vvvvv"))
    assert len(outcome.results) == len(tasks), outcome.output
    return Way(outcome.output, dict(zip(runs, outcome.results, strict=True)), requests(site, runs))


def in_main(site: Site, mains: ModuleMains, steps: Sequence[Step], runs: Sequence[Run]) -> Way:
    """By the module files' own ``main()``, each told what those before it wrote, as the action plugin does."""
    results = {}
    writes = OwnWrites("", lambda: "", site.writes_folder)
    for number, check in runs:
        arguments = {"service_name": label(number, check), **steps[number].arguments}
        environment = {**site.environment, VARIABLE: writes.taken() or "{}"}
        written = json.loads(mains.run(steps[number].module, arguments, environment, check=check))
        writes.take(written.pop(RESULT, None))
        results[number, check] = as_the_controller_reads(written)
    # Of the rest, the action plugin shows nothing.
    messages = "\n".join(str(result.get("msg")) for result in results.values())
    return Way(messages, results, requests(site, runs))


def as_the_controller_reads(written: dict[str, Any]) -> dict[str, Any]:
    """What a module wrote, as a task's result: what fails changed nothing; ansible-core 2.21 wraps a warning's text."""
    warnings = [one if isinstance(one, str) else one["event"]["msg"] for one in written.get("warnings", ())]
    return {"changed": False, **written, **({"warnings": warnings} if warnings else {})}


def label(number: int, check: bool) -> str:
    """A run's service name, so that the journal tells whose a request is."""
    return f"step-{number}-{'check' if check else 'run'}"


def requests(site: Site, runs: Iterable[Run]) -> dict[Run, list[str]]:
    """What each run sent."""
    by_label: dict[str, list[str]] = {}
    for entry, line in zip(site.journal(), site.requests(), strict=True):
        by_label.setdefault(entry["headers"]["x-bt-service-name"], []).append(line)
    sent = {(number, check): by_label.pop(label(number, check), []) for number, check in runs}
    assert not by_label, by_label
    return sent


def comparable(value: Any) -> Any:
    """A value without what chance made."""
    if isinstance(value, dict):
        return {
            key: type(inner).__name__
            if key in _MOMENTARY
            else sorted(inner)
            if key in _VALUES and isinstance(inner, dict)
            else comparable(inner)
            for key, inner in value.items()
            if key not in _CORES_OWN
        }
    if isinstance(value, list):
        return [comparable(inner) for inner in value]
    return _CHANCE.sub("#", value) if isinstance(value, str) else value


def in_order(requests: Iterable[str]) -> list[str]:
    """The requests with reads between two writes sorted: several at once may arrive in any order.

    How often a read is repeated that does not show yet what was written is chance.
    """
    groups = itertools.groupby(requests, lambda line: line.startswith("GET "))
    return [line for reads, group in groups for line in (sorted({*group}) if reads else group)]


def writes(requests: Iterable[str]) -> list[str]:
    """The requests that are no reads."""
    return [line for line in requests if not line.startswith("GET ")]
