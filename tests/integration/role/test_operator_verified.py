# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is verified is what the entries say, and not what happens to lie in the cluster."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.job import Scope
from kubernetes import client

from tests.integration.role.test_operator_own import OPERATED, PLURALS
from tests.integration.role.test_push_faults import APP, AWS, AZURE
from tests.support.definitions import UUIDS, do
from tests.support.deliveries import Deliveries
from tests.support.operator import Operator
from tests.support.represented import represented
from tests.support.site import Site

pytestmark = pytest.mark.one_core


def verified(deliveries: Deliveries, *entries: dict[str, Any], **options: Any) -> str:
    options = {"delivery": "external_secret", **options}
    return " ".join(deliveries.run(*entries, state="verified", **options).problems)


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        ({**AZURE, "dynamic_secret": "prod/azure-too"}, "Webhook/{}/azure is not what the entry says: spec.url"),
        ({**AZURE, "keys": {"ID": "client_id"}}, "is not what the entry says: spec.target.template"),
        ({**AZURE, "refresh_interval": "10m"}, "is not what the entry says: spec.refreshInterval"),
        (
            {**AZURE, "labels": {"a": "b"}},
            "is not what the entry says: spec.target.template.metadata.labels.a, metadata.labels.a",
        ),
        ({**APP, "keys": {"P": "password"}}, "ExternalSecret/{}/app is not what the entry says: spec.target.template"),
        ({**APP, "static_secret": "prod/other"}, "{}/app: prod/other: there is no static secret"),
        ({**AZURE, "dynamic_secret": "prod/none"}, "{}/azure: prod/none: there is no dynamic secret"),
    ],
)
def test_another_entry_than_what_was_delivered_is_not_ready(
    working: Operator, deliveries: Deliveries, site: Site, entry: dict[str, Any], says: str
) -> None:
    definition = {"integration_name": "az", "application_object_id": UUIDS[2], "ttl": 3600}
    do(site, "dynamic_secret", path="prod/azure-too", type="azure", **definition)
    assert deliveries.run(AZURE, APP, **OPERATED).problems == []
    assert verified(deliveries, AZURE, APP) == ""
    assert says.format(deliveries.namespace) in verified(deliveries, entry)


@pytest.mark.parametrize("everywhere", represented([False, True], by=[False]))
def test_what_an_entry_depends_on_has_to_be_there(
    working: Operator, deliveries: Deliveries, site: Site, everywhere: bool
) -> None:
    place, scope = deliveries.namespace, Scope(everywhere, deliveries.namespace)
    assert deliveries.run(AZURE, APP, scope=scope, **OPERATED).problems == []
    assert verified(deliveries, AZURE, APP, scope=scope) == ""
    working.leave()
    api, custom = client.CoreV1Api(), client.CustomObjectsApi()
    _ca, token = site.operators_secrets
    api.delete_namespaced_secret(token, place)
    said = verified(deliveries, AZURE, APP, scope=scope)
    assert said.count(f"the operator reads the Secret {place}/{token}, which does not exist") == 2
    deliveries.run(AZURE, APP, scope=scope, **{**OPERATED, "wait": False})
    for plural in ("clustersecretstores", "clustergenerators") if everywhere else ("secretstores", "webhooks"):
        group = PLURALS[plural.removeprefix("cluster")] if "stores" in plural else PLURALS["webhooks"]
        if everywhere:
            for one in custom.list_cluster_custom_object(*group, plural)["items"]:
                custom.delete_cluster_custom_object(*group, plural, one["metadata"]["name"])
        else:
            for one in custom.list_namespaced_custom_object(*group, place, plural)["items"]:
                custom.delete_namespaced_custom_object(*group, place, plural, one["metadata"]["name"])
    said = verified(deliveries, AZURE, APP, scope=scope)
    assert said.count("does not exist") == 2
    deliveries.run(AZURE, APP, state="absent", scope=scope, **OPERATED)


def test_what_somebody_has_added_is_not_ready(working: Operator, deliveries: Deliveries) -> None:
    place, custom = deliveries.namespace, client.CustomObjectsApi()
    assert deliveries.run(AZURE, APP, **OPERATED).problems == []
    working.leave()
    (store,) = custom.list_namespaced_custom_object(*PLURALS["secretstores"], place, "secretstores")["items"]
    name, added = store["metadata"]["name"], {"spec": {"controller": "another"}}
    custom.patch_namespaced_custom_object(*PLURALS["secretstores"], place, "secretstores", name, added)
    said = verified(deliveries, AZURE, APP)
    assert said == f"{place}/app: SecretStore/{place}/{name} is not what the entry says: spec.controller."


def test_a_pushed_secret_is_compared_too(deliveries: Deliveries, api: client.CoreV1Api) -> None:
    deliveries.run(AWS, APP)
    assert verified(deliveries, AWS, APP, delivery="push") == ""
    said = verified(deliveries, {**AWS, "format": "aws_env"}, APP, delivery="push")
    assert "aws: it was made for another source, keys, format or type than the entry's" in said
    api.patch_namespaced_secret("app", deliveries.namespace, {"data": {"password": "eA=="}})
    assert "app: its data was changed by someone else" in verified(deliveries, AWS, APP, delivery="push")
