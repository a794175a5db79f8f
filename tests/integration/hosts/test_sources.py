# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files with what a cluster and AWS' Security Token Service issue."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from tests.integration.hosts.conftest import Host
from tests.support.accounts import new
from tests.support.sts import Sts

pytestmark = [pytest.mark.one_core, pytest.mark.thorough]


def test_a_token_of_a_service_account_is_a_lease_like_others(host: Host, cluster: Any) -> None:
    accounts = new(cluster)
    wanted = {
        "name": "runner",
        "namespace": accounts.namespace,
        "credential_type": "dynamic",
        "role": {"name": "view"},
    }
    # The cluster of the controller's own environment.
    environment = {"K8S_AUTH_KUBECONFIG": str(cluster.kubeconfig)}
    options = {"dynamic_secret": None, "service_account_token": wanted, "format": "kubeconfig"}
    first = host.run("--check", environment=environment, **options).ok().result
    assert (first["changed"], accounts.leases()) == (True, [])
    tasks = [host.task(**options), host.task(**options), host.task(**options, renew="always"), host.task(**options)]
    made, kept, renewed, after = host.tasks(tasks, environment=environment).ok().results
    assert [one["changed"] for one in (made, kept, renewed, after)] == [True, False, True, False]
    token = yaml.safe_load(host.file.read_text())["users"][0]["user"]["token"]
    assert accounts.accepted(token)
    assert [(one["lease_id"], one["ended"]) for one in after["superseded"]] == [(made["lease_id"], True)]
    assert [lease["id"] for lease in accounts.leases()] == [renewed["lease_id"]]
    gone = host.run(environment=environment, **{**options, "state": "absent"}).ok().result
    assert (gone["changed"], accounts.leases(), list(host.folder.iterdir())) == (True, [], [])


def test_a_session_of_sts_only_expires(host: Host) -> None:
    with Sts() as server:
        wanted = {
            "endpoint_url": server.url,
            "region": "eu-central-1",
            "access_key": "AKIAUSER",
            "secret_key": "canary-of-sts",
            "duration_seconds": 3600,
        }
        options = {"dynamic_secret": None, "sts_session_token": wanted, "format": "aws_credentials"}
        tasks = [host.task(**options), host.task(**options), host.task(**options, renew="always")]
        outcome = host.tasks(tasks).ok()
    made, kept, renewed = outcome.results
    assert [one["changed"] for one in (made, kept, renewed)] == [True, False, True]
    assert [(one["revocable"], one["ended"]) for one in renewed["superseded"]] == [(False, False)]
    assert "aws_session_token" in host.file.read_text()
    assert "canary" not in outcome.output
    assert "canary" not in host.note.read_text()
    gone = host.run(state="absent", dynamic_secret=None, format=None).ok().result
    assert "only" in " ".join(gone["warnings"])
