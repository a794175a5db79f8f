# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role on a real kube-apiserver: what is pushed, when a lease is minted, and what is never shown."""

from __future__ import annotations

import base64
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from kubernetes import client

from tests.support.definitions import do
from tests.support.plays import Outcome
from tests.support.represented import represented
from tests.support.role import Role
from tests.support.site import TOKEN, Site

LEASE = "workload-credentials.ansible.com/lease-id"
EXPIRATION = "workload-credentials.ansible.com/expiration"
MINTED = "workload-credentials.ansible.com/minted-at"


AWS = {"name": "aws", "dynamic_secret": "prod/aws"}
AZURE = {"name": "azure", "dynamic_secret": "prod/azure", "keys": {"ID": "client_id", "SECRET": "client_secret"}}
APP = {"name": "app", "static_secret": "prod/app"}


def changed(outcome: Outcome) -> int:
    assert outcome.status == 0, outcome.output
    found = re.search(r"changed=(\d+)", outcome.output)
    assert found
    return int(found.group(1))


def test_entries_become_secrets_and_a_second_run_changes_and_mints_nothing(role: Role, site: Site) -> None:
    assert changed(role.play(AWS, AZURE, APP)) == 1
    assert [one["action"] for one in role.report()] == ["created"] * 3
    assert sorted(role.data("aws")) == ["accessKeyId", "expiration", "leaseId", "secretAccessKey", "sessionToken"]
    assert sorted(role.data("azure")) == ["ID", "SECRET"]
    assert role.data("app") == {"user": "app", "password": "canary-static-password", "port": "5432"}
    assert {lease["id"] for lease in site.leases()} == {
        role.secret(name).metadata.annotations[LEASE] for name in ("aws", "azure")
    }
    site.forget()
    assert changed(role.play(AWS, AZURE, APP)) == 0
    assert [one["action"] for one in role.report()] == ["kept"] * 3
    assert site.writes() == []


@pytest.mark.one_core
def test_a_lease_in_its_last_quarter_is_renewed(role: Role, site: Site) -> None:
    role.run(AWS)
    life = timedelta(hours=8)
    expiration = datetime.now(UTC) + life * 0.24
    notes = {EXPIRATION: expiration.isoformat(), MINTED: (expiration - life).isoformat()}
    role.api.patch_namespaced_secret("aws", role.namespace, {"metadata": {"annotations": notes}})
    role.run(AWS)
    assert len(site.leases()) == 2
    assert role.report()[0]["action"] == "renewed"


@pytest.mark.one_core
def test_a_missing_secret_is_made_again(role: Role, site: Site) -> None:
    role.run(AWS)
    role.api.delete_namespaced_secret("aws", role.namespace)
    assert changed(role.run(AWS)) == 1
    assert len(site.leases()) == 2


@pytest.mark.one_core
def test_what_somebody_else_changed_is_put_right(role: Role) -> None:
    role.run(AWS)
    role.api.patch_namespaced_secret("aws", role.namespace, {"data": {"accessKeyId": "b3RoZXI="}})
    role.run(AWS)
    assert role.report()[0]["reason"] == "its data was changed by someone else"
    assert role.data("aws")["accessKeyId"].startswith("ASIA")


@pytest.mark.one_core
def test_other_keys_or_another_format_need_a_new_lease_and_other_labels_do_not(role: Role, site: Site) -> None:
    role.run(AWS)
    assert changed(role.run({**AWS, "labels": {"app": "web"}, "annotations": {"note": "x"}})) == 1
    assert (len(site.leases()), role.report()[0]["action"]) == (1, "updated")
    assert role.secret("aws").metadata.labels["app"] == "web"
    role.run({**AWS, "format": "aws_env"})
    assert sorted(role.data("aws")) == ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"]
    role.run({**AWS, "format": "aws_credentials"})
    assert "[default]" in role.data("aws")["credentials"]
    assert len(site.leases()) == 3


@pytest.mark.one_core
def test_a_changed_static_secret_is_pushed(role: Role, site: Site) -> None:
    role.run(APP)
    do(site, "static_secret", path="prod/app", secret={"password": "new"})
    assert changed(role.run(APP)) == 1
    assert role.data("app")["password"] == "new"
    assert role.report()[0]["action"] == "updated"


@pytest.mark.one_core
def test_a_foreign_secret_is_refused_before_anything_is_minted(role: Role, site: Site) -> None:
    role.run(APP)
    body = client.V1Secret(metadata=client.V1ObjectMeta(name="aws"), string_data={"mine": "x"})
    role.api.create_namespaced_secret(role.namespace, body)
    outcome = role.run(AWS, AZURE)
    assert outcome.status != 0
    assert "is not managed by this role" in " ".join(outcome.output.split())
    assert site.leases() == []
    assert role.data("aws") == {"mine": "x"}


@pytest.mark.one_core
def test_a_missing_namespace_is_refused_before_anything_is_minted(role: Role, site: Site) -> None:
    outcome = role.run(AWS, cluster_credentials_create_namespaces=False)
    assert outcome.status != 0
    assert f"there is no namespace {role.namespace}" in " ".join(outcome.output.split())
    assert site.leases() == []


@pytest.mark.newest_core
def test_check_mode_predicts_and_mints_nothing(role: Role, site: Site) -> None:
    foretold = role.play(AWS, APP, arguments=("--check", "--diff"))
    assert changed(foretold) == 1
    assert f'+    "{role.namespace}/aws": {{' in foretold.output
    assert '+        "data": "new values",' in foretold.output
    assert site.leases() == []
    role.play(AWS, APP)
    assert changed(role.play(AWS, APP, arguments=("--check",))) == 0
    do(site, "static_secret", path="prod/app", secret={"password": "new"})
    assert changed(role.play(AWS, APP, AZURE, arguments=("--check", "--diff"))) == 1
    assert [one["action"] for one in role.report()] == ["kept", "updated", "created"]
    assert len(site.leases()) == 1


def test_what_cannot_fit_its_source_is_refused_with_all_problems_and_nothing_is_minted(role: Role, site: Site) -> None:
    unfit = {**AZURE, "name": "other", "keys": {"ID": "no_such_key"}}
    outcome = role.run(AZURE, unfit, {**AWS, "format": "azure_env"}, {**APP, "static_secret": "prod/none"})
    assert outcome.status != 0
    shown = " ".join(outcome.output.split())
    assert f"{role.namespace}/other.keys: prod/azure has no no_such_key; it has client_id" in shown
    assert f"{role.namespace}/aws.format: prod/aws has no client_id, client_secret, tenant_id; it has" in shown
    assert "prod/none: there is no static secret 'none' in the folder prod, which exists." in shown
    assert site.leases() == []


@pytest.mark.one_core
def test_what_the_cluster_refuses_stops_nothing_else_and_costs_no_lease(role: Role, site: Site) -> None:
    assert role.run(AZURE).status == 0
    first = role.secret("azure").metadata.annotations[LEASE]
    # Refused by the cluster before anything is minted for it: this type wants tls.crt and tls.key.
    broken = {**AZURE, "name": "broken", "type": "kubernetes.io/tls"}
    outcome = role.run({**AZURE, "keys": {"ID": "client_id"}}, broken)
    assert outcome.status != 0
    assert "tls.crt" in outcome.output
    second = role.secret("azure").metadata.annotations[LEASE]
    states = {lease["id"]: lease["state"] for lease in site.leases()}
    assert len(states) == 2
    assert second != first
    assert [lease for lease, state in states.items() if state != "revoked"] == [second]


@pytest.mark.one_core
def test_leases_that_cannot_be_ended_are_named(role: Role, site: Site) -> None:
    site.token("minters-token", ["read", "generate"])
    role.plays = replace(role.plays, environment={**site.environment, "BEYONDTRUST_ACCESS_TOKEN": "minters-token"})
    assert role.play(AZURE).status == 0
    (lease,) = site.leases()
    shown = " ".join(role.play({**AZURE, "keys": {"ID": "client_id"}}).output.split())
    assert f"Leases that may still be active: {lease['id']} (until " in shown
    assert role.play({**AZURE, "keys": {"ID": "client_id"}}).status == 0
    fresh = role.secret("azure").metadata.annotations[LEASE]
    shown = " ".join(role.play(AZURE, entry_point="teardown").output.split())
    assert f"Leases that may still be active: {fresh} (until " in shown


@pytest.mark.newest_core
def test_the_connection_may_come_from_variables(role: Role, site: Site) -> None:
    variables = {
        "workload_credentials_api_url": site.emulator.url,
        "workload_credentials_site_id": site.site_id,
        "workload_credentials_access_token": TOKEN,
        "workload_credentials_ca_cert": str(site.emulator.ca_cert),
    }
    role.plays = replace(role.plays, environment={})
    assert role.play(AZURE, **variables).status == 0
    first = role.report()[0]["lease_id"]
    # Another format supersedes the lease, which is then ended by a module.
    assert role.play({**AZURE, "keys": {"ID": "client_id"}}, **variables).status == 0
    assert {lease["id"]: lease["state"] for lease in site.leases()}[first] == "revoked"


@pytest.mark.one_core
def test_pruning_removes_what_no_entry_names_and_ends_its_lease(role: Role, site: Site) -> None:
    role.play(AZURE, APP)
    (lease,) = site.leases()
    assert changed(role.play(APP)) == 0
    outcome = role.play(APP, arguments=("--check", "--diff"), cluster_credentials_prune=True)
    assert f"{role.namespace}/azure: remove, no entry names it" in outcome.output
    assert role.secret("azure").metadata.annotations[LEASE] == lease["id"]
    assert changed(role.play(APP, cluster_credentials_prune=True)) >= 1
    # Pruning looks at the whole cluster, in which other tests have left theirs.
    own = [one for one in role.report() if one["namespace"] == role.namespace]
    assert [(one["name"], one["action"]) for one in own] == [("app", "kept"), ("azure", "removed")]
    assert [secret.metadata.name for secret in role.api.list_namespaced_secret(role.namespace).items] == ["app"]
    assert site.leases()[0]["state"] == "revoked"


@pytest.mark.newest_core
def test_switches_of_the_command_line_are_texts_and_mean_what_they_say(role: Role, site: Site) -> None:
    switches = {"prune": "false", "wait": "no", "create_namespaces": "true", "wait_timeout": "3"}
    texts = [f"cluster_credentials_{name}={text}" for name, text in switches.items()]
    arguments = [part for text in texts for part in ("-e", text)]
    assert role.play(AZURE, APP, arguments=(*arguments, "-v")).status == 0
    outcome = role.play(APP, arguments=tuple(arguments))
    assert changed(outcome) == 0
    assert role.secret("azure").metadata.annotations[LEASE] == site.leases()[0]["id"]


@pytest.mark.one_core
@pytest.mark.parametrize("entry_point", represented(["main", "teardown"], by=["main"]))
def test_a_secret_that_something_holds_is_not_shown_when_it_goes(role: Role, entry_point: str) -> None:
    role.play(APP)
    held: dict[str, Any] = {"metadata": {"finalizers": ["example.com/hold"]}}
    role.api.patch_namespaced_secret("app", role.namespace, held)
    entries = [] if entry_point == "main" else [APP]
    variables = {"cluster_credentials_prune": True, "cluster_credentials_wait_timeout": 2}
    outcome = role.play(*entries, arguments=("-vvvvv", "--diff"), entry_point=entry_point, **variables)
    assert role.secret("app").metadata.deletion_timestamp is not None
    held["metadata"]["finalizers"] = None
    role.api.patch_namespaced_secret("app", role.namespace, held)
    assert base64.b64encode(b"canary-static-password").decode() not in outcome.output
    assert "Timed out waiting on resource" in outcome.output


@pytest.mark.one_core
def test_a_failing_service_is_said(role: Role, site: Site) -> None:
    site.token("reader-token", ["read"])
    role.plays = replace(role.plays, environment={**site.environment, "BEYONDTRUST_ACCESS_TOKEN": "reader-token"})
    outcome = role.play(AWS)
    assert outcome.status != 0
    assert "Generating is a permission of its own" in " ".join(outcome.output.split())


@pytest.mark.one_core
@pytest.mark.parametrize(
    ("entries", "says"),
    [
        ([{**AWS, "secret_name": "x"}], "secret_name"),
        ([APP, {**AWS, "keys": {"a": "b"}, "format": "aws_env"}], "entries[1] (aws).keys: keys and format exclude"),
    ],
)
def test_a_wrong_entry_is_named_before_anything_happens(
    role: Role, site: Site, entries: list[dict[str, Any]], says: str
) -> None:
    outcome = role.run(*entries)
    assert outcome.status != 0
    assert says in " ".join(outcome.output.split())
    assert site.requests() == []


def test_the_number_of_tasks_does_not_grow_and_no_value_is_shown(role: Role, site: Site) -> None:
    one = role.play(AWS)
    many = role.play(*({**AWS, "name": f"aws-{number}"} for number in range(15)), APP, arguments=("-vvvvv", "--diff"))
    counts = [re.search(r"ok=(\d+)", outcome.output).group(1) for outcome in (one, many)]  # type: ignore[union-attr]
    assert int(counts[1]) <= int(counts[0]) + 1
    assert len(site.leases()) == 16
    shown = many.output
    for name in ("aws-0", "aws-14"):
        for value in (role.data(name)["secretAccessKey"], role.data(name)["sessionToken"]):
            assert value not in shown
            assert base64.b64encode(value.encode()).decode() not in shown
    assert "canary" not in shown
    assert TOKEN not in shown


@pytest.mark.thorough
@pytest.mark.one_core
def test_through_the_modules_of_another_host_the_same_happens(role: Role, site: Site) -> None:
    shown = role.play(AZURE, APP, as_module=True, arguments=("-vvvvv", "--diff"))
    assert changed(shown) == 1
    created = role.report()
    assert [(one["action"], one["keys"]) for one in created] == [
        ("created", ["ID", "SECRET"]),
        ("created", ["password", "port", "user"]),
    ]
    # What one way has made is right to the other.
    assert changed(role.play(AZURE, APP)) == 0
    assert [one["lease_id"] for one in role.report()] == [one["lease_id"] for one in created]
    torn_down = role.play(AZURE, APP, as_module=True, entry_point="teardown")
    assert changed(torn_down) == 1
    assert role.api.list_namespaced_secret(role.namespace).items == []
    assert [lease["state"] for lease in site.leases()] == ["revoked"]
    assert "canary" not in shown.output
    assert TOKEN not in shown.output
