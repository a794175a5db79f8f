# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Azure's credentials in either spelling, described or not, with or without an expiration."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.community.workload_credentials.plugins.module_utils._api.paths import ResourcePath
from ansible_collections.community.workload_credentials.plugins.module_utils._api.times import parse_time
from ansible_collections.community.workload_credentials.plugins.module_utils._credentials.dynamic_secret import (
    DynamicSecret,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._credentials.source import origin_of
from ansible_collections.community.workload_credentials.plugins.plugin_utils._leases import lease_store
from ansible_collections.community.workload_credentials.plugins.plugin_utils._leases.lease_store import LeaseStore

from tests.support.definitions import do, populate
from tests.support.plays import Plays
from tests.support.role import Role
from tests.support.site import Site

COLLECTION = "community.workload_credentials"
KEYS = ["client_id", "client_secret", "expiration", "key_id", "leaseId", "tenant_id"]
WORLDS: dict[str, dict[str, Any]] = {
    "no expiration": {"azure_expiration": False},
    "camel": {"azure_spelling": "camel"},
    "described": {"described_credentials": True},
    "lease late": {"azure_expiration": False, "lease_lag": 0.5},
    "lease unknown": {"azure_expiration": False, "lease_lag": 5},
    "living": {"living": True},
}
VARIABLES = {
    "azure_env": ("AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET", "AZURE_TENANT_ID"),
    "azcollection_env": ("AZURE_CLIENT_ID", "AZURE_SECRET", "AZURE_TENANT"),
    "arm_env": ("ARM_CLIENT_ID", "ARM_CLIENT_SECRET", "ARM_TENANT_ID"),
}
# What tells until when, where the answer does not.
ACTIONS = {
    "all": ("Admin",),
    "no leases": ("GenerateDynamicCredential", "ReadDynamicSecret"),
    "no definition": ("GenerateDynamicCredential", "ReadLease"),
}


@pytest.mark.one_core
@pytest.mark.parametrize("world", WORLDS)
def test_the_module_gives_the_documents_keys_and_an_expiration(site: Site, world: str) -> None:
    populate(site)
    site.behave(**WORLDS[world])
    result = do(site, "dynamic_credentials", path="prod/azure")
    assert sorted(result["credentials"]) == KEYS
    assert 3500 < result["seconds_left"] <= 3600
    assert result["expiration"] == result["credentials"]["expiration"]
    assert len(site.leases()) == 1


@pytest.mark.one_core
@pytest.mark.parametrize("actions", ACTIONS)
def test_the_expiration_comes_from_what_may_be_read(site: Site, actions: str) -> None:
    populate(site)
    site.behave(living=True)
    token = site.token_for(*ACTIONS[actions])
    result = do(site, "dynamic_credentials", path="prod/azure", access_token=token)
    assert 3500 < result["seconds_left"] <= 3600


@pytest.mark.one_core
def test_where_nothing_tells_credentials_are_kept_no_longer_than_the_shortest_live(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    populate(site)
    site.behave(living=True)
    client = site.client(access_token=site.token_for("GenerateDynamicCredential"))
    store = LeaseStore(tmp_path, origin_of(client.settings), print)
    source = DynamicSecret(client, ResourcePath("prod", "azure"))
    first = store.get(source, "", 60)
    assert first.values.get("expiration") is None
    assert store.get(source, "", 60).values == first.values
    now = time.time()
    monkeypatch.setattr(lease_store.time, "time", lambda: now + 900)
    assert store.get(source, "", 60).values != first.values
    assert len(site.leases()) == 2


@pytest.mark.one_core
def test_what_is_kept_is_renewed_when_it_is_due(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    populate(site)
    site.behave(living=True)
    client = site.client()
    store = LeaseStore(tmp_path, origin_of(client.settings), print)
    source = DynamicSecret(client, ResourcePath("prod", "azure"))
    expiration = parse_time(store.get(source, "", 60).values["expiration"])
    assert expiration is not None
    for left, minted in ((120, 1), (30, 2)):
        monkeypatch.setattr(lease_store.time, "time", lambda left=left: expiration.timestamp() - left)
        store.get(source, "", 60)
        assert len(site.leases()) == minted


def lookup(**options: str) -> dict[str, Any]:
    given = "".join(f", {name}='{value}'" for name, value in options.items())
    return {
        "ansible.builtin.set_fact": {"a": f"{{{{ lookup('{COLLECTION}.dynamic_credentials', 'prod/azure'{given}) }}}}"}
    }


@pytest.mark.newest_core
@pytest.mark.parametrize("world", ["document", "living"])
def test_formats_and_keys_are_the_same_in_either_spelling(site: Site, plays: Plays, world: str) -> None:
    populate(site)
    site.behave(living=world == "living")
    environments = [lookup(format=name) for name in VARIABLES]
    fields = [lookup(key=key) for key in ("client_secret", "expiration", "seconds_left")]
    tasks = [lookup(), *environments, *fields]
    raw, *others = (one["ansible_facts"]["a"] for one in plays.tasks(tasks).ok().results)
    *found, secret, until, left = others
    assert sorted(raw) == KEYS
    values = (raw["client_id"], raw["client_secret"], raw["tenant_id"])
    assert found == [dict(zip(variables, values, strict=True)) for variables in VARIABLES.values()]
    assert (secret, until) == (raw["client_secret"], raw["expiration"])
    assert 3000 < int(left) <= 3600
    assert len(site.leases()) == 1


@pytest.mark.newest_core
def test_the_role_mints_once_after_its_definitions_and_nothing_in_its_second_run(
    site: Site, plays: Plays, cluster: Any
) -> None:
    from kubernetes import client, config

    site.behave(living=True, read_lag=1.0, lists_lag=True, lease_lag=1.0)
    populate(site)
    config.load_kube_config(str(cluster.kubeconfig))
    role = Role(plays, site, cluster, client.CoreV1Api())
    entry = {"name": "azure", "dynamic_secret": "prod/azure", "keys": {"ID": "client_id", "SECRET": "client_secret"}}
    assert role.run(entry).status == 0
    assert [one["action"] for one in role.report()] == ["created"]
    assert sorted(role.data("azure")) == ["ID", "SECRET"]
    outcome = role.run(entry)
    assert ([one["action"] for one in role.report()], len(site.leases())) == (["kept"], 1), outcome.output
