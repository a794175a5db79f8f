# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Leases over a run: shared by its workers however it is organised, renewed in its middle, ended with it."""

from __future__ import annotations

import os
import signal
import subprocess
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.definitions import do, populate
from tests.support.plays import ANSIBLE_PLAYBOOK, Plays
from tests.support.represented import represented
from tests.support.site import TOKEN, Site

COLLECTION = "community.workload_credentials"
DYNAMIC = f"{COLLECTION}.dynamic_credentials"
PAIR = "{{ creds.accessKeyId }} {{ creds.secretAccessKey }} {{ creds.leaseId }}"
# A script needs no module process; async has to have one.
USED = {
    "args": {"chdir": "{{ playbook_dir }}"},
    "environment": {"A": "{{ creds.leaseId }}", "B": "{{ creds.leaseId }}"},
    "changed_when": False,
}
_SAW = f"{Path(__file__).with_name('saw.sh')} {{{{ inventory_hostname }}}} {{{{ creds.leaseId }}}}"
USE = {"name": "use", "ansible.builtin.script": _SAW, **USED}
USE_LATER = {"name": "use", "ansible.builtin.command": _SAW, **USED, "async": 300, "poll": 1}


def creds(path: str = "prod/aws", **options: str) -> str:
    more = "".join(f", {name}='{value}'" for name, value in options.items())
    return "{{ lookup('" + DYNAMIC + "', '" + path + "'" + more + ") }}"


@pytest.fixture(autouse=True)
def definitions(site: Site) -> None:
    """Something to generate from."""
    populate(site)


def seen(plays: Plays) -> Counter[tuple[str, ...]]:
    """How often each host's uses saw which leases."""
    lines = [line for path in plays.folder.glob("seen-host*") for line in path.read_text().splitlines()]
    return Counter(tuple(line.split()) for line in lines)


def hosts(plays: Plays, number: int) -> dict[str, dict[str, str]]:
    return {f"host{index}": plays.host() for index in range(number)}


@pytest.mark.parametrize(
    ("reuse", "keywords", "leases"),
    [
        ("host", {}, 6),
        pytest.param("host", {"strategy": "free"}, 6, marks=pytest.mark.thorough),
        ("run", {"strategy": "free"}, 1),
        pytest.param("run", {"serial": 4}, 1, marks=pytest.mark.thorough),
    ],
)
def test_leases_are_as_many_as_hosts_or_one(
    plays: Plays, site: Site, reuse: str, keywords: dict[str, Any], leases: int
) -> None:
    play = {"hosts": "all", "gather_facts": False, "vars": {"creds": creds(reuse=reuse)}, "tasks": [USE, USE]}
    outcome = plays.playbook([{**play, **keywords}], inventory=hosts(plays, 6), arguments=("--forks", "50"))
    assert outcome.status == 0, outcome.output
    assert len(site.leases()) == leases
    assert sum(seen(plays).values()) == 12
    assert all(first == second for first, second in seen(plays))


@pytest.mark.thorough
def test_included_roles_loops_and_async_tasks_share_the_hosts_lease(plays: Plays, site: Site) -> None:
    tasks = plays.folder / "roles" / "user" / "tasks"
    tasks.mkdir(parents=True)
    (tasks / "main.yml").write_text(yaml.safe_dump([USE]), encoding="utf-8")
    include = {"name": "include", "ansible.builtin.include_role": {"name": "user"}, "loop": [1, 2, 3]}
    looped = {**USE, "loop": [1, 2, 3]}
    play = {"hosts": "all", "gather_facts": False, "vars": {"creds": creds()}, "tasks": [include, looped, USE_LATER]}
    outcome = plays.playbook([play], inventory=hosts(plays, 2))
    assert outcome.status == 0, outcome.output
    assert len(site.leases()) == 2
    assert sorted(seen(plays).values()) == [7, 7]


@pytest.mark.newest_core
def test_a_lease_that_expires_in_the_middle_is_followed_by_a_fresh_whole_pair(plays: Plays, site: Site) -> None:
    control = {"url": f"{site.emulator.url}/_control/clock", "method": "POST", "body_format": "json"}
    clock = {**control, "ca_path": str(site.emulator.ca_cert), "body": {"reset": True}}
    expired = {
        "name": "wait until it has expired",
        f"{COLLECTION}.lease_info": {"path": "prod/aws"},
        "register": "living",
        "until": "living.leases | length == 0",
        "retries": 20,
        "delay": 1,
    }
    # With a clock that is an hour slow, the lease of an hour ends seconds from now. Half of them are for the first use,
    # which on a busy machine takes its time.
    site.advance_clock(-3590)
    tasks = [USE, {"name": "clock", "ansible.builtin.uri": clock}, expired, USE, USE]
    play = {"hosts": "all", "gather_facts": False, "vars": {"creds": creds()}, "tasks": tasks}
    outcome = plays.playbook([play])
    assert outcome.status == 0, outcome.output
    assert len(site.leases()) == 2
    assert sorted(seen(plays).values()) == [1, 2]
    assert all(first == second for first, second in seen(plays))


@pytest.mark.one_core
def test_several_runs_at_once_do_not_share(plays: Plays, site: Site, tmp_path: Path) -> None:
    def run(number: int) -> None:
        folder = tmp_path / str(number)
        folder.mkdir()
        one = Plays(folder, plays.environment)
        play = {"hosts": "all", "gather_facts": False, "vars": {"creds": creds()}, "tasks": [USE, USE]}
        outcome = one.playbook([play])
        assert outcome.status == 0, outcome.output
        assert sum(seen(one).values()) == 2

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(run, range(3)))
    assert len(site.leases()) == 3


@pytest.mark.parametrize("as_module", [False, True])
def test_what_a_run_minted_ends_with_it(plays: Plays, site: Site, as_module: bool) -> None:
    mint = {"name": "module", DYNAMIC: {"path": "prod/azure"}, "register": "minted"}
    read = {"name": "lookup", "ansible.builtin.debug": {"msg": "{{ (creds, other) | length }}"}}
    kept = {"name": "kept", "ansible.builtin.debug": {"msg": "{{ outliving | length }}"}}
    clean = {"name": "end", f"{COLLECTION}.lease": {"minted": "run"}, "run_once": True}
    play = {
        "hosts": "all",
        "gather_facts": False,
        "vars": {
            "creds": creds("prod/azure"),
            "other": creds("prod/azure", reuse="never"),
            "outliving": "{{ lookup('" + DYNAMIC + "', 'prod/azure', reuse='never', outlives_run=true) }}",
            "aws": creds(),
        },
        "tasks": [
            {
                "name": "work",
                "block": [mint, read, kept, {"name": "fails", "ansible.builtin.fail": {"msg": "{{ aws | length }}"}}],
                "always": [clean, {"name": "again", "ansible.builtin.debug": {"msg": "{{ creds | length }}"}}, clean],
            }
        ],
    }
    inventory = {f"host{number}": plays.host(as_module=as_module) for number in range(2)}
    outcome = plays.playbook([play], inventory=inventory)
    assert outcome.status != 0
    leases = Counter((lease["type"], lease["state"]) for lease in site.leases())
    # Two hosts: module, one shared and one unshared lookup, and the one that was asked for after the first clean-up.
    assert leases == {("azure", "revoked"): 8, ("azure", "active"): 2, ("aws", "active"): 2}
    shown = " ".join(outcome.output.split())
    assert "These leases cannot be revoked and are valid until they expire" in shown
    # ansible-core 2.16 breaks the lines of a warning at the hyphens of an ID, too.
    packed = "".join(outcome.output.split())
    for lease in site.leases():
        assert lease["type"] == "azure" or lease["id"] in packed


@pytest.mark.one_core
def test_ending_what_a_run_minted_needs_no_lease_and_does_nothing_in_check_mode(plays: Plays, site: Site) -> None:
    task = {f"{COLLECTION}.lease": {"minted": "run"}}
    outcome = plays.tasks([task, {f"{COLLECTION}.lease": {"minted": "play"}}])
    assert (outcome.results[0]["changed"], outcome.results[0]["revoked"]) == (False, [])
    assert "minted must be one of: run" in outcome.results[1]["msg"]
    mint = {DYNAMIC: {"path": "prod/azure"}}
    predicted = plays.tasks([mint, {**task, "check_mode": True}, task]).ok()
    assert predicted.results[1]["changed"]
    assert predicted.results[1]["revoked"] == predicted.results[2]["revoked"] == [site.leases()[0]["id"]]


@pytest.mark.one_core
@pytest.mark.parametrize("as_module", represented([False, True], by=[False]))
def test_check_mode_foresees_the_end_of_what_it_did_not_mint(plays: Plays, site: Site, as_module: bool) -> None:
    """Whichever way a lease is named: the same changes as in a real run."""
    lease = f"{COLLECTION}.lease"
    aws, azure = {DYNAMIC: {"path": "prod/aws"}}, {DYNAMIC: {"path": "/prod/azure"}}
    read = {"ansible.builtin.set_fact": {"found": "{{ lookup('" + DYNAMIC + "', 'prod/azure', key='leaseId') }}"}}
    tasks = [
        {lease: {"minted": "run"}},
        *(azure, {lease: {"lease_id": "{{ result_1.lease_id }}"}}, {lease: {"path": "prod/azure"}}),
        *(azure, {lease: {"path": "prod/azure"}}, {lease: {"minted": "run"}}),
        *(azure, azure, {lease: {"lease_ids": "{{ result_7.lease_id }},{{ result_8.lease_id }}"}}),
        *(read, read, {lease: {"lease_id": "{{ found }}"}}, {lease: {"minted": "run"}}),
        *(aws, {lease: {"lease_id": "{{ result_14.lease_id }}", "on_not_revocable": "ignore"}}),
        *(azure, azure, {lease: {"lease_id": "{{ result_16.lease_id }}"}}, {lease: {"minted": "run"}}),
    ]
    if as_module:
        # The worker foresees it for module processes too: some tell whether it learns what they did.
        tasks = tasks[:4]
    predicted, real = (plays.tasks(tasks, as_module=as_module, arguments=more).ok() for more in (("--check",), ()))
    changed = [[result["changed"] for result in outcome.results] for outcome in (predicted, real)]
    assert changed[0] == changed[1]
    assert True in changed[1]


@pytest.mark.one_core
def test_a_lease_that_a_task_ended_is_not_used_again(plays: Plays, site: Site) -> None:
    lease_id = "{{ lookup('" + DYNAMIC + "', 'prod/azure', key='leaseId') }}"
    read = {"ansible.builtin.set_fact": {"found": lease_id}}
    results = plays.tasks([read, {f"{COLLECTION}.lease": {"lease_id": lease_id}}, read]).ok().results
    assert results[1]["revoked"] == [results[0]["ansible_facts"]["found"]]
    assert results[2]["ansible_facts"]["found"] != results[0]["ansible_facts"]["found"]


def test_what_lies_on_disk_during_a_run_is_sealed_and_goes_with_it_even_after_ctrl_c(plays: Plays, site: Site) -> None:
    fifo = plays.folder / "go"
    os.mkfifo(fifo)
    wait = {"name": "wait", "ansible.builtin.command": f"cat {fifo}", "changed_when": False}
    play = {"hosts": "all", "gather_facts": False, "vars": {"creds": creds()}, "tasks": [USE, wait]}
    temporary = plays.folder / "tmp"
    environment = {**plays.environment, "ANSIBLE_LOCAL_TEMP": str(temporary)}
    process = started(Plays(plays.folder, environment), play)
    # The task that waits reads the other end: then the run is in the middle.
    writer = os.open(fifo, os.O_WRONLY)
    kept = [path for path in temporary.rglob("*") if path.is_file() and "workload-credentials" in str(path)]
    content = b"".join(path.read_bytes() for path in kept)
    assert len(kept) >= 2
    lease = site.leases()[0]["id"]
    assert not any(word in content for word in (b"ASIA", TOKEN.encode()))
    # Notes name what they are about; nothing else does.
    sealed = b"".join(path.read_bytes() for path in kept if path.parent.name != "minted")
    assert not any(word in sealed for word in (b"prod", lease.encode()))
    os.killpg(process.pid, signal.SIGINT)
    process.wait(60)
    os.close(writer)
    assert list(temporary.rglob("*workload-credentials*")) == []


@pytest.mark.one_core
def test_where_no_note_can_be_taken_nothing_is_minted(plays: Plays, site: Site) -> None:
    temporary = plays.folder / "tmp"
    full = {
        "ansible.builtin.shell": f"for run in {temporary}/ansible-local-*; do touch $run/workload-credentials; done"
    }
    text = "{{ lookup('" + DYNAMIC + "', 'prod/azure', key='leaseId', reuse='%s') }}"
    read, never = ({"ansible.builtin.set_fact": {"found": text % reuse}} for reuse in ("host", "never"))
    tasks = [full, {DYNAMIC: {"path": "prod/azure"}}, never, read]
    outcome = plays.tasks(tasks, environment={"ANSIBLE_LOCAL_TEMP": str(temporary)})
    assert all("Nothing can be written to this run's folder" in one["msg"] for one in outcome.results[1:])
    assert site.leases() == []


def started(plays: Plays, play: dict[str, Any]) -> subprocess.Popen[bytes]:
    """A run in the background, in a process group of its own."""
    (plays.folder / "inventory.yml").write_text(yaml.safe_dump({"all": {"hosts": {"host0": plays.host()}}}))
    (plays.folder / "playbook.yml").write_text(yaml.safe_dump([play]))
    return subprocess.Popen(
        [str(ANSIBLE_PLAYBOOK), "-i", "inventory.yml", "playbook.yml"],
        cwd=plays.folder,
        env=plays.variables({}),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


@pytest.mark.one_core
def test_many_terms_are_generated_at_most_so_many_at_a_time(plays: Plays, site: Site) -> None:
    for number in range(6):
        do(site, "static_secret", path=f"prod/s{number}", secret={"n": number})
    terms = ", ".join(f"'prod/s{number}'" for number in range(6))
    lookup = f"query('{COLLECTION}.static_secret', {terms}, key='n', concurrency=%s)"
    tasks = [{"ansible.builtin.set_fact": {"found": "{{ " + lookup % limit + " }}"}} for limit in (1, 3, 0, 65)]
    results = plays.tasks(tasks).results
    assert [result["ansible_facts"]["found"] for result in results[:2]] == [list(range(6))] * 2
    assert all("concurrency: it must be from 1 to 64" in result["msg"] for result in results[2:])
