# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a task runs, which environment counts there, and what its output shows."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.support.definitions import populate
from tests.support.plays import Plays
from tests.support.represented import represented
from tests.support.site import TOKEN, Site

FOLDER = "community.workload_credentials.folder"
SESSION = "community.workload_credentials.session_info"
STATIC = "community.workload_credentials.static_secret"
STATIC_INFO = "community.workload_credentials.static_secret_info"
CREDENTIALS = "community.workload_credentials.dynamic_credentials"
GROUP = "group/community.workload_credentials.workload_credentials"
LOOP = {SESSION: {}, "loop": [1, 2, 3, 4]}
EITHER_WAY = [False, pytest.param(True, marks=pytest.mark.newest_core)]


def connections(site: Site) -> int:
    return len({entry["connection"] for entry in site.journal()})


@pytest.fixture
def become(plays: Plays) -> dict[str, Any]:
    """Keywords of a task that becomes somebody, through a program that clears the environment as sudo does."""
    script = plays.folder / "sudo"
    script.write_text(
        '#!/bin/sh\nwhile [ "$1" != /bin/sh ]; do shift; done\nexec env -i PATH="$PATH" HOME="$HOME" "$@"\n'
    )
    script.chmod(0o755)
    return {"become": True, "vars": {"ansible_become_exe": str(script)}}


def test_a_loop_runs_in_the_worker_over_one_connection(plays: Plays, site: Site) -> None:
    plays.tasks([LOOP]).ok()
    assert (len(site.requests()), connections(site)) == (4, 1)


@pytest.mark.newest_core
def test_fifty_items_need_two_connections_at_most(plays: Plays, site: Site) -> None:
    plays.tasks([{**LOOP, "loop": list(range(50))}]).ok()
    assert len(site.requests()) == 50
    assert connections(site) <= 2


def test_the_collection_is_imported_once_for_all_tasks(plays: Plays) -> None:
    """Where workers are forked from. What a worker imports goes with it: 0.1 s of each task."""
    tasks = [{SESSION: {}}] * 2
    outcome = plays.tasks(tasks, environment={"PYTHONVERBOSE": "1"}).ok()
    assert len([line for line in outcome.output.splitlines() if re.match(r"import '?urllib3'? ", line)]) == 1


@pytest.mark.newest_core
@pytest.mark.parametrize("why", represented(["become", "async", "foreign interpreter"], by=["become"]))
def test_what_the_worker_cannot_do_runs_as_a_module(plays: Plays, site: Site, why: str, become: dict[str, Any]) -> None:
    more = {"become": become, "async": {"async": 300, "poll": 1}, "foreign interpreter": {}}[why]
    plays.tasks([{**LOOP, "loop": [1, 2], **more}], as_module=why == "foreign interpreter").ok()
    assert (len(site.requests()), connections(site)) == (2, 2)


@pytest.mark.newest_core
def test_ansibles_own_interpreter_is_not_foreign(plays: Plays, site: Site) -> None:
    own = ("{{ ansible_playbook_python }}", "auto_silent")
    plays.tasks([{**LOOP, "vars": {"ansible_python_interpreter": python}} for python in own]).ok()
    assert connections(site) == 2


def test_a_delegated_task_runs_where_it_is_delegated_to(plays: Plays, site: Site) -> None:
    plays.tasks([{**LOOP, "delegate_to": "localhost"}], as_module=True).ok()
    assert connections(site) == 1


@pytest.mark.newest_core
@pytest.mark.parametrize("as_module", represented([False, True], by=[False]))
def test_a_tasks_own_environment_counts(plays: Plays, site: Site, as_module: bool, tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text(TOKEN)
    own = {**site.environment, "BEYONDTRUST_SERVICE_NAME": "svc"}
    nothing = dict.fromkeys(site.environment, "")
    file = {**own, "BEYONDTRUST_ACCESS_TOKEN": "", "BEYONDTRUST_ACCESS_TOKEN_FILE": str(token)}
    tasks = [{SESSION: {}, "environment": environment} for environment in (own, file)]
    outcome = plays.tasks(tasks, as_module=as_module, environment=nothing, arguments=("-vvvvv",)).ok()
    assert [entry["headers"]["x-bt-service-name"] for entry in site.journal()] == ["svc", "svc"]
    assert TOKEN not in outcome.output


@pytest.mark.parametrize("as_module", EITHER_WAY)
def test_the_nearest_source_of_a_token_counts(plays: Plays, as_module: bool, tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text(TOKEN)
    wrong = {"BEYONDTRUST_ACCESS_TOKEN": "wrong"}
    tasks = [
        {SESSION: {"access_token_file": str(token)}},
        {SESSION: {}, "environment": {"BEYONDTRUST_ACCESS_TOKEN_FILE": str(token)}},
    ]
    plays.tasks(tasks, as_module=as_module, environment=wrong).ok()


@pytest.mark.newest_core
@pytest.mark.parametrize("as_module", represented([False, True], by=[False]))
def test_a_ca_bundle_in_the_tasks_environment_works_as_in_requests(plays: Plays, site: Site, as_module: bool) -> None:
    environment = {"REQUESTS_CA_BUNDLE": str(site.emulator.ca_cert)}
    task = {SESSION: {}, "environment": environment}
    plays.tasks([task], as_module=as_module, environment={"BEYONDTRUST_CA_CERT": ""}).ok()


@pytest.mark.newest_core
@pytest.mark.parametrize("as_module", represented([False, True], by=[False]))
def test_the_vendors_negated_variable_counts(plays: Plays, as_module: bool) -> None:
    insecure = {"BEYONDTRUST_CA_CERT": "", "BEYONDTRUST_INSECURE": "1"}
    tasks = [{SESSION: {}}, {SESSION: {"validate_certs": True}}]
    unchecked, checked = plays.tasks(tasks, as_module=as_module, environment=insecure).results
    assert not unchecked.get("failed"), unchecked
    assert "is not trusted" in checked["msg"]


def test_the_environment_reaches_a_module_behind_become(plays: Plays, become: dict[str, Any]) -> None:
    plays.tasks([{SESSION: {}, **become}]).ok()


@pytest.mark.parametrize("as_module", EITHER_WAY)
def test_module_defaults_set_the_connection_once(plays: Plays, site: Site, as_module: bool) -> None:
    options = {
        "api_url": site.emulator.url,
        "site_id": site.site_id,
        "access_token": TOKEN,
        "ca_cert": str(site.emulator.ca_cert),
    }
    nothing = dict.fromkeys(site.environment, "")
    play = {"module_defaults": {GROUP: options}}
    plays.tasks([{SESSION: {}}, {FOLDER: {"path": "x"}}], as_module=as_module, environment=nothing, play=play).ok()


@pytest.mark.parametrize("as_module", [False, True])
def test_results_with_values_hide_themselves_and_register_keeps_them(plays: Plays, site: Site, as_module: bool) -> None:
    populate(site)
    tasks = [
        {STATIC_INFO: {"path": "prod/app"}},
        {CREDENTIALS: {"path": "prod/aws"}},
        {STATIC_INFO: {"path": "prod/app"}, "loop": [1, 2]},
    ]
    outcome = plays.tasks(tasks, as_module=as_module, arguments=("-vvvvv", "--diff")).ok()
    values = outcome.results[1]["credentials"]
    assert outcome.results[0]["static_secrets"][0]["secret"]["password"] == "canary-static-password"
    assert outcome.results[2]["results"][1]["static_secrets"][0]["secret"]["port"] == 5432
    for canary in ("canary-static-password", values["secretAccessKey"], values["sessionToken"], TOKEN):
        assert canary not in outcome.output
    assert "the output has been hidden" in outcome.output


@pytest.mark.newest_core
def test_without_values_the_result_is_shown(plays: Plays, site: Site) -> None:
    populate(site)
    outcome = plays.tasks([{STATIC_INFO: {"folder": "prod", "values": "no"}}], arguments=("-v",)).ok()
    assert '"path": "prod/app"' in outcome.output


@pytest.mark.parametrize("as_module", EITHER_WAY)
def test_failures_are_shown(plays: Plays, as_module: bool) -> None:
    outcome = plays.tasks([{CREDENTIALS: {"path": "no/where"}}], as_module=as_module)
    assert "there is no folder no" in " ".join(outcome.output.split())


def test_async_is_refused_where_it_would_write_values_to_a_file(plays: Plays, site: Site) -> None:
    populate(site)
    task = {CREDENTIALS: {"path": "prod/aws"}, "async": 300, "poll": 1}
    outcome = plays.tasks([task, {**task, "no_log": True}])
    assert "no_log: true" in outcome.results[0]["msg"]
    assert outcome.results[1]["credentials"]["secretAccessKey"] not in outcome.output
    assert len(site.leases()) == 1


@pytest.mark.parametrize("as_module", EITHER_WAY)
def test_vaulted_and_typed_values_arrive_as_they_are(plays: Plays, site: Site, as_module: bool) -> None:
    populate(site)
    values = {"number": 5, "truth": True, "text": "5", "list": [1, {"a": "ü"}], "float": 1.5}
    tasks = [
        {STATIC: {"path": "prod/typed", "secret": "{{ values }}"}, "vars": {"values": values}},
        {STATIC_INFO: {"path": "prod/typed"}},
    ]
    outcome = plays.tasks(tasks, as_module=as_module).ok()
    assert outcome.result["static_secrets"][0]["secret"] == values


def test_warnings_of_a_task_are_shown(plays: Plays, site: Site) -> None:
    populate(site)
    lease = "community.workload_credentials.lease"
    outcome = plays.tasks([{CREDENTIALS: {"path": "prod/aws"}}, {lease: {"path": "prod/aws"}}]).ok()
    assert "[WARNING]: These leases cannot be revoked" in " ".join(outcome.output.split())
    assert site.leases()[0]["id"] == outcome.result["not_revocable"][0]["id"]
