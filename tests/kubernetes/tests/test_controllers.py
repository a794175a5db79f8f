# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What tests may rely on in a running control plane, asked with the client that users have."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import pytest
from kubernetes import client
from kubernetes.client.exceptions import ApiException

from tests.kubernetes.build import KUBERNETES_VERSION
from tests.kubernetes.control_plane import ControlPlane
from tests.kubernetes.errors import ControlPlaneError

from .clients import api_client_of, core_of
from .waiting import wait_until


def exists(read: Callable[..., object], *arguments: str) -> bool:
    """Tell whether a read finds something."""
    try:
        read(*arguments)
    except ApiException as error:
        if error.status == 404:
            return False
        raise
    return True


def test_it_reports_the_pinned_version(cluster: ControlPlane, core: Any) -> None:
    answer = client.VersionApi(core.api_client).get_code()
    assert answer.git_version == cluster.version == KUBERNETES_VERSION


def test_a_deleted_namespace_goes_with_its_content(core: Any, namespace: str) -> None:
    core.create_namespaced_secret(namespace, {"metadata": {"name": "content"}})
    core.delete_namespace(namespace)
    wait_until(lambda: not exists(core.read_namespace, namespace), "the namespace to go")
    core.create_namespace({"metadata": {"name": namespace}})
    assert not exists(core.read_namespaced_secret, "content", namespace)


def test_owned_objects_are_collected(core: Any, namespace: str) -> None:
    owner = core.create_namespaced_config_map(namespace, {"metadata": {"name": "owner"}})
    reference = {"apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": owner.metadata.uid}
    core.create_namespaced_secret(namespace, {"metadata": {"name": "owned", "ownerReferences": [reference]}})
    core.create_namespaced_secret(namespace, {"metadata": {"name": "free"}})
    core.delete_namespaced_config_map("owner", namespace)
    wait_until(lambda: not exists(core.read_namespaced_secret, "owned", namespace), "the owned Secret to go")
    assert exists(core.read_namespaced_secret, "free", namespace)


def test_a_requested_token_speaks_for_its_service_account(cluster: ControlPlane, core: Any, namespace: str) -> None:
    core.create_namespaced_service_account(namespace, {"metadata": {"name": "worker"}})
    worker: Any = client.AuthenticationV1Api(api_client_of(cluster.kubeconfig_for("worker", namespace)))
    review = worker.create_self_subject_review({})
    assert review.status.user_info.username == f"system:serviceaccount:{namespace}:worker"


def test_a_new_namespace_gets_its_default_service_account(core: Any, namespace: str) -> None:
    wait_until(lambda: exists(core.read_namespaced_service_account, "default", namespace), "the default account")


def test_a_token_secret_is_filled(core: Any, namespace: str) -> None:
    core.create_namespaced_service_account(namespace, {"metadata": {"name": "worker"}})
    annotations = {"kubernetes.io/service-account.name": "worker"}
    secret = {
        "metadata": {"name": "worker-token", "annotations": annotations},
        "type": "kubernetes.io/service-account-token",
    }
    core.create_namespaced_secret(namespace, secret)
    wait_until(lambda: bool(core.read_namespaced_secret("worker-token", namespace).data), "the token")
    data = core.read_namespaced_secret("worker-token", namespace).data
    assert base64.b64decode(data["namespace"]).decode() == namespace
    assert b"BEGIN CERTIFICATE" in base64.b64decode(data["ca.crt"])


def test_rbac_refuses_until_a_role_allows(cluster: ControlPlane, core: Any, namespace: str) -> None:
    core.create_namespaced_service_account(namespace, {"metadata": {"name": "reader"}})
    reader = core_of(cluster.kubeconfig_for("reader", namespace))
    with pytest.raises(ApiException) as refusal:
        reader.list_namespaced_config_map(namespace)
    assert refusal.value.status == 403

    # `view` has no rules of its own: they are aggregated by a controller.
    roles: Any = client.RbacAuthorizationV1Api(core.api_client)
    binding = {
        "metadata": {"name": "reader-views"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"},
        "subjects": [{"kind": "ServiceAccount", "name": "reader", "namespace": namespace}],
    }
    roles.create_namespaced_role_binding(namespace, binding)

    def may_list() -> bool:
        try:
            reader.list_namespaced_config_map(namespace)
        except ApiException as error:
            if error.status == 403:
                return False
            raise
        return True

    wait_until(may_list, "the role to count")
    with pytest.raises(ApiException) as still_refused:
        reader.list_namespaced_secret(namespace)
    assert still_refused.value.status == 403


def test_an_unknown_service_account_is_named(cluster: ControlPlane) -> None:
    with pytest.raises(ControlPlaneError, match=r"service account nobody in namespace default: .*404"):
        cluster.kubeconfig_for("nobody")
