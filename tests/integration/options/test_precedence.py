# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of precedence in the authentication guide, cell by cell: the nearer source wins, an empty one yields."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.plays import Plays
from tests.support.site import Site

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
    pairs = [(near, far) for near, far in zip(names, names[1:], strict=False)]
    set_both = [{near: near.replace(" ", "-"), far: far.replace(" ", "-")} for near, far in pairs]
    empty = [{near: " ", far: far.replace(" ", "-")} for near, far in pairs]
    return [*set_both, *empty, {names[-1]: names[-1].replace(" ", "-")}, dict.fromkeys(names, "")]


def expected(said: dict[str, str], otherwise: str | None) -> str | None:
    return next((value for value in said.values() if value.strip()), otherwise)


@pytest.mark.parametrize("as_module", [False, True])
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
