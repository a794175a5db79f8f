# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Delivery by External Secrets Operator: on a real kube-apiserver with its CRDs, and a stand-in for its controller."""

from __future__ import annotations

import base64
import re
from pathlib import Path
from typing import Any

import pytest
from kubernetes import client

from tests.integration.role.test_push import changed
from tests.support.operator import Operator
from tests.support.role import Role
from tests.support.site import TOKEN, Site

AWS = {"name": "aws", "dynamic_secret": "prod/aws", "format": "aws_env", "labels": {"app": "web"}}
AZURE = {"name": "azure", "dynamic_secret": "prod/azure"}
APP = {"name": "app", "static_secret": "prod/app", "keys": {"PASSWORD": "password"}}
OPERATED = {"cluster_credentials_delivery": "external_secret", "cluster_credentials_wait_timeout": 30}


def one_line(output: str) -> str:
    return " ".join(output.split())


def test_entries_become_ready_and_a_second_run_generates_nothing(role: Role, operator: Operator, site: Site) -> None:
    assert changed(role.play(AWS, AZURE, APP, **OPERATED)) >= 1
    assert [(one["name"], one["action"]) for one in role.report()] == [
        ("app", "created"),
        ("aws", "created"),
        ("azure", "created"),
    ]
    assert sorted(role.data("aws")) == ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"]
    assert {"client_id", "client_secret", "tenant_id"} <= role.data("azure").keys()
    assert role.data("app") == {"PASSWORD": "canary-static-password"}
    found = external_secret(role, "aws")
    assert found["spec"]["refreshInterval"] == "45m"
    assert found["metadata"]["labels"]["app"] == "web"
    assert len(site.leases()) == 2
    assert changed(role.play(AWS, AZURE, APP, **OPERATED)) == 0
    assert {one["action"] for one in role.report()} == {"kept"}
    assert external_secret(role, "aws")["metadata"]["resourceVersion"] == found["metadata"]["resourceVersion"]
    assert (len(site.leases()), operator.generated.count("aws")) == (2, 1)
    check = role.play({**AWS, "format": "raw"}, AZURE, APP, arguments=("--check", "--diff"), **OPERATED)
    assert f"{role.namespace}/aws: the operator's, every 45m" in check.output
    assert re.search(rf'"ExternalSecret/{role.namespace}/aws": {{\n.*"spec"', check.output)
    assert '-                        "AWS_SESSION_TOKEN"' in check.output
    assert changed(check) == 1
    assert external_secret(role, "aws")["metadata"]["generation"] == found["metadata"]["generation"]


@pytest.mark.one_core
def test_generators_and_stores_of_the_cluster_serve_every_namespace(
    role: Role, operator: Operator, site: Site, tmp_path: Path
) -> None:
    home = f"{role.namespace}-operators"
    variables = {
        **OPERATED,
        "cluster_credentials_scope": "cluster",
        "cluster_credentials_operator_namespace": home,
        "cluster_credentials_render_dir": str(tmp_path / "manifests"),
    }
    entries = (AWS, {**AWS, "name": "again"}, AZURE, APP)
    assert changed(role.play(*entries, **variables)) >= 1
    assert left(role)[:3] == [one for one in left(role) if one.startswith("cluster")]
    assert [one for one in left(role) if "generator" in one or "store" in one or "webhook" in one] == left(role)[:3]
    assert {"client_id", "client_secret"} <= role.data("azure").keys()
    assert role.data("app") == {"PASSWORD": "canary-static-password"}
    assert sorted(path.name for path in (tmp_path / "manifests").iterdir()) == [
        "README.md",
        "_cluster.yml",
        f"{role.namespace}.yml",
    ]
    assert changed(role.play(*entries, **variables)) == 0
    assert len(site.leases()) == 3
    assert role.play(*entries, **variables, entry_point="teardown").status == 0
    assert left(role) == []
    assert client.CoreV1Api().list_namespaced_secret(home).items == []


def external_secret(role: Role, name: str) -> dict[str, Any]:
    found: dict[str, Any] = client.CustomObjectsApi().get_namespaced_custom_object(
        "external-secrets.io", "v1", role.namespace, "externalsecrets", name
    )
    return found


def test_no_token_and_no_value_in_any_output(role: Role, operator: Operator, site: Site) -> None:
    shown = role.play(AWS, AZURE, APP, arguments=("-vvvvv", "--diff"), **OPERATED).output
    assert external_secret(role, "app")["status"]["conditions"][0]["reason"] == "SecretSynced"
    for value in (TOKEN, base64.b64encode(TOKEN.encode()).decode(), "canary-static", *role.data("aws").values()):
        assert value not in shown


@pytest.mark.one_core
def test_what_the_operator_cannot_do_is_said_with_its_cause(role: Role, operator: Operator) -> None:
    operator.failing["aws"] = "GenerateError: status 403, no permission"
    outcome = role.run(AWS, APP, **{**OPERATED, "cluster_credentials_wait_timeout": 4})
    assert outcome.status != 0
    said = f"{role.namespace}/aws: SecretSyncedError: could not get secret data from provider (UpdateFailed at "
    assert said in one_line(outcome.output)
    verified = role.run(AWS, APP, entry_point="verify", **OPERATED)
    assert verified.status != 0
    assert f"{role.namespace}/app: ready." in verified.output
    assert said in one_line(verified.output)
    assert "GenerateError: status 403, no permission" in verified.output


@pytest.mark.one_core
def test_an_entry_moves_between_push_and_the_operator_and_is_never_without_its_secret(
    role: Role, operator: Operator, site: Site
) -> None:
    entry = {"name": "azure", "dynamic_secret": "prod/azure", "keys": {"ID": "client_id", "SECRET": "client_secret"}}
    role.run(entry)
    uid = role.secret("azure").metadata.uid
    pushed = role.report()[0]["lease_id"]
    assert role.run(entry, **OPERATED).status == 0
    found = role.secret("azure")
    assert (found.metadata.uid, found.metadata.owner_references[0].kind) == (uid, "ExternalSecret")
    notes = [name for name in found.metadata.annotations if name.startswith("workload-credentials.")]
    assert all("/operated-" in name for name in notes)
    assert {lease["id"]: lease["state"] for lease in site.leases()}[pushed] == "revoked"
    assert changed(role.run(entry, **OPERATED)) == 0
    assert role.run(entry).status == 0
    found = role.secret("azure")
    assert (found.metadata.uid, found.metadata.owner_references) == (uid, None)
    assert sorted(role.data("azure")) == ["ID", "SECRET"]
    assert role.report()[0]["action"] == "renewed"
    assert changed(role.run(entry)) == 0


@pytest.mark.one_core
def test_a_static_secret_keeps_its_values_while_it_moves(role: Role, operator: Operator) -> None:
    role.run({**APP, "labels": {"app": "web"}})
    uid = role.secret("app").metadata.uid
    assert role.run({**APP, "labels": {"app": "web"}}, **OPERATED).status == 0
    found = role.secret("app")
    assert (found.metadata.uid, found.metadata.labels["app"]) == (uid, "web")
    assert not [name for name in found.metadata.annotations or {} if name.startswith("workload-credentials.")]
    assert role.data("app") == {"PASSWORD": "canary-static-password"}


@pytest.mark.one_core
def test_a_pushed_secret_stays_in_charge_until_the_operator_has_taken_it_over(
    role: Role, operator: Operator, site: Site
) -> None:
    operator.failing["azure"] = "not yet"
    role.run(AZURE)
    waiting_for_nothing = {**OPERATED, "cluster_credentials_wait": False}
    assert role.run(AZURE, **waiting_for_nothing).status == 0
    assert [lease["state"] for lease in site.leases()] == ["active"]
    assert "workload-credentials.ansible.com/lease-id" in role.secret("azure").metadata.annotations


@pytest.mark.one_core
@pytest.mark.parametrize(
    ("entry", "says"),
    [
        ({**AWS, "refresh_interval": "2h"}, "aws.refresh_interval: 2h is not shorter than the credentials' life, 1h"),
        (
            {**AZURE, "keys": {"A": "accessKeyId"}},
            "azure.keys: there will be no accessKeyId; the keys will be client_id",
        ),
        ({**AWS, "dynamic_secret": "prod/none"}, "prod/none: there is no dynamic secret 'none' in the folder prod"),
        ({**APP, "static_secret": "prod/none"}, "prod/none: there is no static secret"),
    ],
)
def test_what_would_fail_later_is_refused_before_anything_is_applied(
    role: Role, kinds: None, site: Site, entry: dict[str, Any], says: str
) -> None:
    outcome = role.run(entry, **OPERATED)
    assert outcome.status != 0
    assert says in one_line(outcome.output)
    assert client.CoreV1Api().list_namespace(field_selector=f"metadata.name={role.namespace}").items == []
    assert site.leases() == []


@pytest.mark.one_core
def test_teardown_and_prune_leave_nothing(role: Role, operator: Operator, site: Site) -> None:
    role.run(AWS, AZURE, {**APP, "delivery": "push"}, **OPERATED)
    assert changed(role.run(AZURE, **OPERATED, cluster_credentials_prune=True)) >= 1
    assert ("aws", "external_secret", "removed") in [
        (one["name"], one["delivery"], one["action"]) for one in role.report() if one["namespace"] == role.namespace
    ]
    assert left(role) == [
        "externalsecrets/azure",
        "secrets/azure",
        *(f"secrets/{name}" for name in site.operators_secrets),
        "webhooks/azure",
    ]
    pushed_entry = {"name": "pushed", "dynamic_secret": "prod/azure", "delivery": "push"}
    assert role.run(AZURE, pushed_entry, **OPERATED).status == 0
    pushed = role.secret("pushed").metadata.annotations["workload-credentials.ansible.com/lease-id"]
    generated = role.data("azure")["leaseId"]
    assert role.run(AZURE, **OPERATED, entry_point="teardown").status == 0
    assert left(role) == []
    assert sorted((one["name"], one["action"], one["lease_id"]) for one in role.report()) == [
        ("azure", "removed", generated),
        ("pushed", "removed", pushed),
    ]
    states = {lease["id"]: lease["state"] for lease in site.leases()}
    assert (states[pushed], states[generated]) == ("revoked", "revoked")
    assert changed(role.run(AZURE, **OPERATED, cluster_credentials_state="absent")) == 0


def left(role: Role) -> list[str]:
    """What the role's label is on in its namespace."""
    custom, names = client.CustomObjectsApi(), []
    groups = {
        "externalsecrets": ("external-secrets.io", "v1"),
        "secretstores": ("external-secrets.io", "v1"),
        "beyondtrustworkloadcredentialsdynamicsecrets": ("generators.external-secrets.io", "v1alpha1"),
        "webhooks": ("generators.external-secrets.io", "v1alpha1"),
    }
    shared = {"clustersecretstores": ("external-secrets.io", "v1"), "clustergenerators": groups["webhooks"]}
    for plural, group in shared.items():
        items = custom.list_cluster_custom_object(*group, plural)["items"]
        names += [f"{plural}/{one['metadata']['name']}" for one in items]
    for plural, group in groups.items():
        items = custom.list_namespaced_custom_object(*group, role.namespace, plural)["items"]
        names += [f"{plural}/{one['metadata']['name']}" for one in items]
    secrets = client.CoreV1Api().list_namespaced_secret(role.namespace).items
    return sorted([*names, *(f"secrets/{one.metadata.name}" for one in secrets)])


def test_rendered_manifests_hold_no_value_stay_the_same_and_are_what_is_applied(
    role: Role, site: Site, kinds: None, tmp_path: Path
) -> None:
    folder = tmp_path / "manifests"
    variables = {**OPERATED, "cluster_credentials_render_dir": str(folder), "entry_point": "render"}
    other = {**AWS, "namespace": "other"}
    assert changed(role.play(AWS, AZURE, APP, other, **variables)) == 1
    files = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert sorted(files) == ["README.md", "other.yml", f"{role.namespace}.yml"]
    content = b"".join(files.values())
    assert TOKEN.encode() not in content
    assert b"canary" not in content
    assert b"kind: Secret\n" not in content
    assert changed(role.play(AWS, AZURE, APP, other, **variables)) == 0
    assert changed(role.play(AWS, AZURE, APP, **variables)) >= 1
    assert sorted(path.name for path in folder.iterdir()) == ["README.md", f"{role.namespace}.yml"]
    assert files[f"{role.namespace}.yml"] == (folder / f"{role.namespace}.yml").read_bytes()
    assert "pushed Secret contains values" in one_line(role.play({**AWS, "delivery": "push"}, **variables).output)
    assert site.leases() == []


@pytest.mark.one_core
def test_a_token_of_the_operators_own_is_what_lies_in_the_cluster(role: Role, operator: Operator, site: Site) -> None:
    site.token("operators-own-token", ["read", "generate"])
    # On a command line a number is a text.
    arguments = ("-e", "cluster_credentials_wait_timeout=30")
    assert (
        role.play(
            AWS, arguments=arguments, **OPERATED, cluster_credentials_operator_token="operators-own-token\n"
        ).status
        == 0
    )
    assert role.data(site.operators_secrets[1]) == {"token": "operators-own-token"}
    assert external_secret(role, "aws")["status"]["conditions"][0]["status"] == "True"
