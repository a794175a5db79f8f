# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tokens of service accounts are minted, accepted, listed, revoked and refused, on a real API server."""

from __future__ import annotations

import base64
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest
import yaml
from ansible_collections.community.workload_credentials.plugins.module_utils._api.errors import (
    OptionError,
    WorkloadCredentialsError,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._marks import DOMAIN
from kubernetes import client, config

from tests.kubernetes.tests.waiting import wait_until
from tests.support.accounts import Accounts

pytestmark = pytest.mark.one_core
OTHER = "https://vault.example.com"
RULES = [{"api_groups": [""], "resources": ["configmaps"], "resource_names": ["one"], "verbs": ["get"]}]


def claims(token: str) -> Any:
    """What a token says."""
    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def allowed(token: str, accounts: Accounts, namespace: str, **what: str) -> bool:
    """What the API server says to the token itself of what it may do."""
    content = yaml.safe_load(accounts.kubeconfig.read_text(encoding="utf-8"))
    content["users"][0]["user"] = {"token": token}
    review = {"spec": {"resourceAttributes": {"namespace": namespace, **what}}}
    with config.new_client_from_config_dict(content) as own:
        return bool(client.AuthorizationV1Api(own).create_self_subject_access_review(review).status.allowed)


def test_a_static_token_is_accepted_for_its_audience_and_refused_when_its_lease_has_ended(accounts: Accounts) -> None:
    minted, dynamic = accounts.mint(audiences=[OTHER], ttl="15m"), accounts.dynamic(name="other")
    assert minted["changed"] is True
    assert (minted["service_account"], minted["audiences"]) == ("app", [OTHER])
    assert accounts.accepted(minted["token"], OTHER)
    assert not accounts.accepted(minted["token"], "https://somebody-else.example.com")
    assert not accounts.accepted(minted["token"])
    says = claims(minted["token"])
    assert says["sub"] == f"system:serviceaccount:{accounts.namespace}:app"
    assert datetime.fromtimestamp(says["exp"], UTC).strftime("%Y-%m-%dT%H:%M:%SZ") == minted["expiration"]
    assert 890 < minted["seconds_left"] <= 900
    assert accounts.accepted(dynamic["token"])
    (listed,) = accounts.leases(name="app")
    assert {**listed, "seconds_left": None, "created": None} == {
        "id": minted["lease_id"],
        "lease_id": minted["lease_id"],
        "name": "app",
        "namespace": accounts.namespace,
        "credential_type": "static",
        "service_account": "app",
        "audiences": [OTHER],
        "created": None,
        "expiration": minted["expiration"],
        "requested_by": "tests-admin",
        "role": None,
        "namespaces": [],
        "cluster_wide": None,
        "expired": False,
        "seconds_left": None,
    }
    foreseen = accounts.end(lease_id=minted["lease_id"], check=True)
    assert (foreseen["revoked"], len(accounts.leases(name="app"))) == ([minted["lease_id"]], 1)
    assert accounts.end(lease_id=minted["lease_id"]) == foreseen
    accounts.end(lease_id=dynamic["lease_id"])
    assert accounts.left() == []
    assert accounts.end(lease_id=minted["lease_id"])["changed"] is False
    for token, audience in ((minted["token"], OTHER), (dynamic["token"], None)):
        wait_until(lambda t=token, a=audience: not accounts.accepted(t, a), "the refusal", 30)


def test_a_dynamic_token_can_do_what_its_role_says_in_its_namespaces_and_nothing_else(accounts: Accounts) -> None:
    other, third = accounts.space("other"), accounts.space("third")
    viewing = accounts.dynamic(namespaces=[accounts.namespace, other])
    exact = accounts.dynamic(rules=RULES, namespaces=[other], name_template="robot-{random}.{namespace}")
    assert viewing["service_account"] == viewing["lease_id"].partition("/")[2]
    assert exact["service_account"].endswith(f".{accounts.namespace}")
    see = {"resource": "configmaps", "verb": "get"}
    for token, name, where in (
        (viewing["token"], "", {accounts.namespace, other}),
        (exact["token"], "", set()),
        (exact["token"], "one", {other}),
    ):
        wait_until(
            lambda t=token, n=name, w=where: (
                {space for space in (accounts.namespace, other, third) if allowed(t, accounts, space, name=n, **see)}
                == w
            ),
            "the permissions",
        )
    assert not allowed(viewing["token"], accounts, other, resource="configmaps", verb="create")
    assert not allowed(viewing["token"], accounts, other, resource="secrets", verb="get")
    assert len(accounts.left()) == 4 + 4
    assert {one["credential_type"] for one in accounts.leases()} == {"dynamic"}
    assert accounts.leases(lease_id=exact["lease_id"])[0]["role"] == {
        "rules": [{"apiGroups": [""], "resources": ["configmaps"], "resourceNames": ["one"], "verbs": ["get"]}]
    }
    assert len(accounts.end(name="temp", namespace=accounts.namespace)["revoked"]) == 2
    assert accounts.left() == []


def test_cluster_wide_is_only_what_was_asked_for_so(accounts: Accounts) -> None:
    other = accounts.space("other")
    urls = {"non_resource_urls": ["/metrics"], "verbs": ["get"]}
    minted = accounts.dynamic(rules=[*RULES, urls], cluster_wide=True)
    wait_until(
        lambda: allowed(minted["token"], accounts, other, name="one", resource="configmaps", verb="get"), "permissions"
    )
    assert [one.partition(" ")[0] for one in accounts.left()] == [
        "secret_for_all_namespaces",
        "service_account_for_all_namespaces",
        "cluster_role",
        "cluster_role_binding",
    ]
    accounts.end(lease_id=[minted["lease_id"]])
    assert accounts.left() == []


def test_a_kubeconfig_is_a_complete_file(accounts: Accounts, tmp_path: Any) -> None:
    minted = accounts.dynamic(format="kubeconfig")
    file = tmp_path / "minted"
    file.write_text(minted["kubeconfig"], encoding="utf-8")
    with config.new_client_from_config(str(file)) as own:
        wait_until(lambda: allowed(minted["token"], accounts, accounts.namespace, resource="pods", verb="list"), "may")
        assert client.CoreV1Api(own).list_namespaced_pod(accounts.namespace).items == []
    content = yaml.safe_load(minted["kubeconfig"])
    assert content["contexts"][0]["context"]["namespace"] == accounts.namespace
    assert "insecure-skip-tls-verify" not in content["clusters"][0]["cluster"]


def test_labels_and_annotations_are_on_everything_and_the_token_is_nowhere(accounts: Accounts) -> None:
    minted = accounts.dynamic(rules=RULES, labels={"team": "web", "prod": True}, annotations={"why": "a test"})
    core, rbac = client.CoreV1Api(accounts.admin), client.RbacAuthorizationV1Api(accounts.admin)
    lists = (
        core.list_namespaced_secret,
        core.list_namespaced_service_account,
        rbac.list_namespaced_role,
        rbac.list_namespaced_role_binding,
    )
    found = [one(accounts.namespace, label_selector="team=web,prod=true").items for one in lists]
    assert [len(one) for one in found] == [1, 1, 1, 1]
    assert {one.metadata.annotations["why"] for (one,) in found} == {"a test"}
    (record,), *parts = found
    assert {one.metadata.owner_references[0].uid for (one,) in parts} == {record.metadata.uid}
    assert record.data is None
    assert minted["token"] not in str(found)
    assert record.type == f"{DOMAIN}/service-account-lease"


def test_check_mode_makes_nothing_and_says_what_a_real_run_would(accounts: Accounts) -> None:
    foreseen = accounts.dynamic(check=True, rules=RULES, format="kubeconfig")
    assert (foreseen["changed"], foreseen["token"], accounts.left()) == (True, "CHECK-MODE-NO-TOKEN", [])
    assert "CHECK-MODE-NO-TOKEN" in foreseen["kubeconfig"]
    nowhere = accounts.dynamic(check=True, namespaces=[f"{accounts.namespace}-nowhere"])
    assert "its namespace does not exist" in nowhere["warnings"][0]
    no_role = accounts.dynamic(check=True, role={"kind": "Role", "name": "nobody"})
    assert "there is no Role nobody" in no_role["warnings"][0]
    for wrong in ({"namespaces": [f"{accounts.namespace}-nowhere"]}, {"role": {"kind": "Role", "name": "nobody"}}):
        with pytest.raises(WorkloadCredentialsError, match=r"does not exist|there is no Role nobody"):
            accounts.dynamic(**wrong)
    assert accounts.left() == []


def test_the_api_servers_own_limits_are_told_as_they_are(accounts: Accounts) -> None:
    with pytest.raises(WorkloadCredentialsError, match="ttl: 599 is out of range: a token lives for 600"):
        accounts.mint(ttl=599)
    accounts.end(lease_id=accounts.mint(ttl=600.0)["lease_id"])
    (warning,) = accounts.mint(check=True, service_account="nobody")["warnings"]
    assert "there is no service account" in warning
    with pytest.raises(WorkloadCredentialsError, match="there is no service account"):
        accounts.mint(service_account="nobody")
    assert accounts.left() == []


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"name": ""}, "name: '' cannot be the name of a lease"),
        ({"name": "app", "namespace": ""}, "namespace: '' is not a name"),
        ({"state": "pruned", "namespace": ""}, "namespace: '' is not a name"),
        ({"state": "pruned", "name": "app"}, "name: state=pruned removes all expired leases, whatever they were for."),
        ({"namespace": "other", "lease_id": "apps/x"}, "namespace: the lease apps/x is not in other."),
        ({"lease_id": ["x"]}, "lease_id: 'x' is not the ID of a lease"),
        ({"minted": "run"}, "minted: only the controller knows the leases of a run."),
    ],
)
def test_what_would_end_more_than_is_meant_is_refused(accounts: Accounts, given: Any, words: str) -> None:
    minted = accounts.mint()
    with pytest.raises(OptionError) as caught:
        accounts.end(**given)
    assert str(caught.value).startswith(words)
    assert accounts.accepted(minted["token"])


def test_an_id_that_names_another_secret_ends_nothing(accounts: Accounts) -> None:
    core = client.CoreV1Api(accounts.admin)
    core.create_namespaced_secret(accounts.namespace, {"metadata": {"name": "mine"}})
    with pytest.raises(OptionError, match="is not a lease's record"):
        accounts.end(lease_id=f"{accounts.namespace}/mine")
    assert core.read_namespaced_secret("mine", accounts.namespace)


def test_fifty_at_once_are_fifty_leases(accounts: Accounts) -> None:
    with ThreadPoolExecutor(16) as pool:
        minted = list(pool.map(lambda _one: accounts.dynamic(), range(50)))
    ids = {one["lease_id"] for one in minted}
    assert len(ids) == len({one["token"] for one in minted}) == 50
    assert {one["id"] for one in accounts.leases()} == ids
    assert set(accounts.end(lease_id=sorted(ids))["revoked"]) == ids
    assert accounts.left() == []


def test_an_id_with_its_namespace_given_too_is_no_contradiction(accounts: Accounts) -> None:
    lease = accounts.mint()["lease_id"]
    own = {"lease_id": lease, "namespace": accounts.namespace}
    assert [one["lease_id"] for one in accounts.leases(**own)] == [lease]
    for run in (accounts.leases, accounts.end):
        with pytest.raises(OptionError, match=f"namespace: the lease {lease} is not in elsewhere"):
            run(**{**own, "namespace": "elsewhere", "lease_id": lease if run == accounts.leases else [lease]})
    assert accounts.end(lease_id=[lease], namespace=accounts.namespace)["revoked"] == [lease]
