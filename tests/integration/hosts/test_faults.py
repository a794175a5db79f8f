# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run that breaks off: each lease is held by the file, ended or named, no value stays, the next run goes on."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.integration.hosts.conftest import MODULE, Host
from tests.support.rounds import ended, kill, living, start
from tests.support.site import Site

pytestmark = pytest.mark.one_core


@dataclass(frozen=True)
class Stopped:
    """A run whose part on the host waits in ``validate``: everything is written, and nothing is in its place.

    :arg part: the process of the part on the host.
    """

    run: subprocess.Popen[str]
    part: int
    go: Path

    def release(self) -> None:
        """Let the host go on."""
        self.go.write_text("go")


@pytest.fixture
def stopped(host: Host, tmp_path: Path) -> Iterator[Stopped]:
    ready, go = tmp_path / "ready", tmp_path / "go"
    for fifo in (ready, go):
        os.mkfifo(fifo)
    task = host.task(validate=f"sh -c 'echo $PPID > {ready}; read line < {go}; :' %s")
    play = {"hosts": "all", "gather_facts": False, "tasks": [task]}
    # As on another machine, no signal to the run reaches the host.
    python = tmp_path / "python-of-the-host"
    python.write_text(f'#!/bin/sh\nexec setsid --wait "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    inventory = {"host0": {**host.plays.host(), "ansible_python_interpreter": str(python)}}
    run = start(host.plays, play, {}, inventory)
    yield Stopped(run, int(ready.read_text()), go)
    with suppress(OSError):
        # The command that waits, where nobody has let it go on.
        os.close(os.open(go, os.O_WRONLY | os.O_NONBLOCK))
    if run.poll() is None:
        kill(host.plays, run)
        run.wait(60)


def secret_of(path: Path) -> str:
    return next(line for line in path.read_text().splitlines() if "SECRET" in line).split('"')[1]


def holders(value: str, *folders: Path) -> list[str]:
    """The files in which a value is."""
    found: list[str] = []
    for folder in folders:
        for place, _folders, names in os.walk(folder):
            for name in names:
                path = Path(place) / name
                if path.is_file() and value.encode() in path.read_bytes():
                    found.append(name)
    return found


def test_a_controller_that_is_killed_after_the_host_began_leaves_the_file_its_lease(
    host: Host, site: Site, stopped: Stopped
) -> None:
    kill(host.plays, stopped.run)
    stopped.run.wait(60)
    descriptor = os.pidfd_open(stopped.part)
    stopped.release()
    wait_for_end(descriptor)
    (lease,) = living(site)
    kept = host.run().ok().result
    assert (kept["changed"], kept["lease_id"]) == (False, lease)
    assert living(site) == {lease}


def test_a_kill_of_all_before_the_file_is_in_place_costs_a_lease_that_the_next_run_ends(
    host: Host, site: Site, stopped: Stopped, tmp_path: Path
) -> None:
    (fresh,) = host.folder.iterdir()
    value = secret_of(fresh)
    assert holders(value, tmp_path) == [fresh.name]
    assert fresh.stat().st_mode & 0o777 == 0o600
    kill(host.plays, stopped.run)
    stopped.run.wait(60)
    descriptor = os.pidfd_open(stopped.part)
    os.kill(stopped.part, signal.SIGKILL)
    wait_for_end(descriptor)
    assert holders(value, tmp_path) == [fresh.name]
    (lost,) = living(site)
    made = host.run().ok().result
    assert made["changed"]
    assert living(site) == {made["lease_id"]}
    assert made["lease_id"] != lost
    assert holders(value, tmp_path) == []
    assert not host.run().ok().result["changed"]


def wait_for_end(descriptor: int) -> None:
    """Wait for the end of a process that is no child of this one."""
    select.select([descriptor], [], [])
    os.close(descriptor)


def test_after_ctrl_c_the_lease_is_held_or_ended(host: Host, site: Site, stopped: Stopped) -> None:
    os.killpg(stopped.run.pid, signal.SIGINT)
    stopped.release()
    ended(host.plays, stopped.run)
    made = host.run().ok().result
    assert living(site) == {made["lease_id"]}


def test_a_host_that_is_lost_before_it_writes_costs_a_lease_that_is_named_and_that_the_next_run_ends(
    host: Host, site: Site, tmp_path: Path
) -> None:
    # The first step looks, the second writes.
    plugins = tmp_path / "connection_plugins"
    plugins.mkdir()
    (plugins / "lost.py").write_text(LOST)
    inventory = {"host0": {**host.plays.host(), "ansible_connection": "lost"}}
    journals = {"WORKLOAD_CREDENTIALS_JOURNAL_DIR": str(tmp_path / "journals")}
    environment = {"ANSIBLE_CONNECTION_PLUGINS": str(plugins), "LOST_AFTER": "1", **journals}
    play: dict[str, Any] = {"hosts": "all", "gather_facts": False, "tasks": [host.task()]}
    outcome = host.plays.playbook([play], inventory=inventory, environment=environment)
    assert "unreachable=1" in outcome.output
    (lease,) = living(site)
    assert lease in outcome.output, "it is not known whether the host has it"
    made = host.plays.playbook([play], inventory=inventory, environment={**environment, "LOST_AFTER": "9"})
    assert made.status == 0, made.output
    assert living(site) == {host.noted["lease"]["id"]}
    assert lease not in living(site)


LOST = """
from ansible.errors import AnsibleConnectionFailure
from ansible.plugins.connection.local import Connection as Local, DOCUMENTATION
import os

class Connection(Local):
    calls = 0
    def exec_command(self, cmd, in_data=None, sudoable=True):
        if in_data is not None:
            Connection.calls += 1
            if Connection.calls > int(os.environ["LOST_AFTER"]):
                raise AnsibleConnectionFailure("the host is gone")
        return super().exec_command(cmd, in_data=in_data, sudoable=sudoable)
"""


def test_no_value_is_in_any_output_and_no_temporary_file_of_ansible_holds_one(
    host: Host, site: Site, tmp_path: Path
) -> None:
    watch = {"ANSIBLE_DEBUG": "1", "ANSIBLE_PIPELINING": "0"}
    outcome = host.run("-vvvvv", "--diff", environment=watch).ok()
    value = secret_of(host.file)
    assert outcome.result["changed"]
    assert value not in outcome.output
    assert "AnsiballZ" not in str(outcome.result)
    assert holders(value, tmp_path) == [host.file.name]
    static = {"dynamic_secret": None, "static_secret": "prod/app", "path": str(host.folder / "static")}
    again = host.run("-vvvvv", "--diff", environment=watch, **static).ok()
    assert "canary-static-password" not in again.output
    assert holders("canary-static-password", host.folder, tmp_path / "ansible") == ["static"]


@pytest.mark.parametrize(
    ("environment", "variables", "words"),
    [
        ({"ANSIBLE_KEEP_REMOTE_FILES": "1"}, {}, "keep_remote_files is on"),
        ({}, {"ansible_become": True, "ansible_become_method": "ansible.builtin.su"}, "su has no pipelining"),
    ],
)
def test_where_files_cannot_be_avoided_the_task_is_refused_unless_told_otherwise(
    host: Host, site: Site, environment: dict[str, str], variables: dict[str, Any], words: str
) -> None:
    inventory = {"host0": {**host.plays.host(), **variables}}
    play: dict[str, Any] = {"hosts": "all", "gather_facts": False, "tasks": [host.task()]}
    refused = host.plays.playbook([play], inventory=inventory, environment=environment)
    assert refused.status != 0
    assert words in " ".join(refused.output.split())
    assert site.leases() == []
    play["tasks"] = [host.task(allow_temporary_files=True)]
    told = host.plays.playbook([play], inventory=inventory, environment=environment)
    assert told.status == 0, told.output


@pytest.mark.thorough
def test_two_hundred_hosts_cost_a_lease_each_and_then_one_list(host: Host, site: Site) -> None:
    task = {MODULE: {"path": f"{host.folder}/{{{{ inventory_hostname }}}}", "dynamic_secret": "prod/azure"}}
    for forks in ("50", "50"):
        site.forget()
        host.plays.tasks([task], hosts=200, arguments=["-f", forks]).ok()
        assert len(site.leases()) == 200
    assert site.requests() == ["GET /leases/azure?folder=prod"]
