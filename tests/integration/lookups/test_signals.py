# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs with lookups and modules that a signal ends at a random moment: no lease lives on that nobody names."""

from __future__ import annotations

import json
import signal
from typing import Any

import pytest

from tests.support.definitions import populate
from tests.support.plays import Plays
from tests.support.rounds import CALLBACK, ROUNDS, SIGNALS, kill_at_random, living, notes_of, start
from tests.support.site import Site

COLLECTION = "community.workload_credentials"
DYNAMIC = f"{COLLECTION}.dynamic_credentials"
ENVIRONMENT = {**CALLBACK, "WORKLOAD_CREDENTIALS_JSON_LINE": "1"}
# How many requests the play sends when nobody interrupts it.
REQUESTS = 21


def lookup(*paths: str, **options: Any) -> str:
    terms = ", ".join(f"'{path}'" for path in paths)
    more = "".join(f", {name}={value!r}" for name, value in options.items())
    return "{{ query('" + DYNAMIC + "', " + terms + more + ") | length }}"


PLAY = {
    "hosts": "all",
    "gather_facts": False,
    "tasks": [
        {"name": "one lease", "ansible.builtin.debug": {"msg": lookup("prod/azure")}},
        {"name": "several", "ansible.builtin.debug": {"msg": lookup(*["prod/azure", "prod/aws"] * 2, reuse="never")}},
        {"name": "a module", DYNAMIC: {"path": "prod/azure"}},
        {"name": "shared", "ansible.builtin.debug": {"msg": lookup("prod/azure", reuse="run")}},
    ],
}


def run_on(plays: Plays, site: Site, number: signal.Signals, seed: str) -> Any:
    inventory = {"host0": plays.host(), "host1": plays.host(), "host2": plays.host(as_module=True)}
    process = start(plays, PLAY, ENVIRONMENT, inventory)
    return kill_at_random(plays, site, process, number, REQUESTS, seed)


def told(output: str) -> dict[str, dict[str, Any]]:
    """The leases that the callback plugin named, by ID."""
    lines = [json.loads(line) for line in output.splitlines() if line.startswith('{"workload_credentials_leases"')]
    reports = [line["workload_credentials_leases"] for line in lines]
    return {one["lease_id"]: one for report in reports for side in ("own", "dead") for one in report[side]}


@pytest.mark.parametrize("round_", ROUNDS)
@pytest.mark.parametrize("number", SIGNALS)
def test_no_lease_is_lost(plays: Plays, site: Site, number: signal.Signals, round_: int) -> None:
    populate(site)
    killed = run_on(plays, site, number, f"lookups {number} {round_}")
    output = killed.output
    if number == signal.SIGKILL:
        nothing = {"hosts": "all", "gather_facts": False, "tasks": []}
        output = plays.playbook([nothing], environment=ENVIRONMENT).output
        assert notes_of(plays) == []
    # Whose a lease is whose answer nobody has seen is known only if another one says who this run was.
    unknown = {one for one in living(site, "azure") if number == signal.SIGKILL and f"It may be one of {one}" in output}
    assert living(site, "azure") == unknown, (killed, output)
    assert len(unknown) <= 1, (killed, output)
    assert living(site, "aws") <= told(output).keys(), (killed, output)
