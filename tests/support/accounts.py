# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Leases of service accounts at a real cluster: minted, listed and ended by the modules' own functions."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from ansible_collections.community.workload_credentials.plugins.module_utils._marks import DOMAIN
from ansible_collections.community.workload_credentials.plugins.module_utils._resources.index import spec_of
from ansible_collections.community.workload_credentials.plugins.module_utils._run import run, validate
from kubernetes import client, config

from tests.kubernetes.tests.waiting import wait_until

NUMBERS = itertools.count()
# A role that is in each cluster, and what it lets do and not do.
VIEW = {"name": "view"}


@dataclass(frozen=True)
class Accounts:
    """One namespace of a cluster, and what leases are in it.

    :arg kubeconfig: leads to the cluster, with the identity that mints.
    :arg admin: of another way there, to look.
    """

    kubeconfig: Path
    namespace: str
    admin: client.ApiClient

    def run(self, module: str, *, check: bool = False, **arguments: Any) -> dict[str, Any]:
        """What a module returns."""
        spec = spec_of(module)
        given = {"kubeconfig": str(self.kubeconfig), **arguments}
        return run(spec, validate(spec, module, given), check_mode=check, diff=True)

    def mint(self, *, check: bool = False, **arguments: Any) -> dict[str, Any]:
        """A token, of the account ``app`` if the arguments say nothing else."""
        given = {"name": "app", "namespace": self.namespace, **arguments}
        return self.run("service_account_token", check=check, **given)

    def dynamic(self, **arguments: Any) -> dict[str, Any]:
        """A token of an account that is made for it, which may look at things if the arguments say nothing else."""
        may: dict[str, Any] = {} if "rules" in arguments else {"role": VIEW}
        return self.mint(**{"credential_type": "dynamic", "name": "temp", **may, **arguments})

    def leases(self, **arguments: Any) -> list[dict[str, Any]]:
        """Those that the cluster has in this namespace, if the arguments say nothing else."""
        where: dict[str, Any] = {} if "lease_id" in arguments else {"namespace": self.namespace}
        found: list[dict[str, Any]] = self.run("service_account_lease_info", **where, **arguments)["leases"]
        return found

    def end(self, *, check: bool = False, **arguments: Any) -> dict[str, Any]:
        """End leases."""
        return self.run("service_account_lease", check=check, **arguments)

    def left(self) -> list[str]:
        """Whatever bears this collection's labels of leases that are in this namespace, anywhere."""
        label = f"{DOMAIN}/lease-namespace={self.namespace}"
        core, rbac = client.CoreV1Api(self.admin), client.RbacAuthorizationV1Api(self.admin)
        lists = (
            core.list_secret_for_all_namespaces,
            core.list_service_account_for_all_namespaces,
            rbac.list_role_for_all_namespaces,
            rbac.list_role_binding_for_all_namespaces,
            rbac.list_cluster_role,
            rbac.list_cluster_role_binding,
        )
        found = [(one.__name__, item.metadata) for one in lists for item in one(label_selector=label).items]
        return [f"{name.removeprefix('list_')} {one.namespace}/{one.name}" for name, one in found]

    def accepted(self, token: str, audience: str | None = None) -> bool:
        """Whether the API server takes a token for what it says, asked as who gets one asks."""
        spec = {"token": token, **({"audiences": [audience]} if audience else {})}
        review = client.AuthenticationV1Api(self.admin).create_token_review({"spec": spec})
        return bool(review.status.authenticated)

    def space(self, name: str) -> str:
        """One more namespace."""
        client.CoreV1Api(self.admin).create_namespace({"metadata": {"name": f"{self.namespace}-{name}"}})
        return f"{self.namespace}-{name}"

    def as_user(self, name: str, rules: list[dict[str, Any]], folder: Path, *, everywhere: bool = False) -> Accounts:
        """The same for a service account with these rules and no others."""
        core, rbac = client.CoreV1Api(self.admin), client.RbacAuthorizationV1Api(self.admin)
        core.create_namespaced_service_account(self.namespace, {"metadata": {"name": name}})
        unique = {"metadata": {"name": f"{self.namespace}-{name}"}}
        rbac.create_cluster_role({**unique, "rules": rules})
        bind(rbac, self.namespace, name, unique["metadata"]["name"], everywhere=everywhere)
        token = core.create_namespaced_service_account_token(name, self.namespace, {"spec": {}}).status.token
        content = yaml.safe_load(self.kubeconfig.read_text(encoding="utf-8"))
        content["users"][0]["user"] = {"token": token}
        path = folder / f"{name}.kubeconfig"
        path.write_text(yaml.safe_dump(content), encoding="utf-8")
        user = f"system:serviceaccount:{self.namespace}:{name}"
        wait_until(lambda: all(may(self.admin, user, self.namespace, one) for one in permissions(rules)), "permissions")
        return Accounts(path, self.namespace, self.admin)


def bind(rbac: Any, namespace: str, account: str, role: str, *, everywhere: bool) -> None:
    """Let a service account do what a cluster role says, in its namespace or everywhere."""
    body = {
        "metadata": {"name": role},
        "subjects": [{"kind": "ServiceAccount", "name": account, "namespace": namespace}],
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role},
    }
    if everywhere:
        rbac.create_cluster_role_binding(body)
    else:
        rbac.create_namespaced_role_binding(namespace, body)


def permissions(rules: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """What rules let do, one by one, as reviews of access ask."""
    return [
        {"group": group, "resource": resource.partition("/")[0], "subresource": resource.partition("/")[2]}
        | {"verb": verb, "name": name}
        for rule in rules
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
        for name in rule.get("resourceNames", [""])
    ]


def may(api: client.ApiClient, user: str, namespace: str, permission: Mapping[str, str]) -> bool:
    """Whether somebody may do something there, as the cluster itself says."""
    review = {"spec": {"user": user, "resourceAttributes": {"namespace": namespace, **permission}}}
    return bool(client.AuthorizationV1Api(api).create_subject_access_review(review).status.allowed)


def new(cluster: Any, kubeconfig: Path | None = None) -> Accounts:
    """A fresh namespace with the service account ``app``."""
    admin = config.new_client_from_config(str(cluster.kubeconfig))
    core, name = client.CoreV1Api(admin), f"accounts-{next(NUMBERS)}"
    core.create_namespace({"metadata": {"name": name}})
    core.create_namespaced_service_account(name, {"metadata": {"name": "app"}})
    return Accounts(kubeconfig or cluster.kubeconfig, name, admin)
