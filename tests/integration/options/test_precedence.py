# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of precedence in the authentication guide, cell by cell: the nearer source wins, an empty one yields."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from tests.support.definitions import populate
from tests.support.plays import Plays
from tests.support.represented import represented
from tests.support.site import TOKEN, Site

COLLECTION = "community.workload_credentials"
SESSION = f"{COLLECTION}.session_info"
GROUP = f"group/{COLLECTION}.workload_credentials"
VARIABLE = "workload_credentials_service_name"
ENVIRONMENT = "BEYONDTRUST_SERVICE_NAME"


def module(said: dict[str, str]) -> dict[str, Any]:
    """A task whose sources say this."""
    task: dict[str, Any] = {SESSION: {"service_name": said["argument"]} if "argument" in said else {}}
    if "defaults" in said:
        task["module_defaults"] = {GROUP: {"service_name": said["defaults"]}}
    if "variable" in said:
        task["vars"] = {VARIABLE: said["variable"]}
    if "own environment" in said:
        task["environment"] = {ENVIRONMENT: said["own environment"]}
    return task


def lookup(said: dict[str, str]) -> dict[str, Any]:
    """The same with a lookup."""
    option = f", service_name='{said['argument']}'" if "argument" in said else ""
    text = "{{ lookup('" + COLLECTION + ".static_secret', 'prod/app'" + option + ", default='none') }}"
    task: dict[str, Any] = {"ansible.builtin.set_fact": {"found": text}}
    return {**task, "vars": {VARIABLE: said["variable"]}} if "variable" in said else task


ELSEWHERE = """
import shlex
from ansible.plugins.connection import local

DOCUMENTATION = local.DOCUMENTATION


class Connection(local.Connection):
    transport = "elsewhere"

    def exec_command(self, cmd, in_data=None, sudoable=True):
        there = 'env -i PATH="$PATH" HOME="$HOME" ANOTHER_HOST=1'
        return super().exec_command(f"{there} /bin/sh -c {shlex.quote(cmd)}", in_data=in_data, sudoable=sudoable)
"""
# A way to use the connection, and its own sources, nearest first; environment and ini file follow.
WAYS = {
    "module": (module, ("argument", "defaults", "variable", "own environment")),
    "lookup": (lookup, ("argument", "variable")),
}
# The environment variable and the ini entry of a run, None: there is none, and what then counts.
RUNS: list[tuple[str | None, str | None, str | None]] = [
    ("environment", "ini", "environment"),
    ("", "ini", "ini"),
    (" ", "", None),
    (None, '" "', None),
]


def cells(names: tuple[str, ...]) -> list[dict[str, str]]:
    """For each two neighbours both set, and the nearer empty; then the farthest empty, so that the run's count."""
    pairs = list(itertools.pairwise(names))
    set_both = [{near: near.replace(" ", "-"), far: far.replace(" ", "-")} for near, far in pairs]
    empty = [{near: " ", far: far.replace(" ", "-")} for near, far in pairs]
    return [*set_both, *empty, {names[-1]: names[-1].replace(" ", "-")}, dict.fromkeys(names, "")]


def expected(said: dict[str, str], otherwise: str | None) -> str | None:
    return next((value for value in said.values() if value.strip()), otherwise)


@pytest.mark.parametrize("as_module", [False, pytest.param(True, marks=pytest.mark.thorough)])
@pytest.mark.parametrize("run", RUNS)
def test_the_nearest_source_that_is_not_empty_counts(plays: Plays, site: Site, run: Any, as_module: bool) -> None:
    environment, ini, otherwise = run
    if ini is not None:
        (plays.folder / "ansible.cfg").write_text(f"[workload_credentials]\nservice_name = {ini}\n")
    tasks, wanted = [], []
    for way, (make, names) in WAYS.items():
        if way == "lookup" and as_module:
            continue
        table = cells(names) if environment == "environment" else cells(names)[-1:]
        tasks += [make(said) for said in table]
        wanted += [expected(said, otherwise) for said in table]
    plays.tasks(tasks, as_module=as_module, environment={ENVIRONMENT: environment}).ok()
    assert [entry["headers"].get("x-bt-service-name") for entry in site.journal()] == wanted


@pytest.mark.newest_core
@pytest.mark.parametrize("value", represented(["", " ", None, "{{ omit }}", "{{ none }}"], by=["{{ omit }}"]))
def test_nothing_in_a_tasks_environment_hides_nothing(plays: Plays, site: Site, value: Any) -> None:
    """The action of the role reads its environment where modules do."""
    entry = {"name": "app", "namespace": "web", "static_secret": "prod/app", "delivery": "external_secret"}
    options = {"state": "rendered", "render_dir": str(plays.folder / "out"), "entries": [entry]}
    role = {f"{COLLECTION}.cluster_credentials": {**options, "operator_token_secret": {"name": "kept"}}}
    populate(site)
    environment = dict.fromkeys([ENVIRONMENT, *site.environment], value)
    plays.tasks([{**role, "environment": environment}], environment={ENVIRONMENT: "outside"}).ok()
    plays.tasks([{SESSION: {}, "environment": environment}], environment={ENVIRONMENT: "outside"}).ok()
    assert {entry["headers"].get("x-bt-service-name") for entry in site.journal()} == {"outside"}
    assert len(site.requests()) > 1


@pytest.mark.newest_core
@pytest.mark.parametrize("as_module", represented([False, True], by=[False]))
def test_a_task_that_is_tried_again_has_the_same_sources(plays: Plays, site: Site, as_module: bool) -> None:
    task = {SESSION: {}, "until": "never is defined", "retries": 2, "delay": 0}
    own = {"environment": {ENVIRONMENT: "own", "BEYONDTRUST_ACCESS_TOKEN": TOKEN}}
    outcome = plays.tasks([{**task, **own}], as_module=as_module, environment={"BEYONDTRUST_ACCESS_TOKEN": ""})
    names = [entry["headers"].get("x-bt-service-name") for entry in site.journal()]
    assert outcome.result["attempts"] == 2
    assert len(names) > 1
    assert set(names) == {"own"}
    assert "msg" not in outcome.result


@pytest.mark.thorough
def test_another_host_gets_what_is_set_for_the_play_and_has_its_own_environment(plays: Plays, site: Site) -> None:
    (plays.folder / "connection_plugins").mkdir()
    # The other host has a connection in its environment, and this machine another service's name in each of its places.
    own = " ".join(f"{name}={value}" for name, value in {**site.environment, ENVIRONMENT: "there"}.items())
    plugin = ELSEWHERE.replace("ANOTHER_HOST=1", own)
    (plays.folder / "connection_plugins" / "elsewhere.py").write_text(plugin)
    wrong = {"BEYONDTRUST_SITE_ID": "", "BEYONDTRUST_ACCESS_TOKEN": "wrong", ENVIRONMENT: "here"}
    there = {"ansible_connection": "elsewhere"}
    task = {SESSION: {}, "vars": there}
    plays.tasks([task], environment=wrong).ok()
    (plays.folder / "ansible.cfg").write_text("[workload_credentials]\nservice_name = ini\nvalidate_certs = ture\n")
    unclear = plays.tasks([task], environment=wrong).result["msg"]
    assert "validate_certs: 'ture' is neither yes nor no (from validate_certs in the ini section" in unclear
    (plays.folder / "ansible.cfg").write_text("[workload_credentials]\nservice_name = ini\n")
    more = {SESSION: {}, "vars": {**there, VARIABLE: "variable"}}
    plays.tasks([task, more, {**task, "environment": {ENVIRONMENT: "own"}}], environment=wrong).ok()
    wanted = ["there", "ini", "variable", "own"]
    assert [entry["headers"].get("x-bt-service-name") for entry in site.journal()] == wanted


@pytest.mark.one_core
@pytest.mark.parametrize(
    ("variable", "value", "says"),
    [
        ("BEYONDTRUST_INSECURE", "ture", "validate_certs: 'ture' is neither yes nor no"),
        ("BEYONDTRUST_TIMEOUT", "0", "timeout: 0 is too small, it must be at least 1"),
        ("BEYONDTRUST_SITE_ID", "", "site_id: no site is set"),
    ],
)
def test_a_module_elsewhere_says_the_same_of_its_own_environment(
    plays: Plays, site: Site, variable: str, value: str, says: str
) -> None:
    (plays.folder / "connection_plugins").mkdir()
    own = " ".join(f"{name}={text}" for name, text in {**site.environment, variable: value}.items())
    plugin = ELSEWHERE.replace("ANOTHER_HOST=1", own)
    (plays.folder / "connection_plugins" / "elsewhere.py").write_text(plugin)
    message = plays.tasks([{SESSION: {}, "vars": {"ansible_connection": "elsewhere"}}]).result["msg"]
    assert message.startswith(says), message
    assert not value or f"(from the environment variable {variable})" in message
    assert site.requests() == []
