# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs of the role that a signal ends at a random moment: each lease is held by a Secret, ended, or named."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from typing import Any

import pytest
from kubernetes import client, config

from tests.integration.role.test_push_faults import held
from tests.support.definitions import populate
from tests.support.plays import Plays
from tests.support.role import NUMBERS
from tests.support.rounds import CALLBACK, ROUNDS, SIGNALS, kill_at_random, living, start
from tests.support.site import Site

# How many requests the Secrets API gets from a run that nobody interrupts.
REQUESTS = 8


@pytest.fixture
def namespace(cluster: Any) -> Iterator[str]:
    config.load_kube_config(str(cluster.kubeconfig))
    name = f"rounds-{next(NUMBERS)}"
    client.CoreV1Api().create_namespace({"metadata": {"name": name}})
    yield name
    client.CoreV1Api().delete_namespace(name)


def role(namespace: str, state: str = "present") -> dict[str, Any]:
    paths = ["prod/azure", "prod/azure", "prod/azure", "prod/azure", "prod/aws", "prod/azure"]
    entries = [
        {"name": f"app{number}", "namespace": namespace, "dynamic_secret": path} for number, path in enumerate(paths)
    ]
    run = {"role": "community.workload_credentials.cluster_credentials"}
    variables = {"cluster_credentials_entries": entries, "cluster_credentials_state": state}
    return {"hosts": "all", "gather_facts": False, "roles": [run], "vars": variables}


@pytest.mark.newest_core
@pytest.mark.parametrize("round_", ROUNDS)
@pytest.mark.parametrize("number", SIGNALS)
def test_no_lease_is_lost(
    plays: Plays, site: Site, cluster: Any, namespace: str, number: signal.Signals, round_: int
) -> None:
    populate(site)
    environment = {**CALLBACK, "K8S_AUTH_KUBECONFIG": str(cluster.kubeconfig)}
    process = start(plays, role(namespace), environment)
    killed = kill_at_random(plays, site, process, number, REQUESTS, f"role {number} {round_}")
    api = client.CoreV1Api()
    if number == signal.SIGKILL:
        again = plays.playbook([role(namespace)], environment=environment)
        assert again.status == 0, again.output
        # Whose a lease is whose answer nobody has seen is known only if another one says who this run was.
        unknown = {one for one in living(site, "azure") if f"It may be one of {one}" in " ".join(again.output.split())}
        assert living(site, "azure") <= held(api, namespace) | unknown, (killed, again.output)
        assert len(held(api, namespace)) == 6
        killed_or_named = {one for one in living(site) if one in killed.output + again.output}
    else:
        killed_or_named = {one for one in living(site) if one in killed.output}
        assert living(site, "azure") - killed_or_named <= held(api, namespace), (killed,)
    assert living(site) <= held(api, namespace) | killed_or_named, (killed,)
