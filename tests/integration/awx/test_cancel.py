# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A job that is cancelled as AWX does it, by ansible-runner: the next job with the same journal ends its leases."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest
import yaml

from tests.support.definitions import populate
from tests.support.plays import Plays
from tests.support.rounds import CALLBACK, living
from tests.support.site import Site

pytestmark = pytest.mark.one_core
LOOKUP = "lookup('community.workload_credentials.dynamic_credentials', 'prod/azure', reuse='never') | length"
MINTING = {"name": "leases", "ansible.builtin.debug": {"msg": f"{{{{ {LOOKUP} }}}}"}, "loop": [1, 2, 3]}
# Longer than it takes to cancel the job; what does it outlives the job.
WORKING = {"name": "work", "ansible.builtin.command": "sleep 60"}


# A process of its own: the runner forks, which a process with threads had better not.
RUN = """
import sys
from pathlib import Path
import ansible_runner
folder = Path(sys.argv[1])
done = ansible_runner.run(private_data_dir=str(folder), playbook="play.yml", cancel_callback=(folder / "cancel").exists)
print("status:", done.status)
"""


def job(plays: Plays, number: int, tasks: list[dict[str, Any]]) -> subprocess.Popen[str]:
    """A job in a folder of its own, as each has a container of its own."""
    folder = plays.folder / f"job-{number}"
    journal = {"WORKLOAD_CREDENTIALS_JOURNAL_DIR": str(plays.folder / "journal")}
    own = plays.variables({**CALLBACK, **journal, "ANSIBLE_HOME": str(folder / "ansible")})
    play = [{"hosts": "localhost", "connection": "local", "gather_facts": False, "tasks": tasks}]
    files = {"env/envvars": json.dumps(own), "project/play.yml": yaml.safe_dump(play), "inventory/hosts": "localhost"}
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return subprocess.Popen(
        [sys.executable, "-c", RUN, str(folder)],
        env=own,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def test_the_next_job_ends_what_a_cancelled_one_has_left(plays: Plays, site: Site) -> None:
    populate(site)
    cancelled = job(plays, 1, [MINTING, WORKING])
    while len(site.leases()) < 3 and cancelled.poll() is None:
        pass
    (plays.folder / "job-1" / "cancel").touch()
    assert "status: canceled" in cancelled.communicate()[0]
    assert len(living(site)) == 3
    output = job(plays, 2, []).communicate()[0]
    assert "status: successful" in output
    assert living(site) == set()
    assert "LEASES OF DEAD RUNS" in output
    assert output.count("  revoked") == 3
    assert list((plays.folder / "journal").glob("*/minted/*")) == []
