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
from kubernetes import client, config

from tests.support.definitions import populate
from tests.support.operator import Operator, serve_kinds
from tests.support.plays import Plays
from tests.support.role import Role
from tests.support.site import Site

CRDS = "WORKLOAD_CREDENTIALS_ESO_CRDS"


@pytest.fixture
def role(site: Site, plays: Plays, cluster: Any) -> Role:
    populate(site)
    config.load_kube_config(str(cluster.kubeconfig))
    return Role(plays, cluster, client.CoreV1Api())


@pytest.fixture(scope="session")
def kinds(cluster: Any) -> None:
    """The cluster serves the kinds of External Secrets Operator."""
    folder = os.environ.get(CRDS)
    if not folder:
        if os.environ.get("CI") == "true":
            pytest.fail(f"{CRDS} must name a folder with the CRDs of External Secrets Operator 2.9.")
        pytest.skip(f"{CRDS} names no folder with the CRDs of External Secrets Operator 2.9.")
    config.load_kube_config(str(cluster.kubeconfig))
    serve_kinds(Path(folder))


@pytest.fixture
def operator(kinds: None, role: Role, site: Site) -> Iterator[Operator]:
    """A stand-in for the operator, at work in the role's namespaces."""
    with Operator(role.namespace, str(site.emulator.ca_cert)) as running:
        yield running
