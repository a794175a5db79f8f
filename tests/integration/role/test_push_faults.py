# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever goes wrong in the middle of a push: the rest is delivered, and no lease is lost."""

from __future__ import annotations

import re
import sys
from typing import Any

import pytest
from ansible_collections.community.workload_credentials.plugins.module_utils._kube import client as in_worker
from kubernetes import client

from tests.support.deliveries import Deliveries, own_templates
from tests.support.faulty_cluster import Fault, Watched
from tests.support.site import Site

pytestmark = pytest.mark.one_core
LEASE = "workload-credentials.ansible.com/lease-id"
AWS = {"name": "aws", "dynamic_secret": "prod/aws"}
AZURE = {"name": "azure", "dynamic_secret": "prod/azure"}
APP = {"name": "app", "static_secret": "prod/app"}
# A request that really writes a Secret.
WRITES = re.compile(r"(POST|PATCH) .*/secrets(?!.*dryRun)")


def living(site: Site) -> set[str]:
    return {lease["id"] for lease in site.leases() if lease["state"] == "active"}


def held(api: client.CoreV1Api, namespace: str) -> set[str]:
    found = (one.metadata.annotations or {} for one in api.list_namespaced_secret(namespace).items)
    return {notes[LEASE] for notes in found if LEASE in notes}


def refuse(way: Watched, name: str, **fault: Any) -> None:
    """Make each real write of the Secret of this name fail."""
    where = re.compile(rf"PATCH .*/secrets/{name}\?(?!.*dryRun)")
    way.before = lambda request: way.faults.append(Fault(where=request, **fault)) if where.match(request) else None


def test_a_push_loads_nothing_of_the_operator(deliveries: Deliveries, monkeypatch: pytest.MonkeyPatch) -> None:
    room = "ansible_collections.community.workload_credentials.plugins.plugin_utils._eso."
    # This, and other tests, have loaded it.
    own_templates()
    for name in [name for name in sys.modules if name.startswith(room)]:
        monkeypatch.delitem(sys.modules, name)
    for options in ({}, {}, {"state": "refreshed"}, {"check_mode": True, "renew": True}, {"state": "absent"}):
        assert deliveries.run(AWS, AZURE, APP, **options).problems == []
    assert [name for name in sys.modules if name.startswith(room)] == []


def test_what_the_cluster_refuses_at_the_end_has_its_lease_ended_and_the_rest_is_delivered(
    deliveries: Deliveries, way: Watched, site: Site, api: client.CoreV1Api
) -> None:
    entries = [AZURE, {**AZURE, "name": "other"}, AWS, APP]
    deliveries.run(*({**entry, "keys": {"a": "leaseId"}} if "azure" in str(entry) else entry for entry in entries))
    before = held(api, deliveries.namespace)
    refuse(way, "azure", status=403, body='{"kind": "Status", "reason": "Forbidden", "message": "not today"}')
    outcome = deliveries.run(*entries)
    assert outcome.problems == [f"Secret {deliveries.namespace}/azure: not today."]
    assert [(one["name"], one["action"]) for one in outcome.report] == [
        ("azure", "failed"),
        ("other", "renewed"),
        ("aws", "kept"),
        ("app", "kept"),
    ]
    # The one that failed keeps its old lease, and the one that was renewed has lost its own.
    assert living(site) == held(api, deliveries.namespace)
    assert len(living(site) & before) == 2


@pytest.mark.parametrize("entry", [AWS, AZURE])
@pytest.mark.parametrize("after", [False, True])
def test_a_write_without_an_answer_is_settled_by_looking(
    deliveries: Deliveries, way: Watched, site: Site, api: client.CoreV1Api, entry: dict[str, Any], after: bool
) -> None:
    deliveries.run({**entry, "keys": {"a": "leaseId"}})
    (first,) = held(api, deliveries.namespace)
    refuse(way, entry["name"], times=99, after=after)
    outcome = deliveries.run(entry)
    (now,) = held(api, deliveries.namespace)
    minted = {lease["id"] for lease in site.leases()} - {first}
    assert (now in minted) is after
    assert bool(outcome.problems) is not after
    if entry is AZURE:
        assert living(site) == {now}
    else:
        # A lease that nothing can end is named.
        (unheld,) = ({first} | minted) - {now}
        assert unheld in " ".join([*outcome.problems, *outcome.warnings])


def test_a_cluster_that_is_gone_in_the_middle_leaves_no_lease_unnamed(
    deliveries: Deliveries, way: Watched, site: Site
) -> None:
    def go(request: str) -> None:
        if WRITES.match(request):
            way.faults = [Fault(times=9999)]

    way.before = go
    outcome = deliveries.run(AZURE, {**AZURE, "name": "other"}, AWS)
    said = " ".join(outcome.problems)
    assert len(site.leases()) == 3
    for lease in site.leases():
        assert lease["state"] == "revoked" or lease["id"] in said, said


def test_a_secret_that_somebody_makes_between_look_and_write_stays_theirs(
    deliveries: Deliveries, way: Watched, site: Site, api: client.CoreV1Api
) -> None:
    def race(request: str) -> None:
        if WRITES.match(request) and "azure" not in made:
            made.append("azure")
            meta = {"name": "azure"}
            api.create_namespaced_secret(deliveries.namespace, {"metadata": meta, "data": {"mine": "eA=="}})

    made: list[str] = []
    way.before = race
    outcome = deliveries.run(AZURE)
    assert "a Secret of this name exists and is not managed by this role" in " ".join(outcome.problems)
    assert api.read_namespaced_secret("azure", deliveries.namespace).data == {"mine": "eA=="}
    assert living(site) == set()


def test_a_label_that_somebody_sets_between_look_and_write_is_no_obstacle(
    deliveries: Deliveries, way: Watched, site: Site, api: client.CoreV1Api
) -> None:
    deliveries.run({**AZURE, "keys": {"a": "leaseId"}})

    def label(request: str) -> None:
        if WRITES.match(request):
            way.before = None
            body = {"metadata": {"labels": {"others": "label"}}}
            api.patch_namespaced_secret("azure", deliveries.namespace, body)

    way.before = label
    assert deliveries.run(AZURE).problems == []
    found = api.read_namespaced_secret("azure", deliveries.namespace)
    assert found.metadata.labels["others"] == "label"
    assert living(site) == {found.metadata.annotations[LEASE]}


def test_where_minting_fails_the_others_are_delivered_and_every_failure_is_named(
    deliveries: Deliveries, site: Site, api: client.CoreV1Api
) -> None:
    site.fault("drop_after", method="POST", path="/dynamic/azure/generate")
    site.fault("status", method="POST", path="/dynamic/aws/generate", status=403)
    outcome = deliveries.run(AZURE, AWS, APP, {**AZURE, "name": "other"})
    said = " ".join(outcome.problems)
    assert "a lease of prod/azure may exist nevertheless" in said
    assert "Generating is a permission of its own" in said
    names = {one.metadata.name for one in api.list_namespaced_secret(deliveries.namespace).items}
    assert {"app"} < names
    assert len(names) == 2
    (lost,) = living(site) - held(api, deliveries.namespace)
    assert lost in said


def test_a_terminating_namespace_stops_nothing_elsewhere_and_costs_no_lease(
    deliveries: Deliveries, site: Site, api: client.CoreV1Api
) -> None:
    going = f"{deliveries.namespace}-going"
    api.create_namespace({"metadata": {"name": going}})
    api.create_namespaced_config_map(going, {"metadata": {"name": "holds", "finalizers": ["example.com/hold"]}})
    api.delete_namespace(going)
    outcome = deliveries.run({**AZURE, "namespace": going}, AZURE)
    api.patch_namespaced_config_map("holds", going, {"metadata": {"finalizers": None}})
    assert outcome.problems == [
        (
            f"The namespace {going} is being deleted, so nothing is minted for it: wait until it is gone, and "
            f"run again ({going}/azure)."
        )
    ]
    assert len(site.leases()) == 1
    assert living(site) == held(api, deliveries.namespace)


@pytest.mark.parametrize("moment", ["mint", "write"])
def test_an_interruption_ends_what_was_minted_or_names_it(
    deliveries: Deliveries, site: Site, api: client.CoreV1Api, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    create = in_worker.InWorker.create

    def interrupted(port: Any, manifests: Any, *, dry_run: bool = False, **options: Any) -> Any:
        if dry_run:
            return create(port, manifests, dry_run=True, **options)
        create(port, manifests[:1])
        raise KeyboardInterrupt

    def interrupt(*_arguments: Any, **_options: Any) -> Any:
        raise KeyboardInterrupt

    if moment == "write":
        monkeypatch.setattr(in_worker.InWorker, "create", interrupted)
    else:
        # The trial with placeholders is called by its other name.
        target = "ansible_collections.community.workload_credentials.plugins.plugin_utils._delivery.push.applied"
        monkeypatch.setattr(target, interrupt)
    with pytest.raises(KeyboardInterrupt):
        deliveries.run(AZURE, {**AZURE, "name": "other"}, AWS)
    said = " ".join(deliveries.last_words)
    assert len(site.leases()) == 3
    for lease in site.leases():
        is_held = lease["id"] in held(api, deliveries.namespace)
        assert lease["state"] == "revoked" or lease["id"] in said or is_held


def test_an_unchanged_run_asks_once_and_writes_nothing(deliveries: Deliveries, way: Watched, site: Site) -> None:
    entries = [{**AZURE, "name": f"azure-{number}"} for number in range(5)]
    deliveries.run(*entries)
    way.requests.clear()
    site.forget()
    outcome = deliveries.run(*entries)
    assert (outcome.problems, outcome.before, outcome.after) == ([], {}, {})
    # Whether their leases live is one list of their definition.
    assert (len(way.requests), len(site.requests())) == (1, 1)
    assert site.requests()[0].startswith("GET ")


def test_check_mode_shows_no_lease_that_was_not_minted(deliveries: Deliveries, site: Site) -> None:
    outcome = deliveries.run(AZURE, APP, check_mode=True)
    assert [(one["action"], one["lease_id"], one["expiration"]) for one in outcome.report] == [
        ("created", None, None)
    ] * 2
    assert "1970" not in str(outcome)
    shown = outcome.after[f"{deliveries.namespace}/azure"]
    assert shown["annotations"][LEASE] == "known after minting"
    assert site.writes() == []
