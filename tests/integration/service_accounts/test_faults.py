# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever request of a mint, or of its end, is the one that fails: nothing stays that cannot be found and removed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.community.workload_credentials.plugins.module_utils._api.errors import WorkloadCredentialsError
from ansible_collections.community.workload_credentials.plugins.module_utils._kube import client as sending
from ansible_collections.community.workload_credentials.plugins.module_utils._marks import DOMAIN
from kubernetes import client

from tests.support.accounts import Accounts, new
from tests.support.faulty_cluster import Fault, Watched

pytestmark = pytest.mark.one_core
DENIED = json.dumps({"kind": "Status", "reason": "Forbidden", "message": "denied by a test", "code": 403})
RULES = [{"api_groups": [""], "resources": ["pods"], "verbs": ["get"]}]
# What happens to a request: refused; carried out and never answered, or not at once; lost with all that follow it.
FAULTS: dict[str, Callable[[str], Fault]] = {
    "refused": lambda request: Fault(99, request, 403, {"Content-Type": "application/json"}, DENIED),
    "answer lost": lambda request: Fault(99, request, after=True),
    "answer lost once": lambda request: Fault(1, request, after=True),
    "no cluster any more": lambda _request: Fault(9999),
}


@pytest.fixture
def way(cluster: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Watched]:
    monkeypatch.setattr(sending, "FIRST_PAUSE", 0.001)
    with Watched(cluster, tmp_path) as running:
        yield running


@pytest.fixture
def accounts(cluster: Any, way: Watched) -> Accounts:
    return new(cluster, way.kubeconfig)


def fail(way: Watched, number: int | None, fault: Callable[[str], Fault]) -> None:
    """Let the request of this number fail from now on; None: none."""
    way.faults, way.requests = [], []

    def before(request: str) -> None:
        if len(way.requests) == number and not way.faults:
            # Names are made by chance, and the same request is sent again.
            way.faults = [fault(request)]

    way.before = before


def problem(work: Callable[[], Any]) -> str:
    """What the user is told; "": all went well."""
    try:
        work()
    except WorkloadCredentialsError as error:
        return str(error)
    return ""


def expire(accounts: Accounts) -> None:
    """Let time go by for the leases that are there."""
    core = client.CoreV1Api(accounts.admin)
    past = {"metadata": {"annotations": {f"{DOMAIN}/expiration": "2026-01-01T00:00:00Z"}}}
    for one in core.list_namespaced_secret(accounts.namespace, label_selector=f"{DOMAIN}/lease").items:
        core.patch_namespaced_secret(one.metadata.name, accounts.namespace, past)


@pytest.mark.parametrize("kind", FAULTS)
def test_a_mint_that_breaks_off_anywhere_leaves_nothing_that_is_not_found(
    accounts: Accounts, way: Watched, kind: str
) -> None:
    other = accounts.space("other")
    wanted = {"rules": RULES, "namespaces": [accounts.namespace, other]}
    fail(way, None, FAULTS[kind])
    accounts.end(lease_id=accounts.dynamic(**wanted)["lease_id"])
    number, broken = 0, 0
    while True:
        fail(way, number, FAULTS[kind])
        words = problem(lambda: accounts.dynamic(**wanted))
        has_failed = bool(way.faults)
        fail(way, None, FAULTS[kind])
        if words:
            broken += 1
            left = accounts.left()
            assert ("may remain" in words) >= bool(left), (number, words, left)
        else:
            accounts.end(name="temp", namespace=accounts.namespace)
        if not has_failed:
            break
        expire(accounts)
        accounts.end(state="pruned", namespace=accounts.namespace)
        assert accounts.left() == [], number
        number += 1
    # Record, account, two roles, two bindings, token, and the note of what came of it.
    assert number >= 8
    assert broken >= (0 if kind == "answer lost once" else 8)


@pytest.mark.parametrize("kind", ["refused", "answer lost"])
def test_an_end_that_breaks_off_anywhere_is_repeated_until_nothing_is_left(
    accounts: Accounts, way: Watched, kind: str
) -> None:
    other = accounts.space("other")
    number = 0
    while True:
        fail(way, None, FAULTS[kind])
        minted = accounts.dynamic(rules=RULES, namespaces=[accounts.namespace, other])
        fail(way, number, FAULTS[kind])
        words = problem(lambda one=minted: accounts.end(lease_id=one["lease_id"]))
        if not words:
            assert accounts.left() == []
            if not way.faults:
                break
        fail(way, None, FAULTS[kind])
        accounts.end(lease_id=minted["lease_id"])
        assert accounts.left() == [], number
        number += 1
    # The record, five lists, and six objects.
    assert number >= 10


def test_the_requests_are_the_fewest(accounts: Accounts, way: Watched) -> None:
    other = accounts.space("other")
    # What kind of thing each request is about, and what is done to it.
    cases: tuple[tuple[Callable[[], Any], list[str]], ...] = (
        (accounts.mint, ["POST selfsubjectreviews", "POST secrets", "POST token", "PATCH secrets"]),
        (
            lambda: accounts.dynamic(namespaces=[accounts.namespace, other]),
            ["GET clusterroles", "POST selfsubjectreviews", "POST secrets", "POST serviceaccounts"]
            + ["POST rolebindings"] * 2
            + ["POST token", "PATCH secrets"],
        ),
    )
    for work, wanted in cases:
        fail(way, None, FAULTS["refused"])
        minted = work()
        assert [about(request) for request in way.requests] == wanted
        fail(way, None, FAULTS["refused"])
        accounts.end(lease_id=minted["lease_id"])
        # Read, then for each kind and namespace a list, then what was found, and the record last.
        lists = sum(request.startswith("GET") for request in way.requests)
        assert (lists, len(way.requests) - lists) == ((1, 1) if work == accounts.mint else (4, 4))


def test_a_shorter_life_than_was_asked_for_is_told_and_recorded(accounts: Accounts, way: Watched) -> None:
    given = {"token": "x", "expirationTimestamp": "2126-01-01T00:00:00Z"}
    answer = {"kind": "TokenRequest", "spec": {"expirationSeconds": 3600, "audiences": ["api"]}, "status": given}
    way.faults = [Fault(1, "/token", 201, {"Content-Type": "application/json"}, json.dumps(answer))]
    minted = accounts.mint(ttl="2h")
    assert minted["warnings"] == ["ttl: the API server limits it to 3600 seconds instead of 7200."]
    (lease,) = accounts.leases()
    assert (lease["expiration"], lease["audiences"]) == (minted["expiration"], ["api"])
    way.faults = [Fault(1, "/token", 201, {"Content-Type": "application/json"}, json.dumps({"kind": "TokenRequest"}))]
    # What no API server says is no token, and nothing stays of it.
    assert "the cluster's answer to a token request contains no token" in problem(accounts.mint)
    assert [one["id"] for one in accounts.leases()] == [lease["id"]]


def about(request: str) -> str:
    """The method, and the resource of the address."""
    method, _space, target = request.partition(" ")
    parts = target.partition("?")[0].split("/")
    known = ("secrets", "serviceaccounts", "rolebindings", "clusterroles", "selfsubjectreviews", "token")
    return f"{method} {[one for one in parts if one in known][-1]}"


def test_what_guards_the_cluster_is_quoted_where_no_value_can_be_in_it(accounts: Accounts, way: Watched) -> None:
    words = "ValidatingAdmissionPolicy 'guard' with binding 'guard' denied request: leases need the label team"
    denied = json.dumps(
        {"kind": "Status", "reason": "Invalid", "message": f"secrets is forbidden: {words}", "code": 422}
    )
    for request in ("/secrets?", "PATCH ", "DELETE "):
        lease = accounts.mint()["lease_id"] if request == "DELETE " else ""
        way.faults = [Fault(1, request, 422, {"Content-Type": "application/json"}, denied)]
        said = problem(lambda one=lease: accounts.end(lease_id=one) if one else accounts.mint())
        assert "denied request: leases need the label team" in said
    accounts.end(name="app", namespace=accounts.namespace)
    assert accounts.left() == []


@pytest.mark.parametrize(
    "body", ['{"kind": "Secret"}', '{"kind": "Secret", "metadata": "x"}', '{"kind": "Secret", "metadata": {}}']
)
def test_an_answer_that_is_no_api_servers_is_said_to_be_none(accounts: Accounts, way: Watched, body: str) -> None:
    way.faults = [Fault(1, "/secrets?", 201, {"Content-Type": "application/json"}, body)]
    said = problem(accounts.mint)
    assert "the answer has status 200 and is not from a Kubernetes API" in said
    assert "a fault of this collection" not in said
    assert accounts.left() == []


def test_what_was_never_sent_leaves_nothing_to_speak_of(accounts: Accounts, cluster: Any, tmp_path: Path) -> None:
    content = cluster.kubeconfig.read_text(encoding="utf-8").replace(cluster.server, "https://127.0.0.1:9")
    (tmp_path / "away").write_text(content, encoding="utf-8")
    said = problem(lambda: replace(accounts, kubeconfig=tmp_path / "away").mint())
    assert said.startswith("The identity of this task: No answer from the cluster https://127.0.0.1:9")
    assert "may remain" not in said
    assert "SelfSubjectReview" not in said


def test_what_lost_its_record_is_pruned_and_what_lives_is_not(accounts: Accounts) -> None:
    other = accounts.space("other")
    lost, living = (accounts.dynamic(rules=RULES, namespaces=[other]) for _one in range(2))
    core = client.CoreV1Api(accounts.admin)
    core.delete_namespaced_secret(lost["lease_id"].partition("/")[2], accounts.namespace)
    found = accounts.end(state="pruned", check=True)
    assert {one for one in found["left_behind"] if other in one} == {
        f"{kind} {other}/{lost['service_account']}" for kind in ("Role", "RoleBinding")
    }
    accounts.end(state="pruned")
    assert [one for one in accounts.left() if lost["service_account"] in one] == []
    assert accounts.accepted(living["token"])
    assert accounts.end(state="pruned")["changed"] is False
    accounts.end(name="temp", namespace=accounts.namespace)
    assert accounts.left() == []
