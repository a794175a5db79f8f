# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What cannot be done stops nothing else, is named, and the report says what was done all the same."""

from __future__ import annotations

import re
from typing import Any

import pytest
from ansible_collections.community.workload_credentials.plugins.plugin_utils._delivery import deliver
from kubernetes import client

from tests.integration.role.test_leases import REFUSED, nothing_is_lost
from tests.integration.role.test_push_faults import APP, AWS, AZURE, WRITES, held, living
from tests.kubernetes.tests.waiting import wait_until
from tests.support.deliveries import Deliveries
from tests.support.faulty_cluster import Fault, Watched
from tests.support.operator import Operator
from tests.support.operator_sources import STORES
from tests.support.site import Site

pytestmark = pytest.mark.one_core
OPERATED = {**AZURE, "delivery": "external_secret"}


def actions(outcome: Any) -> list[tuple[str, str]]:
    return [(one["name"], one["action"]) for one in outcome.report]


def test_check_mode_bears_that_somebody_else_writes_meanwhile(
    deliveries: Deliveries, way: Watched, api: client.CoreV1Api
) -> None:
    deliveries.run(AZURE)

    def label(request: str) -> None:
        if "dryRun" in request:
            way.before = None
            api.patch_namespaced_secret("azure", deliveries.namespace, {"metadata": {"labels": {"a": "b"}}})

    way.before = label
    outcome = deliveries.run({**AZURE, "keys": {"a": "leaseId"}}, check_mode=True)
    assert (outcome.problems, actions(outcome)) == ([], [("azure", "renewed")])


@pytest.mark.parametrize("check_mode", [False, True])
def test_the_report_names_no_key_that_is_removed(
    deliveries: Deliveries, api: client.CoreV1Api, check_mode: bool
) -> None:
    deliveries.run(AZURE)
    api.patch_namespaced_secret("azure", deliveries.namespace, {"data": {"mine": "eA=="}})
    outcome = deliveries.run(AZURE, check_mode=check_mode)
    assert "mine" not in outcome.report[0]["keys"]
    assert "mine" not in outcome.after[f"{deliveries.namespace}/azure"]["keys"]


def test_texts_arrive_as_they_are_whatever_is_in_them(
    kinds: None, deliveries: Deliveries, api: client.CoreV1Api
) -> None:
    odd = {
        f"a{number}": text
        for number, text in enumerate(
            [
                "\U0001f600",
                "\\ud83d\\ude00",
                "\u2028\x85\x7f\ufeff\x01",
                "{% raw %}{{ x }}",
                "#: '\"\\\n\t- !!a",
                "true",
                " ",
            ]
        )
    }
    entries = [{**AZURE, "annotations": odd}, {**APP, "annotations": odd, "delivery": "external_secret"}]
    assert deliveries.run(*entries, wait=False).problems == []
    found = client.CustomObjectsApi().get_namespaced_custom_object(
        *STORES, deliveries.namespace, "externalsecrets", "app"
    )
    assert odd.items() <= api.read_namespaced_secret("azure", deliveries.namespace).metadata.annotations.items()
    assert odd.items() <= found["metadata"]["annotations"].items()
    assert {one for _name, one in actions(deliveries.run(*entries, wait=False))} == {"kept"}


def test_a_namespace_that_is_refused_stops_nothing_elsewhere(
    kinds: None, deliveries: Deliveries, way: Watched, site: Site
) -> None:
    bad = f"{deliveries.namespace}-bad"
    way.faults = [Fault(where=f"namespaces/{bad}?", status=403, body=REFUSED)]
    good = f"{deliveries.namespace}-good"
    entries = [{**one, "namespace": place} for place in (bad, good) for one in (AZURE, {**OPERATED, "name": "o"})]
    outcome = deliveries.run(*entries, APP, create_namespaces=True, wait=False)
    assert outcome.problems == [f"Namespace {bad}: not today."]
    assert actions(outcome) == [
        *[("o", "failed"), ("o", "created")],
        *[("azure", "failed"), ("azure", "created"), ("app", "created")],
    ]
    assert f"Namespace/{good}" in outcome.after
    assert f"Namespace/{bad}" not in outcome.after
    assert len(site.leases()) == 1


def test_objects_of_the_operator_that_the_role_has_not_made_stay_as_they_are(
    kinds: None, deliveries: Deliveries, api: client.CoreV1Api, site: Site
) -> None:
    custom, other = client.CustomObjectsApi(), f"{deliveries.namespace}-other"
    api.create_namespace({"metadata": {"name": other}})
    spec = {"secretStoreRef": {"name": "vault"}, "dataFrom": [{"extract": {"key": "mine"}}]}
    theirs = {"apiVersion": "/".join(STORES), "kind": "ExternalSecret", "metadata": {"name": "azure"}, "spec": spec}
    custom.create_namespaced_custom_object(*STORES, deliveries.namespace, "externalsecrets", theirs)
    own = site.operators_secrets[1]
    token = {"metadata": {"name": own}, "data": {"token": "bWluZQ=="}}
    api.create_namespaced_secret(other, token)
    outcome = deliveries.run(OPERATED, {**OPERATED, "namespace": other}, wait=False)
    said = " ".join(outcome.problems)
    for where in (f"ExternalSecret/{deliveries.namespace}/azure", f"Secret/{other}/{own}"):
        assert f"{where}: it exists and is not managed by this role" in said
    assert actions(outcome) == [("azure", "failed")] * 2
    now = custom.get_namespaced_custom_object(*STORES, deliveries.namespace, "externalsecrets", "azure")
    assert now["spec"]["dataFrom"] == spec["dataFrom"]
    assert api.read_namespaced_secret(own, other).data == token["data"]


def test_warnings_that_may_not_be_read_hide_nothing(working: Operator, deliveries: Deliveries, way: Watched) -> None:
    working.failing["azure"] = "boom"
    way.faults = [Fault(where="/events", times=9, status=403, body=REFUSED)]
    assert actions(deliveries.run(OPERATED, APP, wait=False)) == [("azure", "created"), ("app", "created")]
    custom, place = client.CustomObjectsApi(), (*STORES, deliveries.namespace, "externalsecrets", "azure")
    wait_until(lambda: "status" in custom.get_namespaced_custom_object(*place), "the operator's look")
    outcome = deliveries.run(OPERATED, APP, wait_timeout=0)
    said = " ".join(outcome.problems)
    assert f"{deliveries.namespace}/azure: SecretSyncedError" in said
    assert "events cannot be read" in said


def test_a_move_to_push_that_is_refused_is_found_before_anything_is_minted(
    working: Operator, deliveries: Deliveries, way: Watched, site: Site, api: client.CoreV1Api
) -> None:
    deliveries.run(OPERATED, wait_timeout=15)
    before = len(site.leases())
    way.faults = [Fault(where="DELETE", times=9, status=403, body=REFUSED)]
    outcome = deliveries.run(AZURE, AWS)
    assert outcome.problems == [f"ExternalSecret {deliveries.namespace}/azure: not today."]
    assert actions(outcome) == [("azure", "failed"), ("aws", "created")]
    assert len(site.leases()) == before + 1


@pytest.mark.parametrize("moment", ["removal", "write"])
def test_a_move_to_push_ends_well_at_the_latest_in_the_next_run(
    working: Operator, deliveries: Deliveries, way: Watched, site: Site, api: client.CoreV1Api, moment: str
) -> None:
    deliveries.run(OPERATED, wait_timeout=15)
    owners = [
        one.to_dict() for one in api.read_namespaced_secret("azure", deliveries.namespace).metadata.owner_references
    ]
    claimed = [
        {"apiVersion": one["api_version"], **{name: one[name] for name in ("kind", "name", "uid")}} for one in owners
    ]

    def disturb(request: str) -> None:
        if moment == "removal" and request.startswith("DELETE"):
            way.before = None
            body = {"metadata": {"ownerReferences": claimed}}
            api.patch_namespaced_secret("azure", deliveries.namespace, body)
        if moment == "write" and WRITES.match(request) and "force" in request:
            way.faults.append(Fault(where=request, status=403, body=REFUSED))

    way.before = disturb
    outcome = deliveries.run(AZURE)
    assert bool(outcome.problems) is (moment == "write")
    assert f"ExternalSecret/{deliveries.namespace}/azure" in outcome.before
    way.before = None
    if moment == "write":
        assert deliveries.run(AZURE).problems == []
    assert actions(deliveries.run(AZURE)) == [("azure", "kept")]
    found = api.read_namespaced_secret("azure", deliveries.namespace).metadata
    assert found.owner_references is None
    assert held(api, deliveries.namespace) <= living(site)
    # What the operator left behind ends with the move; of a move that broke off nobody knows its lease any more.
    assert len(living(site)) == (1 if moment == "removal" else 2)


def test_a_move_to_the_operator_goes_on_where_one_secret_is_not_let_go(
    working: Operator, deliveries: Deliveries, way: Watched, site: Site, api: client.CoreV1Api
) -> None:
    deliveries.run(AZURE, {**AZURE, "name": "other"})
    pushed = held(api, deliveries.namespace)
    let_go = re.compile(r"PATCH .*/secrets/azure\?(?!.*dryRun)")
    way.before = lambda request: (
        way.faults.append(Fault(where=request, status=403, body=REFUSED)) if let_go.match(request) else None
    )
    moved = (OPERATED, {**OPERATED, "name": "other"}, APP)
    foretold = deliveries.run(*moved, check_mode=True)
    outcome = deliveries.run(*moved, wait_timeout=15)
    assert outcome.problems == [f"Secret {deliveries.namespace}/azure: not today."]
    assert actions(outcome) == [("azure", "created"), ("other", "created"), ("app", "created")]
    assert len(pushed & living(site)) == 1
    way.before = None
    assert deliveries.run(*moved, wait_timeout=15).problems == []
    assert pushed & living(site) == set()
    assert {f"{deliveries.namespace}/azure", f"{deliveries.namespace}/other"} <= foretold.before.keys()


def test_a_fault_of_this_collection_ends_the_leases_and_quotes_no_value(
    deliveries: Deliveries, site: Site, api: client.CoreV1Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    def faulty(*_given: Any) -> Any:
        raise KeyError("canary")

    monkeypatch.setattr(deliver, "carried_out", faulty)
    outcome = deliveries.run(AZURE)
    said = " ".join(outcome.problems)
    assert "a fault of this collection, KeyError" in said
    assert "canary" not in said
    assert len(site.leases()) == 1
    nothing_is_lost(deliveries, site, api, said)
