# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A role for service accounts without a pod: the token is the cluster's own, asked for once, by who may and no more."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.community.workload_credentials.plugins.module_utils._api.errors import WorkloadCredentialsError
from ansible_collections.community.workload_credentials.plugins.module_utils._credentials.lease import Credentials
from ansible_collections.community.workload_credentials.plugins.module_utils._credentials.sts_session import sessions_of
from kubernetes import client, config

from tests.support.sts import Sts

pytestmark = pytest.mark.one_core

ROLE = "arn:aws:iam::123456789012:role/deploy"
SPACE = "irsa"


@pytest.fixture(scope="module")
def minter(cluster: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The kubeconfig of an identity that may ask for tokens of one service account, and for nothing else."""
    admin = config.new_client_from_config(str(cluster.kubeconfig))
    core, rbac = client.CoreV1Api(admin), client.RbacAuthorizationV1Api(admin)
    core.create_namespace({"metadata": {"name": SPACE}})
    for name in ("app", "minter"):
        core.create_namespaced_service_account(SPACE, {"metadata": {"name": name}})
    rule = {"apiGroups": [""], "resources": ["serviceaccounts/token"], "resourceNames": ["app"], "verbs": ["create"]}
    rbac.create_namespaced_role(SPACE, {"metadata": {"name": "minter"}, "rules": [rule]})
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "minter"}
    subject = {"kind": "ServiceAccount", "name": "minter", "namespace": SPACE}
    binding = {"metadata": {"name": "minter"}, "roleRef": role, "subjects": [subject]}
    rbac.create_namespaced_role_binding(SPACE, binding)
    return Path(cluster.kubeconfig_for("minter", SPACE))


def minted(sts: Sts, account: dict[str, Any]) -> Credentials:
    """A session of the role for a service account."""
    options = {"region": "eu-west-1", "endpoint_url": sts.url, "role_arn": ROLE, "service_account": account}
    (source,) = sessions_of(options, [], {}, lambda _device, _code: None)
    return source.mint()


@pytest.mark.parametrize("audience", [None, "sts.example.org"])
def test_the_token_is_the_accounts_and_for_sts(sts: Sts, minter: Path, audience: str | None) -> None:
    account = {"namespace": SPACE, "name": "app", "kubeconfig": str(minter), "audience": audience}
    found = minted(sts, account)
    (call,) = sts.calls
    body = call["WebIdentityToken"].split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    assert claims["sub"] == f"system:serviceaccount:{SPACE}:app"
    assert claims["aud"] == [audience or "sts.amazonaws.com"]
    assert claims["exp"] - claims["iat"] == 600
    assert found.values["session_token"]
    assert found.lease
    assert (found.lease.revocable, found.lease.source) == (False, f"AssumeRoleWithWebIdentity of {ROLE}")


def test_sessions_of_two_accounts_are_not_mixed_up(sts: Sts, minter: Path) -> None:
    options = {"region": "eu-west-1", "endpoint_url": sts.url, "role_arn": ROLE}
    variants = {
        sessions_of({**options, "service_account": {"namespace": SPACE, "name": name}}, [], {}, lambda *_: None)[
            0
        ].cache_key
        for name in ("app", "other")
    }
    assert len(variants) == 2


@pytest.mark.parametrize(
    ("account", "said"),
    [
        ({"name": "minter"}, f"system:serviceaccount:{SPACE}:minter may not create serviceaccounts/token in namespace"),
        (
            {"name": "app", "kubeconfig": "/no/kubeconfig"},
            "No usable configuration for a cluster: there is no kubeconfig /no/kubeconfig.",
        ),
        (
            {"name": "app", "audiences": ["x"]},
            "service_account: 'audiences' is unknown: it takes namespace, name, audience",
        ),
    ],
)
def test_what_keeps_the_cluster_from_it_is_said_and_aws_not_asked(
    sts: Sts, minter: Path, account: dict[str, Any], said: str
) -> None:
    with pytest.raises(WorkloadCredentialsError) as error:
        minted(sts, {"namespace": SPACE, "kubeconfig": str(minter), **account})
    assert said in str(error.value)
    assert sts.calls == []


def test_an_account_that_is_not_there(sts: Sts, cluster: Any) -> None:
    with pytest.raises(WorkloadCredentialsError, match="^service_account: there is no service account default/nobody"):
        minted(sts, {"namespace": "default", "name": "nobody", "kubeconfig": str(cluster.kubeconfig)})
