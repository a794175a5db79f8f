# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Several lists of entries in one cluster: each owner changes and removes its own only."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.job import Scope
from kubernetes import client

from tests.integration.role.test_operator_own import OPERATED, PLURALS, left
from tests.integration.role.test_push_faults import APP, AWS, AZURE, held, living
from tests.support.deliveries import Deliveries
from tests.support.operator import Operator
from tests.support.represented import represented
from tests.support.site import Site

pytestmark = pytest.mark.one_core
OWNER = "workload-credentials.ansible.com/owner"
MINE = {"owner": "team-a"}


def test_prune_and_teardown_leave_what_another_owner_has_pushed(
    deliveries: Deliveries, site: Site, api: client.CoreV1Api
) -> None:
    deliveries.run(AZURE)
    deliveries.run({**AZURE, "name": "theirs"}, **MINE)
    # Whoever had a single list sees nothing new.
    assert OWNER not in api.read_namespaced_secret("azure", deliveries.namespace).metadata.labels
    for owner in ({}, MINE):
        own = AZURE if not owner else {**AZURE, "name": "theirs"}
        # It may remove what other tests have left.
        outcome = deliveries.run(own, prune=True, **owner)
        assert (outcome.problems, touched(outcome, deliveries)) == ([], [])
    assert deliveries.run(AZURE, state="absent", **MINE).problems == []
    assert [one.metadata.name for one in api.list_namespaced_secret(deliveries.namespace).items] == ["azure"]
    assert living(site) == held(api, deliveries.namespace)
    assert f"Secret/{deliveries.namespace}/theirs: remove, no entry wants it" in deliveries.lines


def touched(outcome: Any, deliveries: Deliveries) -> list[str]:
    """What was changed in the namespace."""
    return [one for one in outcome.before if f"/{deliveries.namespace}/" in one]


@pytest.mark.parametrize("delivery", ["push", "external_secret"])
def test_another_owners_secret_is_refused_before_anything_is_minted(
    working: Operator, deliveries: Deliveries, site: Site, delivery: str
) -> None:
    options: dict[str, Any] = {**OPERATED, "delivery": delivery}
    assert deliveries.run(AZURE, **options).problems == []
    before, leases = left(deliveries.namespace), len(site.leases())
    for other in ("push", "external_secret"):
        said = " ".join(deliveries.run(AZURE, APP, **{**OPERATED, "delivery": other}, **MINE).problems)
        assert "belongs to the owner default" in said or "that this role does not manage writes this Secret" in said
        said = " ".join(deliveries.run(AZURE, state="verified", delivery=other, **MINE).problems)
        assert "belongs to the owner default" in said or "there is no" in said
    assert (left(deliveries.namespace), len(site.leases())) == (before, leases)
    assert deliveries.run(AZURE, **options).before == {}


@pytest.mark.parametrize("everywhere", represented([False, True], by=[True]))
def test_two_owners_share_nothing_of_the_operators(
    working: Operator, deliveries: Deliveries, site: Site, everywhere: bool
) -> None:
    place, scope = deliveries.namespace, Scope(everywhere, deliveries.namespace)
    theirs = ({**APP, "name": "app-a"}, {**AWS, "name": "aws-a"})
    assert deliveries.run(APP, AWS, scope=scope, **OPERATED).problems == []
    before = left(place)
    assert deliveries.run(*theirs, scope=scope, **OPERATED, **MINE).problems == []
    for entries, owner in (((APP, AWS), {}), (theirs, MINE)):
        again = deliveries.run(*entries, scope=scope, prune=True, **OPERATED, **owner)
        assert (again.problems, touched(again, deliveries)) == ([], [])
    deliveries.run(*theirs, state="absent", scope=scope, **OPERATED, **MINE)
    assert f"ExternalSecret/{place}/aws-a: remove, no entry wants it" in deliveries.lines
    assert left(place) == before
    assert deliveries.run(APP, AWS, state="verified", scope=scope, delivery="external_secret").problems == []
    deliveries.run(APP, AWS, state="absent", scope=scope, **OPERATED)
    assert left(place) == []


def test_what_somebody_else_uses_is_not_pruned(working: Operator, deliveries: Deliveries, site: Site) -> None:
    place, api = deliveries.namespace, client.CustomObjectsApi()
    deliveries.run(AZURE, **OPERATED)
    group = PLURALS["externalsecrets"]
    spec = api.get_namespaced_custom_object(*group, place, "externalsecrets", "azure")["spec"]
    body = {
        "apiVersion": "/".join(group),
        "kind": "ExternalSecret",
        "metadata": {"name": "hand-written"},
        "spec": {**spec, "target": {"name": "hand-written"}},
    }
    api.create_namespaced_custom_object(*group, place, "externalsecrets", body)
    assert deliveries.run(prune=True, **OPERATED).problems == []
    assert {"webhooks/azure", *(f"secrets/{name}" for name in site.operators_secrets)} <= set(left(place))
    assert "externalsecrets/azure" not in left(place)


def test_a_cluster_without_owners_is_taken_over_by_a_label(
    working: Operator, deliveries: Deliveries, site: Site, api: client.CoreV1Api
) -> None:
    place, custom = deliveries.namespace, client.CustomObjectsApi()
    entries = ({**AWS, "keys": {"ID": "accessKeyId"}}, APP, {**AZURE, "name": "pushed", "delivery": "push"})
    assert deliveries.run(*entries, **OPERATED).problems == []
    working.leave()
    label = {"metadata": {"labels": {OWNER: "team-a"}}}
    for plural, group in PLURALS.items():
        for one in custom.list_namespaced_custom_object(*group, place, plural)["items"]:
            custom.patch_namespaced_custom_object(*group, place, plural, one["metadata"]["name"], label)
    for secret in api.list_namespaced_secret(place).items:
        api.patch_namespaced_secret(secret.metadata.name, place, label)
    names = left(place)
    outcome = deliveries.run(*entries, **{**OPERATED, "wait": False}, **MINE)
    # The label alone was a change, and the run is none.
    assert (outcome.problems, outcome.before, left(place)) == ([], {}, names)
