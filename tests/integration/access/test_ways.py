# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One logic, two ways to run: the administration site's modules in the worker and as module processes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.community.workload_credentials.plugins.module_utils._resources.index import MODULES, spec_of

from tests.integration.modules.test_parity import undocumented
from tests.integration.modules.ways import comparable, in_order
from tests.support.documentation import COLLECTION, documented
from tests.support.module_mains import ModuleMains
from tests.support.organization import ADMIN_TOKEN, CI, Organization
from tests.support.plays import BRISK, Plays
from tests.support.site import TOKEN

GRANT = {"name": "ci", "principal": {"workload": "ci"}, "resource": {"folder": "prod"}}
GONE = {"name": "ci", "state": "absent"}
# Module, arguments, and whether it changes something; None: it fails.
STEPS: list[tuple[str, dict[str, Any], bool | None]] = [
    ("workload_identity", CI, True),
    ("workload_identity", CI, False),
    ("workload_identity", {**CI, "conditions": {"sub": ["canary"]}}, None),
    ("workload_identity", {**CI, "idp_category": "Custom"}, None),
    ("workload_identity_info", {"service_name": "ci"}, False),
    ("iam_policy", {**GRANT, "actions": ["ReadSecret", "ListFolderContents"]}, True),
    ("iam_policy", {**GRANT, "actions": ["ListFolderContents", "ReadSecret"]}, False),
    ("iam_policy", {**GRANT, "grant": "Owner"}, True),
    ("iam_policy", {**GRANT, "grant": "Owner", "principal": {"group": "ops"}}, None),
    ("iam_policy", {**GRANT, "cedar": "permit()"}, None),
    ("iam_policy_info", {"path": "prod"}, False),
    ("access_info", {"path": "prod"}, False),
    ("access_info", {"admin_access_token": "wrong-token-canary"}, None),
    ("iam_policy", GONE, True),
    ("iam_policy", GONE, False),
    ("workload_identity", {"service_name": "ci", "state": "absent"}, True),
]
RUNS = [(number, check) for number in range(len(STEPS)) for check in (True, False)]
_COMMON = {"changed", "diff", "warnings", "failed", "_ansible_no_log", "_ansible_parsed"}


@pytest.fixture(scope="module")
def mains() -> Iterator[ModuleMains]:
    with ModuleMains() as running:
        yield running


def in_plays(
    organization: Organization, folder: Path, *, as_module: bool
) -> tuple[list[dict[str, Any]], list[str], str]:
    """Results, requests and all output of the steps as tasks."""
    tasks = [
        {f"{COLLECTION}.{module}": arguments, "check_mode": check}
        for module, arguments, check in ((*STEPS[number][:2], check) for number, check in RUNS)
    ]
    plays = Plays(folder, {**organization.environment, **BRISK})
    outcome = plays.tasks(tasks, as_module=as_module, arguments=("--diff", "-vvvvv"))
    assert len(outcome.results) == len(tasks), outcome.output
    return outcome.results, organization.requests(), outcome.output


def in_main(organization: Organization, mains: ModuleMains) -> tuple[list[dict[str, Any]], list[str]]:
    """Results and requests of the module files' own main()."""
    results = []
    for number, check in RUNS:
        module, arguments, _changed = STEPS[number]
        written = json.loads(mains.run(module, arguments, organization.environment, check=check))
        warnings = [one if isinstance(one, str) else one["event"]["msg"] for one in written.get("warnings", ())]
        results.append({"changed": False, **written, **({"warnings": warnings} if warnings else {})})
    return results, organization.requests()


def of_steps(results: list[dict[str, Any]], *, check: bool) -> list[dict[str, Any]]:
    return [result for result, (_number, is_check) in zip(results, RUNS, strict=True) if is_check == check]


def test_both_ways_do_the_same(organization: Organization, tmp_path: Path, mains: ModuleMains) -> None:
    worker, asked, output = in_plays(organization, tmp_path, as_module=False)
    organization.emulator.control.reset()
    module, asked_by_module = in_main(organization, mains)
    for run, one, other in zip(RUNS, worker, module, strict=True):
        assert comparable(one) == comparable(other), STEPS[run[0]]
    assert comparable(in_order(asked)) == comparable(in_order(asked_by_module))
    check_results(worker)
    assert not [canary for canary in (TOKEN, ADMIN_TOKEN, "wrong-token-canary") if canary in output]


def check_results(results: list[dict[str, Any]]) -> None:
    """Each step is as expected, as predicted and as documented."""
    for (module, arguments, changed), predicted, real in zip(
        STEPS, of_steps(results, check=True), of_steps(results, check=False), strict=True
    ):
        assert bool(real.get("failed")) == (changed is None), (module, arguments, real)
        assert real["changed"] is bool(changed), (module, arguments, real)
        assert bool(predicted.get("failed")) == bool(real.get("failed")), (module, arguments)
        assert predicted["changed"] == real["changed"], (module, arguments)
        assert comparable(predicted.get("diff")) == comparable(real.get("diff")), (module, arguments)
        if changed is not None:
            own = {key: value for key, value in real.items() if key not in _COMMON}
            assert undocumented(own, documented("module", module)["return"]) == [], module


def test_every_module_of_the_administration_site_is_in_it() -> None:
    assert {module for module, _arguments, _changed in STEPS} == {name for name in MODULES if spec_of(name).administers}


@pytest.mark.thorough
def test_files_of_modules_do_the_same(organization: Organization, tmp_path: Path) -> None:
    worker, asked, _output = in_plays(organization, tmp_path, as_module=False)
    organization.emulator.control.reset()
    module, asked_by_module, output = in_plays(organization, tmp_path, as_module=True)
    for run, one, other in zip(RUNS, worker, module, strict=True):
        assert comparable(one) == comparable(other), STEPS[run[0]]
    assert comparable(in_order(asked)) == comparable(in_order(asked_by_module))
    assert not [canary for canary in (TOKEN, ADMIN_TOKEN) if canary in output]


@pytest.mark.newest_core
def test_the_connection_comes_from_variables_and_defaults_too(organization: Organization, tmp_path: Path) -> None:
    environment = {name: value for name, value in organization.environment.items() if "ADMIN" not in name}
    file = tmp_path / "admin-token"
    file.write_text(ADMIN_TOKEN, encoding="utf-8")
    plays = Plays(tmp_path, {**environment, **BRISK})
    group = {f"group/{COLLECTION}.administration": {"admin_site_id": organization.emulator.admin_site}}
    play = {"module_defaults": group, "vars": {"workload_credentials_admin_access_token_file": str(file)}}
    # The connection's service name is none of the identity's.
    named = {"workload_credentials_service_name": "asking"}
    tasks = [{f"{COLLECTION}.workload_identity_info": {}, "vars": named}, {f"{COLLECTION}.iam_policy_info": {}}]
    organization.do("workload_identity", **CI)
    outcome = plays.tasks(tasks, play=play, arguments=("-vvvvv",)).ok()
    assert len(outcome.results[0]["workload_identities"]) == 1
    assert ADMIN_TOKEN not in outcome.output
    missing = plays.tasks(tasks[:1], play={"module_defaults": group}).result["msg"]
    assert missing.startswith("admin_access_token: no token is set: give the option admin_access_token")


# A host that keeps each file that it gets.
ELSEWHERE = """
import shutil
from ansible.plugins.connection import local

DOCUMENTATION = local.DOCUMENTATION


class Connection(local.Connection):
    transport = "elsewhere"

    def put_file(self, in_path, out_path):
        shutil.copy(in_path, "KEPT")
        return super().put_file(in_path, out_path)
"""


@pytest.mark.newest_core
@pytest.mark.parametrize(("module", "is_sent"), [("session_info", False), ("iam_policy_info", True)])
def test_another_machine_gets_the_administrators_token_only_with_these_modules(
    organization: Organization, tmp_path: Path, module: str, is_sent: bool
) -> None:
    kept = tmp_path / "kept"
    kept.mkdir()
    (tmp_path / "connection_plugins").mkdir()
    plugin = ELSEWHERE.replace("KEPT", str(kept))
    (tmp_path / "connection_plugins" / "elsewhere.py").write_text(plugin, encoding="utf-8")
    there = {"ansible_connection": "elsewhere"}
    variables = {f"workload_credentials_{name}": value for name, value in organization.connection.items()}
    Plays(tmp_path, BRISK).tasks([{f"{COLLECTION}.{module}": {}, "vars": {**there, **variables}}]).ok()
    content = b"".join(path.read_bytes() for path in kept.iterdir())
    assert TOKEN.encode() in content
    assert (ADMIN_TOKEN.encode() in content) is is_sent
