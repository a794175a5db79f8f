# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes: what no entry wants, and what the cluster shares with its last user."""

from __future__ import annotations

from typing import Any

from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.job import Service
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.removal import (
    identity_of,
    left_behind,
    unwanted,
)
from ansible_collections.community.workload_credentials.plugins.plugin_utils._eso.objects import OperatorObject

from tests.unit.plugins.plugin_utils._eso.test_objects import APP, AWS, AZURE, SERVICE, STS, objects, shared


def in_cluster(one: OperatorObject) -> dict[str, Any]:
    """An object as the cluster has it, as far as it refers to others."""
    known = one.variables(Service(**SERVICE))
    metadata = {field: known[field] for field in ("name", "namespace", "labels") if known[field]}
    token = {"name": known["token_secret"], "namespace": known["token_namespace"]}
    connection = {"auth": {"apikey": {"token": token}}}
    connection["caProvider"] = {"name": known["ca_secret"], "namespace": known["ca_namespace"]}
    spec: dict[str, Any] = {}
    if one.kind == "ExternalSecret" and "store" in known:
        spec["secretStoreRef"] = known["store"]
    elif one.kind == "ExternalSecret":
        spec["dataFrom"] = [{"sourceRef": {"generatorRef": known["generator"]}}]
    elif "Store" in one.kind:
        spec["provider"] = {"beyondtrustworkloadcredentials": connection}
    elif one.kind == "Webhook":
        spec = {"secrets": [{"secretRef": {"name": token["name"]}}], "caProvider": connection["caProvider"]}
    elif one.kind not in ("Secret", "STSSessionToken"):
        spec["provider"] = connection
    return {"apiVersion": one.api_version, "kind": one.kind, "metadata": metadata, "spec": spec}


def named(found: list[Any]) -> list[str]:
    return [f"{one['kind']}/{one['metadata']['name']}" for one in found]


def test_what_is_not_wanted_goes_and_external_secrets_first() -> None:
    found = [in_cluster(one) for one in objects(AWS, AZURE)]
    wanted = {one.identity for one in objects(AWS)}
    assert named(unwanted(found, wanted)) == ["ExternalSecret/azure", "Webhook/azure"]
    assert unwanted(found, set(), ["elsewhere"]) == []


def test_what_the_cluster_shares_goes_with_its_last_user() -> None:
    other = {"namespace": "batch"}
    found = [in_cluster(one) for one in shared(AWS, {**AWS, **other}, APP)]
    first = [f"{one['kind']}/{one['metadata'].get('namespace')}" for one in unwanted(found, set(), ["web"])]
    assert first == [
        "ExternalSecret/web",
        "ExternalSecret/web",
        "ClusterSecretStore/None",
        *["Secret/operators"] * 2,
        *["Secret/web"] * 2,
    ]
    assert len(unwanted(found, set(), ["web", "batch"])) == len(found)


def test_a_secret_that_the_operator_merged_into_or_was_told_to_leave_stays() -> None:
    labels = {"app.kubernetes.io/managed-by": "community.workload_credentials"}
    own = {"name": "aws", "namespace": "web", "labels": labels}
    foreign = {"apiVersion": "v1", "kind": "Secret", "metadata": own}
    external_secret = {"apiVersion": "external-secrets.io/v1", "kind": "ExternalSecret", "metadata": own}
    assert named(unwanted([external_secret, foreign], set())) == ["ExternalSecret/aws"]
    owned = {**foreign, "metadata": {**own, "ownerReferences": [{"kind": "ExternalSecret", "name": "aws"}]}}
    assert len(unwanted([external_secret, owned], set())) == 2


def behind(gone: list[OperatorObject], staying: list[OperatorObject]) -> list[str]:
    """What is left behind once the ExternalSecrets of these objects are gone."""
    known = {identity_of(one): one for one in map(in_cluster, [*gone, *staying])}
    going = {one.identity for one in gone if one.kind == "ExternalSecret"}
    return sorted("/".join(one) for one in left_behind(known, going))


def test_the_token_goes_with_the_last_that_needs_it() -> None:
    connection = ["Secret/web/workload-credentials-ca", "Secret/web/workload-credentials-token"]
    generator = "BeyondtrustWorkloadCredentialsDynamicSecret/web/aws"
    assert behind(objects(AWS), []) == [generator, *connection]
    assert behind(objects(AWS), objects(AZURE)) == [generator]
    assert behind(objects(AWS), objects(APP)) == [generator]
    assert behind(objects(AWS), objects(STS)) == [generator, *connection]
    assert behind(objects(AWS), objects({**AWS, "name": "again", "generator_name": "aws"})) == []
    assert behind(objects(AWS), objects({**AWS, "namespace": "batch"})) == [generator, *connection]
    store = objects(APP)[0] if objects(APP)[0].kind == "SecretStore" else objects(APP)[-2]
    assert behind(objects(APP), objects({**APP, "name": "second"})) == []
    assert behind(objects(APP), objects(AWS)) == ["/".join(store.identity)]


def test_of_what_the_cluster_shares_the_token_goes_with_its_last_user_in_the_namespace() -> None:
    other = {"namespace": "batch"}
    connection = ["Secret/web/workload-credentials-ca", "Secret/web/workload-credentials-token"]
    (generator,) = ("/".join(one.identity) for one in shared(AWS) if one.kind == "ClusterGenerator")
    assert behind(shared(AWS), []) == [generator, *connection]
    assert behind(shared(AWS), shared({**AWS, **other})) == connection
    assert behind(shared(AWS), shared(AZURE)) == [generator]
    home = ["Secret/operators/workload-credentials-ca", "Secret/operators/workload-credentials-token"]
    (store,) = ("/".join(one.identity) for one in shared(APP) if one.kind == "ClusterSecretStore")
    assert behind(shared(APP), shared(AWS)) == [store, *home]
    assert behind(shared(APP), shared({**APP, **other})) == []
