# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A namespace of its own for each test, and a look at the cluster that is not through the port."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from kubernetes import client, config

NUMBERS = itertools.count()


@pytest.fixture(scope="session")
def admin(cluster: Any) -> client.ApiClient:
    made: client.ApiClient = config.new_client_from_config(str(cluster.kubeconfig))
    return made


@pytest.fixture
def api(admin: client.ApiClient) -> client.CoreV1Api:
    return client.CoreV1Api(admin)


@pytest.fixture
def space(api: client.CoreV1Api) -> str:
    name = f"kube-{next(NUMBERS)}"
    api.create_namespace({"metadata": {"name": name}})
    return name
