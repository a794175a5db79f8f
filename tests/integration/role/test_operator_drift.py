# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What somebody adds to the role's objects for the operator is seen, and undone."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.job import Scope
from kubernetes import client

from tests.integration.role.test_operator_own import OPERATED, PLURALS
from tests.integration.role.test_push_faults import APP, AWS, AZURE
from tests.support.deliveries import Deliveries
from tests.support.operator import Operator
from tests.support.operator_sources import GENERATORS, STORES
from tests.support.represented import represented

pytestmark = pytest.mark.one_core
EXTRACT = {"extract": {"key": "another"}}
ADDED: list[tuple[str, str, dict[str, Any], str]] = [
    ("externalsecrets", "azure", {"target": {"template": {"data": {"password": "mine"}}}}, "spec.target.template"),
    ("externalsecrets", "azure", {"target": {"immutable": True}}, "spec.target.immutable"),
    ("externalsecrets", "app", {"data": [{"secretKey": "x", "remoteRef": {"key": "other"}}]}, "spec.data"),
    ("externalsecrets", "app", {"dataFrom": [{"extract": {"key": "app"}}, EXTRACT]}, "spec.dataFrom"),
    ("secretstores", "", {"controller": "another"}, "spec.controller"),
    ("webhooks", "azure", {"body": "more"}, "spec.body"),
]


def found(plural: str, namespace: str) -> list[dict[str, Any]]:
    return list(client.CustomObjectsApi().list_namespaced_custom_object(*PLURALS[plural], namespace, plural)["items"])


@pytest.mark.parametrize(
    ("plural", "name", "spec", "path"), represented(ADDED, by=ADDED[1:5:3]), ids=[f"{one[0]}-{one[3]}" for one in ADDED]
)
def test_what_somebody_adds_is_in_the_plan_and_goes(
    working: Operator, deliveries: Deliveries, plural: str, name: str, spec: dict[str, Any], path: str
) -> None:
    place, api = deliveries.namespace, client.CustomObjectsApi()
    assert deliveries.run(APP, AZURE, **OPERATED).problems == []
    # The operator itself would take it at its word meanwhile.
    working.leave()
    (before,) = (one for one in found(plural, place) if one["metadata"]["name"].startswith(name))
    own = before["metadata"]["name"]
    api.patch_namespaced_custom_object(*PLURALS[plural], place, plural, own, {"spec": spec}, field_manager="kubectl")
    foreseen = deliveries.run(APP, AZURE, check_mode=True, **{**OPERATED, "wait": False})
    assert plural != "externalsecrets" or f"because this changes: {path}" in " ".join(deliveries.lines)
    outcome = deliveries.run(APP, AZURE, **{**OPERATED, "wait": False})
    assert (outcome.problems, outcome.before, outcome.after) == ([], foreseen.before, foreseen.after)
    assert path.rpartition(".")[2] in str(outcome.before)
    (after,) = (one for one in found(plural, place) if one["metadata"]["name"] == own)
    assert after["spec"] == before["spec"]
    # It is one change, for which the operator acts once.
    assert after["metadata"]["generation"] == before["metadata"]["generation"] + 2
    assert deliveries.run(APP, AZURE, **{**OPERATED, "wait": False}).before == {}


@pytest.mark.parametrize("is_shared", [False, True], ids=["namespace", "cluster"])
def test_the_class_of_an_operator_is_that_of_the_option(
    working: Operator, deliveries: Deliveries, *, is_shared: bool
) -> None:
    place, api = deliveries.namespace, client.CustomObjectsApi()
    options = {**OPERATED, "scope": Scope(is_shared, place, "blue")}
    assert deliveries.run(APP, AWS, AZURE, **options).problems == []
    working.leave()
    assert classes(place, is_shared=is_shared) == {"blue"}
    if not is_shared:
        (store,) = found("secretstores", place)
        body = {"spec": {"controller": "green"}}
        api.patch_namespaced_custom_object(
            *PLURALS["secretstores"], place, "secretstores", store["metadata"]["name"], body, field_manager="kubectl"
        )
        said = " ".join(deliveries.run(APP, state="verified", **options).problems)
        assert "is not what the entry says: spec.controller" in said
        assert len(deliveries.run(APP, AWS, AZURE, **options).before) == 1
    assert deliveries.run(APP, AWS, AZURE, **options).before == {}
    assert deliveries.run(APP, AWS, AZURE, **{**options, "scope": Scope(is_shared, place)}).problems == []
    assert classes(place, is_shared=is_shared) == {None}
    deliveries.run(APP, AWS, AZURE, state="absent", **options)


def classes(place: str, *, is_shared: bool) -> set[str | None]:
    """Those of the stores and of the generators that have one."""
    if not is_shared:
        plurals = ("secretstores", "beyondtrustworkloadcredentialsdynamicsecrets")
        return {one["spec"].get("controller") for plural in plurals for one in found(plural, place)}
    api = client.CustomObjectsApi()
    stores = api.list_cluster_custom_object(*STORES, "clustersecretstores")["items"]
    generators = api.list_cluster_custom_object(*GENERATORS, "clustergenerators")["items"]
    specs = [one["spec"] for one in stores if place in one["spec"]["conditions"][0]["namespaces"]]
    inner = [one["spec"]["generator"].get("beyondtrustWorkloadCredentialsDynamicSecretSpec") for one in generators]
    return {spec.get("controller") for spec in [*specs, *filter(None, inner)]}
