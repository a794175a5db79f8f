# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The documented permissions are enough, and none of them can be taken away, on a cluster that enforces RBAC."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.job import Scope
from kubernetes import client, config

from tests.kubernetes.tests.waiting import wait_until
from tests.support.definitions import do, populate
from tests.support.deliveries import Deliveries
from tests.support.represented import represented
from tests.support.role import NUMBERS
from tests.support.site import Site

pytestmark = pytest.mark.one_core
MANIFEST = Path(__file__).parents[3] / "roles" / "cluster_credentials" / "files" / "rbac.yml"
ROLES = {one["metadata"]["name"]: one for one in yaml.safe_load(MANIFEST.read_text(encoding="utf-8"))["items"]}
AZURE = {"name": "azure", "dynamic_secret": "prod/azure"}
AWS = {"name": "aws", "dynamic_secret": "prod/aws"}
APP = {"name": "app", "static_secret": "prod/app"}
STS = {
    "name": "sts",
    "sts_session_token": {
        "region": "eu-central-1",
        "secret_ref": {
            "access_key_id": {"name": "user", "key": "id"},
            "secret_access_key": {"name": "user", "key": "key"},
        },
    },
}


class Identity:
    """A service account with these rules and no others, and deliveries in a namespace of its own.

    :arg everywhere: the rules hold in the whole cluster, and not only in that namespace.
    """

    def __init__(
        self, site: Site, cluster: Any, folder: Path, rules: list[dict[str, Any]], *, everywhere: bool = False
    ) -> None:
        # The library's own default would be the identity that has worked last.
        self._client = config.new_client_from_config(str(cluster.kubeconfig))
        self.site, self.api = site, client.CoreV1Api(self._client)
        self.namespace = f"rbac-{next(NUMBERS)}"
        self.api.create_namespace({"metadata": {"name": self.namespace}})
        self.api.create_namespaced_service_account(self.namespace, {"metadata": {"name": "pusher"}})
        self._bind(rules, everywhere=everywhere)
        self.admin = Deliveries(site, str(cluster.kubeconfig), self.namespace)
        self.deliveries = Deliveries(site, str(self._kubeconfig(cluster, folder)), self.namespace)

    def _bind(self, rules: list[dict[str, Any]], *, everywhere: bool) -> None:
        api = client.RbacAuthorizationV1Api(self._client)
        api.create_cluster_role({"metadata": {"name": self.namespace}, "rules": rules})
        body = {
            "metadata": {"name": self.namespace},
            "subjects": [{"kind": "ServiceAccount", "name": "pusher", "namespace": self.namespace}],
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": self.namespace},
        }
        if everywhere:
            api.create_cluster_role_binding(body)
        else:
            api.create_namespaced_role_binding(self.namespace, body)
        wait_until(lambda: all(map(self._may, permissions(rules))), "the permissions")

    def _may(self, permission: tuple[str, str, str]) -> bool:
        group, resource, verb = permission
        asked = {"namespace": self.namespace, "group": group, "resource": resource, "verb": verb}
        user = f"system:serviceaccount:{self.namespace}:pusher"
        review = {"spec": {"user": user, "resourceAttributes": asked}}
        return bool(client.AuthorizationV1Api(self._client).create_subject_access_review(review).status.allowed)

    def _kubeconfig(self, cluster: Any, folder: Path) -> Path:
        request: dict[str, Any] = {"spec": {}}
        token = self.api.create_namespaced_service_account_token("pusher", self.namespace, request).status.token
        kubeconfig = yaml.safe_load(Path(cluster.kubeconfig).read_text(encoding="utf-8"))
        kubeconfig["users"] = [{"name": kubeconfig["contexts"][0]["context"]["user"], "user": {"token": token}}]
        path = folder / f"{self.namespace}.kubeconfig"
        path.write_text(yaml.safe_dump(kubeconfig), encoding="utf-8")
        return path


def permissions(rules: list[dict[str, Any]]) -> list[tuple[str, str, str]]:
    """Group, resource and verb of each single permission."""
    return [
        (rule["apiGroups"][0], resource, verb)
        for rule in rules
        for resource in rule["resources"]
        for verb in rule["verbs"]
    ]


def push(identity: Identity) -> list[str]:
    """Secrets that are made, kept, read, renewed, relabelled and cleaned of what others have added."""
    made = identity.deliveries
    problems = made.run(AZURE, AWS, APP).problems
    if problems:
        return problems
    do(identity.site, "static_secret", path="prod/app", secret={"more": "x"})
    for name in ("azure", "app"):
        identity.api.patch_namespaced_secret(name, identity.namespace, {"data": {"foreign": "eA=="}})
    entries = (AZURE, {**AWS, "labels": {"a": "b"}}, APP)
    return made.run(*entries).problems + made.run(*entries, state="verified").problems


def remove(identity: Identity) -> list[str]:
    """The Secrets that were pushed."""
    identity.admin.run(AZURE, AWS)
    return identity.deliveries.run(AZURE, state="absent").problems


def create_namespaces(identity: Identity) -> list[str]:
    """An entry of a namespace that is not there."""
    entry = {**AZURE, "namespace": f"{identity.namespace}-new"}
    return identity.deliveries.run(entry, create_namespaces=True).problems


def operate(identity: Identity, *, cluster: bool = False) -> list[str]:
    """Entries of each kind for the operator, the look for its warnings, and the end of it all."""
    options = {"scope": Scope(cluster, identity.namespace), "wait": False, "wait_timeout": 5}
    entries = [{**one, "delivery": "external_secret"} for one in (AZURE, AWS, APP, STS)]
    problems = identity.deliveries.run(*entries, **options).problems
    found = identity.deliveries.run(*entries, **options, state="verified").problems
    problems += [one for one in found if "has not processed it yet" not in one]
    try:
        return problems + identity.deliveries.run(*entries, **options, state="absent").problems
    finally:
        identity.admin.run(*entries, **options, state="absent")


def operate_cluster(identity: Identity) -> list[str]:
    """The same with what the cluster shares."""
    return operate(identity, cluster=True)


# What is done, the cluster roles for it, of which the first is looked at one by one, and whether they hold everywhere.
CASES: dict[str, tuple[Callable[[Identity], list[str]], tuple[str, ...], bool]] = {
    "push": (push, ("push",), False),
    "remove": (remove, ("remove",), False),
    "operate": (operate, ("operator", "push", "remove"), False),
    "operate-cluster": (operate_cluster, ("operator-cluster", "operator", "push", "remove"), True),
    "namespaces": (create_namespaces, ("namespaces", "push"), True),
}


def rules_of(*names: str) -> list[dict[str, Any]]:
    """The rules with a single resource and verb in each, which is the same."""
    rules = [rule for name in names for rule in ROLES[f"workload-credentials-{name}"]["rules"]]
    return [
        {"apiGroups": [group], "resources": [resource], "verbs": [verb]} for group, resource, verb in permissions(rules)
    ]


@pytest.fixture
def ready(site: Site, kinds: None) -> None:
    populate(site)


@pytest.mark.parametrize("name", represented(CASES, by=["push"]))
def test_the_documented_permissions_are_enough_and_none_can_be_taken_away(
    ready: None, site: Site, cluster: Any, tmp_path: Path, name: str
) -> None:
    work, roles, everywhere = CASES[name]
    rules, looked_at = rules_of(*roles), rules_of(roles[0])
    assert work(Identity(site, cluster, tmp_path, rules, everywhere=everywhere)) == []
    for rule in looked_at:
        rest = [one for one in rules if one != rule]
        problems = work(Identity(site, cluster, tmp_path, rest, everywhere=everywhere))
        assert problems, f"{rule} is not needed"
        assert "may not" in " ".join(problems), problems


def test_what_the_identity_may_not_do_is_said_before_anything_is_minted(
    ready: None, site: Site, cluster: Any, tmp_path: Path
) -> None:
    (problem,) = Identity(site, cluster, tmp_path, []).deliveries.run(AZURE).problems
    assert "may not get secrets" in problem
    assert site.leases() == []
