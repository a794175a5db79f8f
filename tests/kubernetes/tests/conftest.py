# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One control plane for all tests that only use it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.kubernetes.control_plane import ControlPlane

from .clients import core_of


@pytest.fixture(scope="session")
def cluster() -> Iterator[ControlPlane]:
    """Return a control plane that runs for the whole session."""
    with ControlPlane() as started:
        yield started


@pytest.fixture(scope="session")
def core(cluster: ControlPlane) -> Any:
    """Return the admin's client."""
    return core_of(cluster.kubeconfig)


@pytest.fixture
def namespace(core: Any, request: pytest.FixtureRequest) -> str:
    """Return a new namespace, named after the test."""
    name = request.node.name.replace("_", "-")[:63].strip("-")
    core.create_namespace({"metadata": {"name": name}})
    return str(name)
