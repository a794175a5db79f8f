# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One logic, two ways to run: every step of every scenario in the worker and as a module.

One scenario, with each module in it, runs as module processes. In the others it is the module file's ``main()`` alone:
what surrounds it is the same for all.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from ansible_collections.community.workload_credentials.plugins.module_utils._resources.index import spec_of

from tests.conftest import is_newest_core
from tests.integration.modules.scenarios import EVERY_MODULE, SCENARIOS, Step
from tests.integration.modules.ways import Way, all_runs, comparable, in_main, in_order, in_plays, some_runs, writes
from tests.support.documentation import MODULES, documented
from tests.support.module_mains import ModuleMains
from tests.support.site import TOKEN, Site

CANARIES = ("canary", TOKEN)
# What every module returns.
_COMMON = {"changed", "diff", "warnings", "deprecations", "failed", "_ansible_no_log", "_ansible_parsed"}
_REPRESENTATIVE = ("dynamic secrets", "leases")
# The long ones: what of the ways depends on the ansible-core, the others show too.
_LONG = ("dynamic secrets", "static secrets")


def _marks(scenario: str) -> list[pytest.MarkDecorator]:
    """One way with each core in ``make test``: files of modules with the oldest, their functions with the newest."""
    if scenario == EVERY_MODULE:
        return [pytest.mark.thorough] if is_newest_core() else []
    core = pytest.mark.one_core if scenario in _LONG else pytest.mark.newest_core
    return [core] if scenario in _REPRESENTATIVE else [core, pytest.mark.thorough]


@pytest.fixture(scope="module")
def mains() -> Iterator[ModuleMains]:
    with ModuleMains() as running:
        yield running


@pytest.fixture(
    scope="module",
    params=[pytest.param(name, marks=_marks(name)) for name in SCENARIOS],
    ids=str,
)
def scenario(
    request: pytest.FixtureRequest,
    emulator: Any,
    unused_sites: Iterator[str],
    tmp_path_factory: pytest.TempPathFactory,
    mains: ModuleMains,
    world: str,
) -> tuple[list[Step], Way, Way]:
    """The steps, run in the worker and as modules, each on a site of its own."""
    steps = SCENARIOS[request.param]
    one, other = (Site(emulator, next(unused_sites)) for _way in range(2))
    for site in (one, other):
        site.behave(living=world == "living")
    folder = tmp_path_factory.mktemp("scenario")
    worker = in_plays(one, folder, steps, all_runs(steps))
    if request.param == EVERY_MODULE:
        return steps, worker, in_plays(other, folder, steps, some_runs(steps), as_module=True)
    return steps, worker, in_main(other, mains, steps, all_runs(steps))


def test_one_scenario_has_every_module_in_it() -> None:
    # Those of a cluster's modules are in tests/integration/service_accounts, of the administration site's in access.
    specs = {name: spec_of(name) for name in MODULES}
    of_the_api = {name for name, spec in specs.items() if spec.connect is None and not spec.administers}
    assert {step.module for step in SCENARIOS[EVERY_MODULE] if step.changed is not None} == of_the_api


def test_both_ways_give_the_same_results(scenario: Any) -> None:
    steps, worker, module = scenario
    for run, result in module.results.items():
        assert comparable(worker.results[run]) == comparable(result), (run, steps[run[0]])
        assert bool(worker.results[run].get("failed")) == bool(result.get("failed")), (run, steps[run[0]])


def test_both_ways_send_the_same_requests(scenario: Any) -> None:
    steps, worker, module = scenario
    for run, sent in module.requests.items():
        assert in_order(comparable(worker.requests[run])) == in_order(comparable(sent)), (run, steps[run[0]])


def test_each_step_does_what_is_expected(scenario: Any) -> None:
    for step, result in of_each(scenario, check=False):
        if step.changed is None:
            assert result.get("failed"), step
            assert step.says in result["msg"], step
        else:
            assert not result.get("failed"), (step, result.get("msg"))
            assert result["changed"] is step.changed, step


def test_a_result_is_what_the_documentation_says(scenario: Any) -> None:
    for step, result in of_each(scenario, check=False):
        if step.changed is not None:
            own = {key: value for key, value in result.items() if key not in _COMMON}
            assert undocumented(own, documented("module", step.module)["return"] or {}) == [], step


def test_check_mode_predicts_exactly(scenario: Any) -> None:
    for (step, predicted), (_step, real) in both(scenario):
        if step.changed is None and (not step.check_fails or step.foreseen is not None):
            continue
        assert bool(predicted.get("failed")) == bool(real.get("failed")), (step, predicted)
        assert predicted.get("changed") == real.get("changed"), step
        assert comparable(predicted.get("diff")) == comparable(real.get("diff")), step


def test_check_mode_foresees_what_an_earlier_task_could_have_made(scenario: Any) -> None:
    for (step, predicted), (_step, real) in both(scenario):
        if step.foreseen is not None:
            assert not predicted.get("failed"), (step, predicted)
            assert predicted["changed"] is step.foreseen, step
            foreseen = [warning.partition(" Check mode")[0] for warning in predicted["warnings"]]
            assert foreseen, (step, predicted)
            assert all(words in real["msg"] for words in foreseen), (step, predicted, real)
            returned = documented("module", step.module)["return"]
            own = {key: value for key, value in predicted.items() if key not in _COMMON}
            assert undocumented(own, returned) == [], step


def test_check_mode_writes_nothing_and_a_real_run_the_least(scenario: Any, world: str) -> None:
    steps, worker, _module = scenario
    for number, step in enumerate(steps):
        assert writes(worker.requests[number, True]) == [], step
        sent = writes(worker.requests[number, False])
        # What a living site hides shows only when it is tried.
        is_tried = world == "living" and (step.changed is None or step.arguments.get("state") == "absent")
        if step.writes is not None and not is_tried:
            assert len(sent) == len(step.writes), (step, sent)
            assert all(line.startswith(start) for line, start in zip(sent, step.writes, strict=True)), (step, sent)


def test_no_value_and_no_token_in_any_output(scenario: Any) -> None:
    _steps, worker, module = scenario
    for output in (worker.output, module.output):
        assert not [canary for canary in CANARIES if canary in output]


def of_each(scenario: Any, *, check: bool) -> list[tuple[Step, dict[str, Any]]]:
    """Each step with its result in the worker."""
    steps, worker, _module = scenario
    return [(step, worker.results[number, check]) for number, step in enumerate(steps)]


def both(scenario: Any) -> Iterator[Any]:
    """Each step with its prediction, and with its real result."""
    return zip(of_each(scenario, check=True), of_each(scenario, check=False), strict=True)


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
