# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One logic, two ways to run: every step of every scenario as a module process and in the worker."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.integration.modules.scenarios import COLLECTION, SCENARIOS, Step
from tests.support.documentation import documented
from tests.support.plays import Plays
from tests.support.site import TOKEN, Site

CANARIES = ("canary", TOKEN)
# What differs between two sites by its nature.
_CHANCE = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[^\s\"',)]*"
)
# What the two ways may differ in: ansible-core's own account of a failure.
_CORES_OWN = ("exception", "invocation", "failed", "deprecations", "_ansible_no_log")
_VALUES = ("credentials",)
# Time goes on between the two ways.
_MOMENTARY = ("seconds_left",)
# What every module returns.
_COMMON = {"changed", "diff", "warnings", "deprecations", "failed", "_ansible_no_log", "_ansible_parsed"}


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


# Sent before each task in the worker, so that the journal tells which request belongs to which task.
_MARK = {f"{COLLECTION}.session_info": {"api_path_version": "v9"}}
_MARKED = "GET /v9/session"


@dataclass(frozen=True)
class Way:
    """One way of running a scenario: the output, and for each step its prediction, its result and its requests."""

    output: str
    predicted: list[dict[str, Any]]
    real: list[dict[str, Any]]
    requests: list[list[str]]


def in_worker(site: Site, folder: Path, steps: list[Step]) -> Way:
    tasks = [task for step in steps for check in (True, False) for task in (_MARK, step.task(check=check))]
    outcome = Plays(folder, site.environment).tasks(tasks, arguments=("--diff", "-vvvvv"))
    results = outcome.results[1::2]
    assert len(results) == 2 * len(steps), outcome.output
    requests: list[list[str]] = []
    for line in site.requests():
        if line == _MARKED:
            requests.append([])
        else:
            requests[-1].append(line)
    return Way(outcome.output, results[0::2], results[1::2], requests)


def as_module(site: Site, folder: Path, steps: list[Step]) -> Way:
    # A process costs half a second: some predictions are enough to tell the ways apart, since nothing depends on them.
    checks = [(step, check) for number, step in enumerate(steps) for check in (True, False) if is_run(number, check)]
    tasks = [step.task(check=check) for step, check in checks]
    environment = {**site.environment, "ANSIBLE_PIPELINING": "true"}
    outcome = Plays(folder, environment).tasks(tasks, as_module=True, arguments=("--diff", "-vvvvv"))
    assert len(outcome.results) == len(tasks), outcome.output
    results = list(zip(checks, outcome.results, strict=True))
    predicted = [result for (_step, check), result in results if check]
    return Way(
        outcome.output, predicted, [result for (_step, check), result in results if not check], [site.requests()]
    )


def is_run(number: int, check: bool) -> bool:
    """Whether a step's check or real run is run as a module process."""
    return not check or number % 4 == 1


# The long ones: what of the two ways depends on the ansible-core, the others show too.
_LONG = ("dynamic secrets", "static secrets")


@pytest.fixture(
    scope="module",
    params=[pytest.param(name, marks=pytest.mark.one_core if name in _LONG else ()) for name in SCENARIOS],
    ids=str,
)
def scenario(
    request: pytest.FixtureRequest, emulator: Any, unused_sites: Iterator[str], tmp_path_factory: pytest.TempPathFactory
) -> tuple[list[Step], Way, Way]:
    """The steps, run in the worker and as module processes, each on a site of its own."""
    steps = SCENARIOS[request.param]
    ways = [
        run(Site(emulator, next(unused_sites)), tmp_path_factory.mktemp("scenario"), steps)
        for run in (in_worker, as_module)
    ]
    return steps, ways[0], ways[1]


def test_both_ways_give_the_same_results(scenario: Any) -> None:
    steps, worker, module = scenario
    for step, one, other in zip(steps, worker.real, module.real, strict=True):
        assert comparable(one) == comparable(other), step
    compared = [result for number, result in enumerate(worker.predicted) if is_run(number, check=True)]
    for one, other in zip(compared, module.predicted, strict=True):
        assert comparable(one) == comparable(other)


def test_both_ways_send_the_same_requests(scenario: Any) -> None:
    steps, worker, module = scenario
    runs = itertools.product(range(len(steps)), (True, False))
    sent = [lines for (number, check), lines in zip(runs, worker.requests, strict=True) if is_run(number, check)]
    assert in_order(comparable(list(itertools.chain.from_iterable(sent)))) == in_order(comparable(module.requests[0]))


def test_each_step_does_what_is_expected(scenario: Any) -> None:
    steps, worker, _module = scenario
    for step, result in zip(steps, worker.real, strict=True):
        if step.changed is None:
            assert result.get("failed"), step
            assert step.says in result["msg"], step
        else:
            assert not result.get("failed"), (step, result.get("msg"))
            assert result["changed"] is step.changed, step


def test_a_result_is_what_the_documentation_says(scenario: Any) -> None:
    steps, worker, _module = scenario
    for step, result in zip(steps, worker.real, strict=True):
        if step.changed is not None:
            own = {key: value for key, value in result.items() if key not in _COMMON}
            assert undocumented(own, documented("module", step.module)["return"] or {}) == [], step


def test_check_mode_predicts_exactly(scenario: Any) -> None:
    steps, worker, _module = scenario
    for step, predicted, real in zip(steps, worker.predicted, worker.real, strict=True):
        if step.changed is None and (not step.check_fails or step.foreseen is not None):
            continue
        assert bool(predicted.get("failed")) == bool(real.get("failed")), (step, predicted)
        assert predicted.get("changed") == real.get("changed"), step
        assert comparable(predicted.get("diff")) == comparable(real.get("diff")), step


def test_check_mode_foresees_what_an_earlier_task_could_have_made(scenario: Any) -> None:
    steps, worker, _module = scenario
    for step, predicted, real in zip(steps, worker.predicted, worker.real, strict=True):
        if step.foreseen is not None:
            assert not predicted.get("failed"), (step, predicted)
            assert predicted["changed"] is step.foreseen, step
            assert [real["msg"] in warning for warning in predicted["warnings"]] == [True], (step, predicted)
            returned = documented("module", step.module)["return"]
            own = {key: value for key, value in predicted.items() if key not in _COMMON}
            assert undocumented(own, returned) == [], step


def test_check_mode_writes_nothing_and_a_real_run_the_least(scenario: Any) -> None:
    steps, worker, _module = scenario
    assert len(worker.requests) == 2 * len(steps)
    for step, checked, sent in zip(steps, worker.requests[0::2], worker.requests[1::2], strict=True):
        assert writes(checked) == [], step
        if step.writes is not None:
            assert len(writes(sent)) == len(step.writes), (step, sent)
            assert all(line.startswith(start) for line, start in zip(writes(sent), step.writes, strict=True)), (
                step,
                sent,
            )


def test_no_value_and_no_token_in_any_output(scenario: Any) -> None:
    _steps, worker, module = scenario
    for output in (worker.output, module.output):
        assert not [canary for canary in CANARIES if canary in output]


def in_order(requests: list[str]) -> list[str]:
    """The requests with reads between two writes sorted: several at once may arrive in any order."""
    runs = itertools.groupby(requests, lambda line: line.startswith("GET "))
    return [line for reads, run in runs for line in (sorted(run) if reads else run)]


def undocumented(values: Any, described: dict[str, Any], where: str = "") -> list[str]:
    """Where a result and its description differ."""
    found = [f"{where}{key} is not described" for key in values if key not in described]
    for key, entry in described.items():
        if key not in values:
            found.extend([f"{where}{key} is missing"] if entry.get("returned") in ("always", "success") else [])
            continue
        items = values[key] if isinstance(values[key], list) else [values[key]]
        if "contains" in entry:
            found.extend(
                one
                for item in items
                if isinstance(item, dict)
                for one in undocumented(item, entry["contains"], f"{where}{key}.")
            )
    return found


def writes(requests: list[str]) -> list[str]:
    return [line for line in requests if not line.startswith("GET ")]
