# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The same over ssh, with an sshd on this machine's loopback, and with sudo where that asks for no password."""

from __future__ import annotations

import getpass
import os
import pwd
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.hosts.conftest import Host
from tests.integration.hosts.test_faults import holders, secret_of
from tests.support.site import Site

SSHD = shutil.which("sshd", path=os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"]))


def may_run() -> bool:
    """Whether sshd would start: for root it needs a user and a folder of its own."""
    if SSHD is None or shutil.which("ssh") is None or shutil.which("ssh-keygen") is None:
        return False
    names = {entry.pw_name for entry in pwd.getpwall()}
    return os.geteuid() != 0 or ("sshd" in names and Path("/run/sshd").is_dir())


pytestmark = [pytest.mark.one_core, pytest.mark.skipif(not may_run(), reason="there is no sshd that could start")]


@pytest.fixture
def inventory(tmp_path: Path) -> Iterator[dict[str, Any]]:
    """A host that is reached over ssh, as the user that runs the tests."""
    for name in ("host_key", "key"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / name)], check=True)
    port = free_port()
    options = {
        "Port": port,
        "ListenAddress": "127.0.0.1",
        "HostKey": tmp_path / "host_key",
        "PidFile": "none",
        "AuthorizedKeysFile": tmp_path / "key.pub",
        "StrictModes": "no",
        "UsePAM": "no",
        "MaxStartups": "100",
    }
    lines = "".join(f"{name} {value}\n" for name, value in options.items())
    (tmp_path / "sshd_config").write_text(lines)
    command = [str(SSHD), "-D", "-e", "-f", str(tmp_path / "sshd_config")]
    reach = {"StrictHostKeyChecking": "no", "UserKnownHostsFile": "/dev/null", "ControlMaster": "no"}
    # sshd needs a moment before it listens.
    arguments = " ".join(f"-o {name}={value}" for name, value in {**reach, "ConnectionAttempts": 9}.items())
    with (tmp_path / "sshd.log").open("w") as log, subprocess.Popen(command, stderr=log) as server:
        try:
            yield {
                "ansible_host": "127.0.0.1",
                "ansible_port": port,
                "ansible_user": getpass.getuser(),
                "ansible_ssh_private_key_file": str(tmp_path / "key"),
                "ansible_ssh_args": arguments,
                "ansible_python_interpreter": sys.executable,
            }
        finally:
            server.terminate()


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def sudo_works() -> bool:
    return shutil.which("sudo") is not None and subprocess.run(["sudo", "-n", "true"], check=False).returncode == 0


@pytest.mark.parametrize("becomes", [False, True])
def test_three_runs_over_ssh_and_no_file_of_ansible_holds_a_value(
    host: Host, site: Site, inventory: dict[str, Any], tmp_path: Path, becomes: bool
) -> None:
    if becomes and not sudo_works():
        pytest.skip("sudo is missing, or asks for a password")
    play = {
        "hosts": "all",
        "gather_facts": False,
        "become": becomes,
        "tasks": [{**host.task(), "notify": "restart"}],
        "handlers": [{"name": "restart", "ansible.builtin.debug": {"msg": "restarted"}}],
    }
    # The user's own setting does not matter.
    environment = {"ANSIBLE_PIPELINING": "0", "ANSIBLE_DEBUG": "1"}
    outputs = []
    for _run in range(3):
        outcome = host.plays.playbook(
            [play], inventory={"web": inventory}, environment=environment, arguments=["-vvvvv"]
        )
        assert outcome.status == 0, outcome.output
        outputs.append(outcome.output)
    assert [output.count('"restarted"') for output in outputs] == [1, 0, 0]
    assert len(site.leases()) == 1
    value = secret_of(host.file)
    assert not any(value in output for output in outputs)
    assert holders(value, tmp_path, Path.home() / ".ansible") == [host.file.name]


def test_a_host_that_is_gone_is_unreachable_and_nothing_is_minted(
    host: Host, site: Site, inventory: dict[str, Any]
) -> None:
    gone = {**inventory, "ansible_port": free_port(), "ansible_ssh_args": "-o ConnectTimeout=5"}
    play = {"hosts": "all", "gather_facts": False, "tasks": [host.task()]}
    outcome = host.plays.playbook([play], inventory={"web": gone})
    assert "unreachable=1" in outcome.output
    assert site.leases() == []
