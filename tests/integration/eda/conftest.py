# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A cluster with the role, and a service whose leases are about to end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from ansible_collections.community.workload_credentials.plugins.module_utils._api.times import written
from ansible_collections.community.workload_credentials.plugins.module_utils._marks import LEASE_MARKS
from kubernetes import client, config

from tests.support.definitions import populate
from tests.support.plays import Plays
from tests.support.role import Role
from tests.support.site import Site


@pytest.fixture
def role(site: Site, plays: Plays, cluster: Any) -> Role:
    populate(site)
    config.load_kube_config(str(cluster.kubeconfig))
    return Role(plays, site, cluster, client.CoreV1Api())


HOUR = 3600


@contextmanager
def ago(site: Site, seconds: float) -> Iterator[None]:
    """What is minted here was minted so long ago."""
    site.advance_clock(-seconds)
    try:
        yield
    finally:
        site.advance_clock(seconds)


def deliver_long_ago(role: Role, site: Site) -> None:
    """A Secret ``app`` whose lease has five minutes left of its hour, by the service's clock and by the role's."""
    with ago(site, HOUR - 300):
        role.run({"name": "app", "dynamic_secret": "prod/azure"})
    minted = written(datetime.now(UTC) - timedelta(seconds=HOUR - 300))
    role.api.patch_namespaced_secret("app", role.namespace, {"metadata": {"annotations": {LEASE_MARKS[2]: minted}}})
