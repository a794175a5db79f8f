# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One real run of the demo's playbook."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workload_credentials_emulator.server import DEMO_SITE, DEMO_TOKEN

_PLAYBOOKS = Path(__file__).parents[2] / "playbooks"
PLAYBOOK, ACCOUNT = _PLAYBOOKS / "main_job.yml", _PLAYBOOKS / "service_account.yml"
HOST_FILE = _PLAYBOOKS / "credentials_file.yml"


@dataclass(frozen=True)
class Run:
    """What ansible-playbook said."""

    status: int
    output: str

    @property
    def tasks(self) -> int:
        """How many tasks ran."""
        return self._recap("ok")

    @property
    def changed(self) -> int:
        """How many of them changed something."""
        return self._recap("changed")

    @property
    def said(self) -> list[str]:
        """What its last message says, line by line."""
        message = self.output.rpartition('"msg": [')[2].partition("]")[0]
        return [line.strip().strip('",') for line in message.strip().splitlines()]

    def _recap(self, name: str) -> int:
        found = re.search(rf"\b{name}=(\d+)", self.output)
        return int(found.group(1)) if found else -1


def connection_of(service: Any) -> dict[str, str]:
    """The environment of a run that works with this service."""
    return {
        **os.environ,
        "ANSIBLE_LOCALHOST_WARNING": "False",
        "ANSIBLE_INVENTORY_UNPARSED_WARNING": "False",
        "ANSIBLE_NOCOLOR": "True",
        "BEYONDTRUST_API_URL": service.url,
        "BEYONDTRUST_SITE_ID": DEMO_SITE,
        "BEYONDTRUST_ACCESS_TOKEN": DEMO_TOKEN,
        "BEYONDTRUST_CA_CERT": str(service.ca_cert),
    }


def run_playbook(service: Any, cluster: Any, folder: Path, playbook: Path = PLAYBOOK) -> Run:
    """Run one against these servers; the configuration file goes into the folder."""
    done = subprocess.run(
        [str(Path(sys.executable).with_name("ansible-playbook")), str(playbook)],
        env={
            **connection_of(service),
            "K8S_AUTH_KUBECONFIG": str(cluster.kubeconfig),
            "AZURE_CLIENT_SECRET": "demo-client-secret",
            "DATABASE_PASSWORD": "demo-database-password",
            "CONFIG_FILE": str(folder / "aws-credentials"),
            "HOST_FILE": str(folder / "azure.env"),
            "MANIFESTS_DIR": str(folder / "manifests"),
        },
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return Run(done.returncode, done.stdout)
