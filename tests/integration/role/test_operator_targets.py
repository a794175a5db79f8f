# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the operator could not write is refused before it generates: it would do so again and again."""

from __future__ import annotations

from typing import Any

import pytest
from kubernetes import client

from tests.integration.role.test_operator_own import OPERATED
from tests.integration.role.test_push_faults import APP, AZURE
from tests.support.definitions import do
from tests.support.deliveries import Deliveries
from tests.support.operator import Operator
from tests.support.operator_sources import STORES
from tests.support.represented import represented
from tests.support.site import Site

pytestmark = pytest.mark.one_core
LABELS = {"app.kubernetes.io/managed-by": "community.workload_credentials"}
OWNER = {"apiVersion": "cert-manager.io/v1", "kind": "Certificate", "name": "web", "uid": "1", "controller": True}
TARGETS: dict[str, tuple[dict[str, Any] | None, dict[str, Any], str]] = {
    "immutable": ({"immutable": True, "stringData": {"a": "b"}}, {}, "immutable"),
    "another type": ({"type": "example/a"}, {"keys": {"a": "client_id"}}, "type: "),
    "a type without its keys": (None, {"type": "kubernetes.io/tls"}, "data[tls.crt]: Required value"),
    "nothing to merge into": (None, {"creation_policy": "Merge"}, "there is no Secret to merge into"),
    "too large": (None, {"template": {"a": "x" * (1024 * 1024 + 1)}}, "Too long"),
    "owned": ({"owners": [OWNER]}, {}, "the Secret belongs to Certificate web"),
}


@pytest.mark.parametrize("name", represented(TARGETS, by=["a type without its keys", "owned"]))
def test_a_secret_that_could_not_be_written_mints_nothing_and_the_rest_is_delivered(
    working: Operator, deliveries: Deliveries, site: Site, api: client.CoreV1Api, name: str
) -> None:
    place = deliveries.namespace
    secret, more, says = TARGETS[name]
    if secret is not None:
        metadata = {"name": "azure", "labels": LABELS, "ownerReferences": secret.get("owners", [])}
        body = {key: value for key, value in secret.items() if key != "owners"}
        api.create_namespaced_secret(place, {**body, "metadata": metadata})
    foreseen = deliveries.run({**AZURE, **more}, APP, check_mode=True, **OPERATED)
    outcome = deliveries.run({**AZURE, **more}, APP, **OPERATED)
    assert foreseen.problems == outcome.problems
    assert says in " ".join(outcome.problems)
    assert [(one["name"], one["action"]) for one in outcome.report] == [("app", "created"), ("azure", "failed")]
    found = client.CustomObjectsApi().list_namespaced_custom_object(*STORES, place, "externalsecrets")["items"]
    assert [one["metadata"]["name"] for one in found] == ["app"]
    assert (working.generated, site.leases()) == ([], [])


def test_the_values_of_static_secrets_are_tried_as_they_are(
    working: Operator, deliveries: Deliveries, site: Site
) -> None:
    do(site, "static_secret", path="prod/app", secret={"file": '{"auths": {}}', "not": "{}"})
    entry = {**APP, "type": "kubernetes.io/dockerconfigjson", "keys": {".dockerconfigjson": "password"}}
    said = " ".join(deliveries.run(entry, **OPERATED).problems)
    assert ".dockerconfigjson" in said
    assert "canary" not in said
    assert deliveries.run({**entry, "keys": {".dockerconfigjson": "file"}}, **OPERATED).problems == []
    assert deliveries.run({**entry, "keys": {".dockerconfigjson": "file"}}, **OPERATED).before == {}


def leave(api: client.CoreV1Api, namespace: str) -> None:
    """Begin to delete a namespace that something holds."""
    api.create_namespaced_config_map(namespace, {"metadata": {"name": "holds", "finalizers": ["example.com/hold"]}})
    api.delete_namespace(namespace)


def let_go(api: client.CoreV1Api, namespace: str, *secrets: str) -> None:
    """Let it go at last."""
    gone = {"metadata": {"finalizers": None}}
    api.patch_namespaced_config_map("holds", namespace, gone)
    for name in secrets:
        api.patch_namespaced_secret(name, namespace, gone)


def test_into_a_namespace_that_is_being_deleted_the_operator_gets_nothing(
    working: Operator, deliveries: Deliveries, site: Site, api: client.CoreV1Api
) -> None:
    going = f"{deliveries.namespace}-going"
    api.create_namespace({"metadata": {"name": going}})
    leave(api, going)
    entries = ({**AZURE, "namespace": going}, {**APP, "namespace": going}, AZURE)
    foreseen = deliveries.run(*entries, check_mode=True, **OPERATED)
    outcome = deliveries.run(*entries, **OPERATED)
    let_go(api, going)
    assert outcome.problems == foreseen.problems
    assert outcome.problems == [
        (
            f"The namespace {going} is being deleted, so nothing is minted for it: wait until it is gone, and "
            f"run again ({going}/azure, {going}/app)."
        )
    ]
    assert {(one["namespace"], one["action"]) for one in outcome.report} == {
        (going, "failed"),
        (deliveries.namespace, "created"),
    }
    assert len(site.leases()) == 1


def test_a_secret_that_a_namespace_in_deletion_still_has_is_not_minted_for(
    deliveries: Deliveries, site: Site, api: client.CoreV1Api
) -> None:
    going = f"{deliveries.namespace}-going"
    api.create_namespace({"metadata": {"name": going}})
    entry = {**AZURE, "namespace": going}
    assert deliveries.run(entry).problems == []
    api.patch_namespaced_secret("azure", going, {"metadata": {"finalizers": ["example.com/hold"]}})
    leave(api, going)
    outcome = deliveries.run(entry, renew=True)
    let_go(api, going, "azure")
    assert f"The namespace {going} is being deleted" in " ".join(outcome.problems)
    assert [one["action"] for one in outcome.report] == ["failed"]
    assert len(site.leases()) == 1
