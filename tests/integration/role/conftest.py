# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role, and the operator's kinds."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.community.workload_credentials.plugins.module_utils._kube import client as sending_module
from ansible_collections.community.workload_credentials.plugins.plugin_utils._eso import service
from kubernetes import client, config

from tests.support.accounts import Accounts
from tests.support.definitions import populate
from tests.support.deliveries import Deliveries
from tests.support.faulty_cluster import Watched
from tests.support.operator import Operator, serve_kinds
from tests.support.operator_kinds import KindsUnavailable, definitions
from tests.support.plays import Plays
from tests.support.role import NUMBERS, Role
from tests.support.site import Site


@pytest.fixture
def role(site: Site, plays: Plays, cluster: Any) -> Role:
    populate(site)
    config.load_kube_config(str(cluster.kubeconfig))
    return Role(plays, site, cluster, client.CoreV1Api())


@pytest.fixture(scope="session")
def kinds(cluster: Any) -> None:
    """The cluster serves the kinds of External Secrets Operator."""
    try:
        crds = list(definitions())
    except KindsUnavailable as error:
        if os.environ.get("CI") == "true":
            pytest.fail(str(error))
        pytest.skip(str(error))
    config.load_kube_config(str(cluster.kubeconfig))
    serve_kinds(crds)


@pytest.fixture
def operator(kinds: None, role: Role, site: Site) -> Iterator[Operator]:
    """A stand-in for the operator, at work in the role's namespaces."""
    with Operator(role.namespace, str(site.emulator.ca_cert), str(role.cluster.kubeconfig)) as running:
        yield running


@pytest.fixture
def way(cluster: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Watched]:
    monkeypatch.setattr(sending_module, "FIRST_PAUSE", 0.01)
    with Watched(cluster, tmp_path) as running:
        yield running


@pytest.fixture
def api(cluster: Any) -> client.CoreV1Api:
    config.load_kube_config(str(cluster.kubeconfig))
    return client.CoreV1Api()


@pytest.fixture
def deliveries(site: Site, way: Watched, api: client.CoreV1Api) -> Deliveries:
    populate(site)
    name = f"faults-{next(NUMBERS)}"
    api.create_namespace({"metadata": {"name": name}})
    return Deliveries(site, str(way.kubeconfig), name)


@pytest.fixture
def working(kinds: None, deliveries: Deliveries, site: Site, cluster: Any) -> Iterator[Operator]:
    """A stand-in for the operator, at work in the namespace of the deliveries."""
    with Operator(deliveries.namespace, str(site.emulator.ca_cert), str(cluster.kubeconfig)) as running:
        yield running


@pytest.fixture
def untried(monkeypatch: pytest.MonkeyPatch) -> None:
    """The token and the CA are handed over as they are, as if they had become wrong later."""
    monkeypatch.setattr(service, "access_problem", lambda *_job: None)


@pytest.fixture
def accounts(deliveries: Deliveries, api: client.CoreV1Api, cluster: Any) -> Accounts:
    """The namespace of the deliveries, with the service account ``app``."""
    api.create_namespaced_service_account(deliveries.namespace, {"metadata": {"name": "app"}})
    admin = config.new_client_from_config(str(cluster.kubeconfig))
    return Accounts(cluster.kubeconfig, deliveries.namespace, admin)
