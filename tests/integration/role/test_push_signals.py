# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real runs of the role that are interrupted in the middle of a push, and what is on the disk meanwhile."""

from __future__ import annotations

import base64
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import yaml
from kubernetes import client, config

from tests.integration.role.test_push_faults import WRITES, Watched, held
from tests.kubernetes.tests.waiting import wait_until
from tests.support.definitions import populate
from tests.support.plays import ANSIBLE_PLAYBOOK, Plays
from tests.support.role import NUMBERS
from tests.support.site import Site

ENTRIES = [
    {"name": "azure", "dynamic_secret": "prod/azure"},
    {"name": "other", "dynamic_secret": "prod/azure"},
    {"name": "aws", "dynamic_secret": "prod/aws"},
    {"name": "app", "static_secret": "prod/app"},
]


@pytest.fixture
def way(cluster: Any, tmp_path: Path) -> Iterator[Watched]:
    with Watched(cluster, tmp_path) as running:
        yield running


@pytest.fixture
def namespace(cluster: Any) -> str:
    config.load_kube_config(str(cluster.kubeconfig))
    name = f"signals-{next(NUMBERS)}"
    client.CoreV1Api().create_namespace({"metadata": {"name": name}})
    return name


def start(plays: Plays, way: Watched, namespace: str) -> subprocess.Popen[str]:
    """The role at work, in a process group of its own, as at a terminal."""
    entries = [{**entry, "namespace": namespace} for entry in ENTRIES]
    play = {
        "name": "test",
        "hosts": "all",
        "gather_facts": False,
        "roles": [{"role": "community.workload_credentials.cluster_credentials"}],
        "vars": {"cluster_credentials_entries": entries},
    }
    (plays.folder / "playbook.yml").write_text(yaml.safe_dump([play]), encoding="utf-8")
    inventory = {"all": {"hosts": {"host0": plays.host()}}}
    (plays.folder / "inventory.yml").write_text(yaml.safe_dump(inventory), encoding="utf-8")
    return subprocess.Popen(
        [str(ANSIBLE_PLAYBOOK), "-i", "inventory.yml", "playbook.yml"],
        cwd=plays.folder,
        env=plays.variables({"K8S_AUTH_KUBECONFIG": str(way.kubeconfig)}),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


@pytest.mark.newest_core
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_lease_of_an_interrupted_push_is_held_ended_or_named(
    plays: Plays, way: Watched, site: Site, namespace: str, number: signal.Signals
) -> None:
    populate(site)
    running: list[subprocess.Popen[str]] = []

    def interrupt(request: str) -> None:
        if WRITES.match(request):
            way.before = None
            os.killpg(running[0].pid, number)

    way.before = interrupt
    running.append(start(plays, way, namespace))
    output = running[0].communicate(timeout=120)[0]
    assert running[0].returncode != 0
    api = client.CoreV1Api()

    def lost() -> set[str]:
        # The worker may put things in order after Ansible itself has ended.
        living = {lease["id"] for lease in site.leases() if lease["state"] == "active"}
        return {one for one in living - held(api, namespace) if one not in output}

    assert len(site.leases()) == 3
    wait_until(lambda: not lost(), "the end of leases that nobody holds", 30)


@pytest.mark.newest_core
def test_no_value_is_on_the_disk_while_it_is_pushed(plays: Plays, way: Watched, site: Site, namespace: str) -> None:
    populate(site)
    found: list[str] = []

    def search(request: str) -> None:
        if WRITES.match(request):
            values = (b"canary-static-password", base64.b64encode(b"canary-static-password"))
            for path in plays.folder.rglob("*"):
                # The run goes on meanwhile, and removes what it needs no more.
                with suppress(FileNotFoundError):
                    if path.is_file() and any(value in path.read_bytes() for value in values):
                        found.append(str(path))

    way.before = search
    running = start(plays, way, namespace)
    output = running.communicate(timeout=120)[0]
    assert running.returncode == 0, output
    assert client.CoreV1Api().read_namespaced_secret("app", namespace).data["password"]
    assert found == []
