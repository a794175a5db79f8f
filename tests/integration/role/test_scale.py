# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Many entries, and several clusters at once: each host of the play is a cluster, with its own connection."""

from __future__ import annotations

import re
from typing import Any

import pytest
from kubernetes import client, config

from tests.support.definitions import populate
from tests.support.plays import Plays
from tests.support.site import Site

pytestmark = pytest.mark.one_core
NAMESPACES, ENTRIES = 20, 100
MINE = "app.kubernetes.io/managed-by=community.workload_credentials"


@pytest.mark.thorough
def test_a_hundred_entries_in_twenty_namespaces_of_two_clusters(plays: Plays, site: Site, cluster: Any) -> None:
    from tests.kubernetes.control_plane import ControlPlane

    populate(site)
    entries = [
        {"name": f"aws-{number}", "namespace": f"scale-{number % NAMESPACES}", "dynamic_secret": "prod/aws"}
        for number in range(ENTRIES)
    ]
    play = {
        "name": "clusters",
        "hosts": "all",
        "gather_facts": False,
        "module_defaults": {"group/kubernetes.core.k8s": {"kubeconfig": "{{ kubeconfig }}"}},
        "roles": [{"role": "community.workload_credentials.cluster_credentials"}],
        "vars": {"cluster_credentials_create_namespaces": True, "cluster_credentials_entries": entries},
    }
    with ControlPlane() as other:
        clusters = {"one": cluster, "two": other}
        inventory = {name: {**plays.host(), "kubeconfig": str(one.kubeconfig)} for name, one in clusters.items()}
        first = plays.playbook([play], inventory=inventory)
        assert first.status == 0, first.output
        held = {name: leases_in(str(one.kubeconfig)) for name, one in clusters.items()}
        minted = {lease["id"] for lease in site.leases()}
        assert [len(leases) for leases in held.values()] == [ENTRIES, ENTRIES]
        assert set().union(*held.values()) == minted
        site.forget()
        again = plays.playbook([play], inventory=inventory)
        assert re.findall(r"changed=(\d+)", again.output) == ["0", "0"], again.output
        # Whether their leases live is one list a definition.
        assert {line.split()[0] for line in site.requests()} == {"GET"}
        assert len(site.requests()) == 2 * len({entry["dynamic_secret"] for entry in entries})
        assert {name: leases_in(str(one.kubeconfig)) for name, one in clusters.items()} == held
    one_entry = {**play["vars"], "cluster_credentials_entries": entries[:1]}  # type: ignore[dict-item]
    least = plays.playbook([{**play, "vars": one_entry}], inventory={"one": inventory["one"]})
    assert ok(least.output) == ok(again.output)


def leases_in(kubeconfig: str) -> set[str]:
    """The leases of a cluster's Secrets."""
    api = client.CoreV1Api(config.new_client_from_config(kubeconfig))
    secrets = api.list_secret_for_all_namespaces(label_selector=MINE).items
    own = [one for one in secrets if one.metadata.namespace.startswith("scale-")]
    return {one.metadata.annotations["workload-credentials.ansible.com/lease-id"] for one in own}


def ok(output: str) -> int:
    """How many tasks ran on the first host."""
    found = re.search(r"ok=(\d+)", output)
    assert found
    return int(found.group(1))
