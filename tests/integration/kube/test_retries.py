# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the port sends again, and what it makes of answers that never came."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.community.workload_credentials.plugins.module_utils._kube import client as in_worker
from ansible_collections.community.workload_credentials.plugins.module_utils._kube import client as sending
from ansible_collections.community.workload_credentials.plugins.module_utils._kube.client import RETRIES
from ansible_collections.community.workload_credentials.plugins.module_utils._kube.errors import ClusterError
from ansible_collections.community.workload_credentials.plugins.module_utils._kube.objects import (
    OBJECT_KINDS,
    Gone,
    Refusal,
)
from kubernetes import client

from tests.support.faulty_cluster import Fault, FaultyCluster
from tests.support.ports import namespace, port, secret

pytestmark = pytest.mark.one_core
SECRET = OBJECT_KINDS["Secret"]


@pytest.fixture
def faulty(cluster: Any, tmp_path: Path) -> Iterator[FaultyCluster]:
    with FaultyCluster(cluster, tmp_path) as running:
        yield running


@pytest.fixture
def through(faulty: FaultyCluster, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setattr(sending, "FIRST_PAUSE", 0.01)
    with port("in_worker", faulty.kubeconfig) as made:
        yield made


def status(code: int, reason: str = "", message: str = "") -> str:
    return json.dumps({"kind": "Status", "apiVersion": "v1", "code": code, "reason": reason, "message": message})


# name -> what goes wrong, and how many requests it takes all the same.
PASSING = {
    "busy": (Fault(2, status=429, headers={"Retry-After": "0"}), 3),
    "odd wait": (Fault(1, status=429, headers={"Retry-After": "²"}), 2),
    "gateway": (Fault(1, status=502, body="<html>"), 2),
    "not ready": (Fault(1, status=503), 2),
    "gateway after": (Fault(1, status=504, after=True), 2),
    "leader": (Fault(1, status=500, body=status(500, message="etcdserver: leader changed")), 2),
    "server timeout": (Fault(1, status=500, body=status(500, "ServerTimeout")), 2),
    "cut": (Fault(RETRIES), RETRIES + 1),
    "cut after": (Fault(1, after=True), 2),
}


@pytest.mark.parametrize("name", PASSING)
@pytest.mark.parametrize("verb", ["list", "get", "apply", "create", "versioned", "patch", "delete", "delete seen"])
def test_what_may_pass_is_tried_again(
    through: Any, faulty: FaultyCluster, api: client.CoreV1Api, space: str, name: str, verb: str
) -> None:
    body = secret("one", space, {"a": "1"}, metadata={"labels": {"x": "y"}})
    seen = body if verb == "create" else through.apply([body])[0]
    versioned = {**body, "metadata": {**body["metadata"], "resourceVersion": seen["metadata"].get("resourceVersion")}}
    changed = {**versioned, "stringData": {"b": "2"}}
    fault, requests = PASSING[name]
    faulty.faults, faulty.requests = [Fault(**vars(fault))], []
    work = {
        "list": lambda: through.list(SECRET, namespace=space)[0],
        "get": lambda: through.get(SECRET, "one", space),
        "apply": lambda: through.apply([body])[0],
        "create": lambda: through.create([body])[0],
        "versioned": lambda: through.apply([changed])[0],
        "patch": lambda: through.patch([body])[0],
        "delete": lambda: through.delete([body])[0],
        "delete seen": lambda: through.delete([seen])[0],
    }
    result = work[verb]()
    deleted = verb.startswith("delete")
    # Who asked twice, and was heard the first time, cannot know who was first.
    assert result == Gone(was_there=not fault.after) if deleted else result["metadata"]["name"] == "one", result
    # A write that has happened, and whose version is another now, is settled by reading.
    settled = fault.after and verb in ("create", "versioned")
    assert len(faulty.requests) == requests + settled, faulty.requests
    assert [one.metadata.name for one in api.list_namespaced_secret(space).items] == ([] if deleted else ["one"])


LASTING = {
    "conflict of a version": Fault(9, status=409, body=status(409, "Conflict")),
    "refused": Fault(9, status=403, body=status(403, "Forbidden")),
    "broken": Fault(9, status=500, body=status(500, message="failed to convert")),
    "long wait": Fault(9, status=429, headers={"Retry-After": "3600"}),
    "redirect": Fault(9, status=302, headers={"Location": "http://127.0.0.1:1/"}),
    "not found": Fault(9, status=404, body=status(404, "NotFound")),
    "web page": Fault(9, status=200, body="<html>hello</html>"),
    "odd JSON": Fault(9, status=200, body="[" * 100_000),
}


@pytest.mark.parametrize("name", LASTING)
def test_what_will_not_pass_is_not(through: Any, faulty: FaultyCluster, space: str, name: str) -> None:
    version = {"resourceVersion": "7"}
    faulty.faults = [LASTING[name]]
    result = through.apply([secret("one", space, metadata=version)])[0]
    assert isinstance(result, Refusal)
    assert (len(faulty.requests), result.status) == (1, LASTING[name].status)
    assert "<" not in result.words


def test_a_conflict_without_a_version_passes(through: Any, faulty: FaultyCluster, space: str) -> None:
    faulty.faults = [Fault(1, status=409, body=status(409, "Conflict"))]
    assert through.apply([secret("one", space)])[0]["metadata"]["name"] == "one"


@pytest.mark.parametrize("who", ["other values", "another manager"])
def test_what_somebody_else_made_while_the_answer_was_lost_is_theirs(
    through: Any, faulty: FaultyCluster, api: client.CoreV1Api, space: str, who: str
) -> None:
    theirs = {"a": "2"} if who == "other values" else {"a": "1"}
    api.create_namespaced_secret(space, secret("one", space, theirs))
    faulty.faults = [Fault(1)]
    result = through.create([secret("one", space, {"a": "1"})])[0]
    assert isinstance(result, Refusal)
    assert (result.exists, len(faulty.requests)) == (True, 3)


def test_a_deletion_whose_answer_was_lost_is_settled_by_reading(
    through: Any, faulty: FaultyCluster, api: client.CoreV1Api, space: str
) -> None:
    held = through.apply([secret("held", space, metadata={"finalizers": ["example.com/held"]})])[0]
    other = {**held, "metadata": {**held["metadata"], "uid": "11111111-1111-1111-1111-111111111111"}}
    faulty.faults = [Fault(1)]
    assert through.delete([other]) == [Gone(was_there=False)]
    assert api.read_namespaced_secret("held", space).metadata.deletion_timestamp is None
    faulty.faults = [Fault(1, after=True)]
    assert through.delete([held]) == [Gone()]
    api.patch_namespaced_secret("held", space, {"metadata": {"finalizers": None}})
    assert through.wait_gone([held], 20) == []


def test_one_that_is_never_answered_does_not_stop_the_others(through: Any, faulty: FaultyCluster, space: str) -> None:
    faulty.faults = [Fault(99, where="/secrets/two")]
    one, two, three = through.apply([secret(name, space) for name in ("one", "two", "three")])
    assert (one["metadata"]["name"], three["metadata"]["name"]) == ("one", "three")
    assert (two.status, two.reason) == (0, "NoAnswer")
    assert two.words.endswith("may have been done nevertheless; run again.")
    with pytest.raises(ClusterError, match="the connection ended too early"):
        through.get(SECRET, "two", space)
    # A dry run does nothing.
    assert "may have been done" not in through.apply([secret("two", space)], dry_run=True)[0].words


def test_a_cluster_that_goes_away_is_not_asked_for_each_object(through: Any, faulty: FaultyCluster, space: str) -> None:
    through.list(SECRET)
    faulty.go_away()
    results = through.apply([secret(f"one-{number}", space) for number in range(200)])
    assert {one.status for one in results} == {0}
    assert "nothing listens there" in results[0].words
    assert "It was not sent" in results[-1].words


def test_a_hundred_writes_are_a_hundred_requests(through: Any, faulty: FaultyCluster, space: str) -> None:
    spaces = [f"{space}-{number}" for number in range(20)]
    through.apply([namespace(name) for name in spaces])
    manifests = [secret(f"s{number}", spaces[number % 20], {"a": str(number)}) for number in range(100)]
    faulty.requests = []
    made = through.create(manifests)
    assert [one["metadata"]["name"] for one in made] == [one["metadata"]["name"] for one in manifests]
    assert len(faulty.requests) == 100
    places = [(one["metadata"]["namespace"], one["metadata"]["name"]) for one in manifests]
    assert through.get_many(SECRET, places) == made
    assert len(faulty.requests) == 200


def test_long_lists_come_in_pages(
    through: Any, faulty: FaultyCluster, space: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [f"s{number}" for number in range(5)]
    through.apply([secret(name, space) for name in names])
    monkeypatch.setattr(in_worker, "PAGE", 2)
    faulty.requests = []
    assert [one["metadata"]["name"] for one in through.list(SECRET, namespace=space)] == names
    assert len(faulty.requests) == 3
    # What the second page belongs to may be forgotten by then.
    faulty.requests, faulty.faults = [], [Fault(1, where="continue=", status=410, body=status(410, "Expired"))]
    assert [one["metadata"]["name"] for one in through.list(SECRET, namespace=space)] == names
    assert len(faulty.requests) == 3


def test_through_modules_too(faulty: FaultyCluster, space: str) -> None:
    through = port("by_modules", faulty.kubeconfig)
    faulty.faults = [
        Fault(1, where="PATCH", status=429, headers={"Retry-After": "0"}),
        Fault(1, where="PATCH", status=503),
    ]
    one, two = through.create([secret(name, space, {"a": "1"}) for name in ("one", "two")])
    assert (one["metadata"]["name"], two["metadata"]["name"]) == ("one", "two")
