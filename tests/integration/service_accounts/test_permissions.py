# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The guide's permissions are enough and none can be taken away; Kubernetes' escalation check is told in words."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.community.workload_credentials.plugins.module_utils._api.concurrency import gather_attempts
from ansible_collections.community.workload_credentials.plugins.module_utils._api.errors import WorkloadCredentialsError
from ansible_collections.community.workload_credentials.plugins.module_utils._credentials.service_account import (
    ServiceAccountToken,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._kube.options import cluster_of
from ansible_collections.community.workload_credentials.plugins.module_utils._resources._parts.accounts.wanted import (
    wanted_of,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._resources.service_account_token import (
    SERVICE_ACCOUNT_TOKEN,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._run import validate
from kubernetes import client

from tests.integration.service_accounts.test_faults import expire
from tests.support.accounts import Accounts
from tests.support.examples import blocks_of
from tests.support.represented import represented

pytestmark = pytest.mark.one_core
_MANIFESTS = [yaml.safe_load(block) for block in blocks_of("guide_service_accounts")]
ROLES = {
    one["metadata"]["name"].rpartition("-")[2]: one["rules"]
    for one in _MANIFESTS
    if isinstance(one, dict) and one.get("kind") == "ClusterRole"
}
PODS = [{"api_groups": [""], "resources": ["pods"], "verbs": ["get"]}]
HAS_PODS = [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}]


def static(one: Accounts, _admin: Accounts) -> None:
    one.end(lease_id=one.mint()["lease_id"])


def dynamic(one: Accounts, _admin: Accounts) -> None:
    one.end(lease_id=one.dynamic()["lease_id"])
    one.end(lease_id=one.dynamic(rules=PODS)["lease_id"])


def prune(one: Accounts, admin: Accounts) -> None:
    """With a lease of each kind, and another one whose record is gone."""
    admin.mint()
    admin.dynamic(rules=PODS)
    admin.dynamic(rules=PODS, cluster_wide=True)
    expire(admin)
    lost = [admin.dynamic(rules=PODS, cluster_wide=wide) for wide in (True, False)]
    core = client.CoreV1Api(admin.admin)
    for minted in lost:
        core.delete_namespaced_secret(minted["lease_id"].partition("/")[2], admin.namespace)
    found = one.end(state="pruned")
    if found.get("warnings"):
        raise WorkloadCredentialsError(" ".join(found["warnings"]))
    assert admin.left() == []


# What is done, the rules for it of which the first are looked at one by one, and whether they hold everywhere.
CASES: dict[str, tuple[Callable[[Accounts, Accounts], None], tuple[Any, ...], bool]] = {
    "static": (static, (ROLES["static"],), False),
    "dynamic": (dynamic, (ROLES["dynamic"], ROLES["static"], ROLES["bind"], HAS_PODS), False),
    "prune": (prune, (ROLES["prune"],), True),
}


def single(rules: list[Any]) -> list[Any]:
    """The rules with a single resource and verb in each, which is the same."""
    return [
        {**rule, "resources": [resource], "verbs": [verb]}
        for rule in rules
        for resource in rule["resources"]
        for verb in rule["verbs"]
    ]


@pytest.mark.parametrize("name", represented(CASES, by=["dynamic"]))
def test_the_documented_permissions_are_enough_and_none_can_be_taken_away(
    accounts: Accounts, tmp_path: Path, name: str
) -> None:
    work, (looked_at, *others), everywhere = CASES[name]
    given = [rule for rules in others for rule in single(rules)]
    every = single(looked_at)
    work(accounts.as_user("enough", every + given, tmp_path, everywhere=everywhere), accounts)
    assert accounts.left() == []
    for number, rule in enumerate(every):
        rest = [one for one in every if one != rule] + given
        user = accounts.as_user(f"lacking-{number}", rest, tmp_path, everywhere=everywhere)
        with pytest.raises(WorkloadCredentialsError, match="may not") as caught:
            work(user, accounts)
        assert f"may not {rule['verbs'][0]} {rule['resources'][0]}" in str(caught.value), rule
        accounts.end(state="pruned", namespace=accounts.namespace)
        for lease in accounts.leases():
            accounts.end(lease_id=lease["id"])
        accounts.end(state="pruned")
    assert accounts.left() == []


def test_who_may_not_grant_is_told_what_is_lacking_and_nothing_is_left(accounts: Accounts, tmp_path: Path) -> None:
    rules = [*ROLES["static"], *ROLES["dynamic"]]
    user = accounts.as_user("minter", rules, tmp_path)
    name = f"system:serviceaccount:{accounts.namespace}:minter"
    for wanted, kind in (({}, "RoleBinding"), ({"rules": PODS}, "Role")):
        for check in (True, False):
            with pytest.raises(WorkloadCredentialsError) as caught:
                user.dynamic(check=check, **wanted)
            said = str(caught.value)
            assert said.startswith(f"{kind} {accounts.namespace}/temp-")
            assert f"RBAC lets {name} grant only what it may do itself, and it lacks" in said
            assert 'Resources:["pods"' in said
            assert "give it these permissions, or the verb bind on the role" in said
        assert accounts.left() == []


def test_a_refusal_is_an_answer_and_what_was_accepted_goes_by_its_name(accounts: Accounts, tmp_path: Path) -> None:
    """Whoever may make and remove but not list can see no kinds; that is no reason to leave anything."""
    everything = ["secrets", "serviceaccounts", "roles", "rolebindings"]
    for number in range(len(everything) + 1):
        groups = ({"": [], "rbac.authorization.k8s.io": []}, everything[:number])
        for one in groups[1]:
            groups[0]["" if one in everything[:2] else "rbac.authorization.k8s.io"].append(one)
        made = [
            {"apiGroups": [group], "resources": kinds, "verbs": ["create", "delete"]}
            for group, kinds in groups[0].items()
            if kinds
        ]
        user = accounts.as_user(f"maker-{number}", [*made, *HAS_PODS], tmp_path)
        with pytest.raises(WorkloadCredentialsError) as caught:
            user.dynamic(rules=PODS)
        lacking = [*everything, "serviceaccounts/token"][number]
        assert f"may not create {lacking}" in str(caught.value)
        assert "may remain" not in str(caught.value)
        assert accounts.left() == []


def test_check_mode_finds_the_rights_that_no_dry_run_shows(accounts: Accounts, tmp_path: Path) -> None:
    every = single(ROLES["static"])
    for number, rule in enumerate(every):
        verb, resource = rule["verbs"][0], rule["resources"][0]
        user = accounts.as_user(f"checker-{number}", [one for one in every if one != rule], tmp_path)
        if verb not in ("create", "patch"):
            # It is for the lease's end.
            user.mint(check=True)
            continue
        with pytest.raises(WorkloadCredentialsError, match=f"may not {verb} {resource} in namespace"):
            user.mint(check=True)
    assert accounts.as_user("checker", every, tmp_path).mint(check=True)["changed"]
    assert accounts.left() == []


def test_what_one_may_not_read_stops_no_other_that_mints_at_the_same_time(accounts: Accounts, tmp_path: Path) -> None:
    """Whoever may bind a role need not be allowed to see whether it is there."""
    rules = [*ROLES["static"], *ROLES["dynamic"], *ROLES["bind"]]
    user = accounts.as_user("minter", rules, tmp_path)
    given = {"name": "temp", "namespace": accounts.namespace, "credential_type": "dynamic", "role": {"name": "view"}}
    wanted = [wanted_of(validate(SERVICE_ACCOUNT_TOKEN, "test", given)) for _one in range(24)]
    with cluster_of({"kubeconfig": str(user.kubeconfig)}) as cluster:
        sources = [ServiceAccountToken(cluster, one) for one in wanted]
        answers = gather_attempts(lambda source: source.mint(), sources, 12)
    assert [one for one in answers if isinstance(one, WorkloadCredentialsError)] == []
    assert {one["id"] for one in accounts.leases()} == {one.lease_id for one in sources}
    assert {one["requested_by"].rpartition(":")[2] for one in accounts.leases()} == {"minter"}


def test_what_somebody_else_made_under_the_same_name_stays(accounts: Accounts) -> None:
    with pytest.raises(WorkloadCredentialsError, match="already exists"):
        accounts.dynamic(name_template="app")
    assert accounts.left() == []
    found = client.CoreV1Api(accounts.admin).read_namespaced_service_account("app", accounts.namespace)
    assert found.metadata.name == "app"
