# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role as the identities of its documented manifest, on a cluster that enforces RBAC."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from kubernetes import client, utils

from tests.integration.role.test_push import changed
from tests.support.operator import Operator
from tests.support.role import Role
from tests.support.site import Site

pytestmark = pytest.mark.one_core
MANIFEST = Path(__file__).parents[3] / "roles" / "cluster_credentials" / "files" / "rbac.yml"
AZURE = {"name": "azure", "dynamic_secret": "prod/azure"}
APP = {"name": "app", "static_secret": "prod/app"}


@dataclass
class Limited:
    """A cluster as a service account sees it."""

    kubeconfig: Path


@pytest.fixture
def namespaces(role: Role) -> list[str]:
    """Two namespaces that are there already, since making them is a permission of its own."""
    names = [role.namespace, f"{role.namespace}-other"]
    for name in names:
        role.api.create_namespace({"metadata": {"name": name}})
    return names


def become(role: Role, namespaces: list[str], bindings: dict[str, list[str | None]], tmp_path: Path) -> None:
    """Run the role as a service account with these cluster roles, each in these namespaces or (None) everywhere."""
    home = namespaces[0]
    role.api.create_namespaced_service_account(home, {"metadata": {"name": "pusher"}})
    rbac = client.RbacAuthorizationV1Api()
    for document in yaml.safe_load(MANIFEST.read_text(encoding="utf-8"))["items"]:
        if not rbac.list_cluster_role(field_selector=f"metadata.name={document['metadata']['name']}").items:
            utils.create_from_dict(client.ApiClient(), document)
    subject = {"kind": "ServiceAccount", "name": "pusher", "namespace": home}
    for name, places in bindings.items():
        for place in places:
            body = {
                "metadata": {"name": f"{name}-{home}"},
                "subjects": [subject],
                "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": name},
            }
            if place is None:
                rbac.create_cluster_role_binding(body)
            else:
                rbac.create_namespaced_role_binding(place, body)
    token = role.api.create_namespaced_service_account_token("pusher", home, {"spec": {}}).status.token
    config = yaml.safe_load(Path(role.cluster.kubeconfig).read_text(encoding="utf-8"))
    config["users"] = [{"name": config["contexts"][0]["context"]["user"], "user": {"token": token}}]
    limited = Limited(tmp_path / "kubeconfig")
    limited.kubeconfig.write_text(yaml.safe_dump(config), encoding="utf-8")
    role.cluster = limited


def test_the_documented_identity_can_do_everything(
    role: Role, operator: Operator, namespaces: list[str], tmp_path: Path
) -> None:
    become(role, namespaces, {"workload-credentials": [None]}, tmp_path)
    variables: dict[str, Any] = {"cluster_credentials_create_namespaces": False}
    operated = {**AZURE, "delivery": "external_secret"}
    assert changed(role.run(operated, APP, **variables)) >= 1
    assert changed(role.run(operated, APP, **variables)) == 0
    assert role.run(operated, APP, entry_point="verify").status == 0
    assert role.run(operated, APP, entry_point="teardown").status == 0


def test_an_identity_of_single_namespaces_can_push(
    role: Role, namespaces: list[str], site: Site, tmp_path: Path
) -> None:
    bindings: dict[str, list[str | None]] = {
        "workload-credentials-namespaces": [None],
        "workload-credentials-push": [*namespaces],
    }
    become(role, namespaces, bindings, tmp_path)
    variables: dict[str, Any] = {"cluster_credentials_create_namespaces": False}
    entries = [AZURE, {**APP, "namespace": namespaces[1]}]
    assert changed(role.run(*entries, **variables)) == 1
    assert changed(role.run(*entries, **variables)) == 0
    assert len(site.leases()) == 1


def test_what_the_identity_may_not_do_is_said_before_anything_is_minted(
    role: Role, namespaces: list[str], site: Site, tmp_path: Path
) -> None:
    become(role, namespaces, {"workload-credentials-namespaces": [None]}, tmp_path)
    outcome = role.run(AZURE, cluster_credentials_create_namespaces=False)
    assert outcome.status != 0
    assert "pusher may not get secrets" in " ".join(outcome.output.split())
    assert site.leases() == []
