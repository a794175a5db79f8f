# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What External Secrets Operator is given, and what is refused because it would fail there."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from ansible_collections.community.workload_credentials.plugins.module_utils._api.errors import (
    OptionError,
    WorkloadCredentialsError,
)
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster_entries import checked_entries
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster_operator import (
    Scope,
    operator_objects,
)
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster_status import (
    applied_difference,
    statuses,
)
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster_unwanted import removed, unwanted
from ansible_collections.community.workload_credentials.plugins.plugin_utils._durations import seconds, written

AWS = {"name": "aws", "namespace": "web", "dynamic_secret": "prod/aws"}
AZURE = {"name": "azure", "namespace": "web", "dynamic_secret": "prod/azure"}
APP = {"name": "app", "namespace": "web", "static_secret": "prod/db/app"}
REFERENCE = {"name": "keys", "key": "id"}
STS = {
    "name": "sts",
    "namespace": "web",
    "sts_session_token": {
        "region": "eu-central-1",
        "secret_ref": {"access_key_id": REFERENCE, "secret_access_key": REFERENCE},
    },
}


def service(ttl: int = 3600, **changes: Any) -> dict[str, Any]:
    own = {
        "api_url": "https://api.example.com",
        "site_id": "a1b2c3d4-e5f6-4890-abcd-ef1234567890",
        "api_version": "2026-04-28",
        "ca_cert": "-----BEGIN",
        "definitions": {
            "prod/aws": {"provider": "aws", "ttl": ttl},
            "prod/azure": {"provider": "azure", "ttl": ttl},
        },
    }
    return {**own, **changes}


def objects(*entries: dict[str, Any], **changes: Any) -> list[dict[str, Any]]:
    return operator_objects(checked_entries(list(entries), "external_secret"), service(**changes))


def named(found: list[dict[str, Any]]) -> list[str]:
    return [f"{one['kind']}/{one['name']}" for one in found]


@pytest.mark.parametrize(
    ("ttl", "interval"),
    [(900, "11m15s"), (3600, "45m"), (43200, "9h"), (86400, "18h"), (5400, "1h7m30s")],
)
def test_credentials_are_renewed_after_three_quarters_of_their_life(ttl: int, interval: str) -> None:
    assert objects(AWS, ttl=ttl)[-1]["interval"] == interval


@pytest.mark.parametrize(
    ("duration", "length"), [("45m", 2700.0), ("1h30m", 5400.0), ("1.5h", 5400.0), ("90s", 90.0), ("100ms", 0.1)]
)
def test_durations_of_go(duration: str, length: float) -> None:
    assert seconds(duration, "x") == pytest.approx(length)


@pytest.mark.parametrize("duration", ["", "1d", "45", "0s", "-5m", "45 m", "1h 30m", "m"])
def test_what_is_no_duration_of_go_is_refused(duration: str) -> None:
    with pytest.raises(OptionError, match="no duration above zero"):
        seconds(duration, "refresh_interval")


def test_no_seconds_are_written_as_such() -> None:
    assert written(0) == "0s"


def test_each_source_has_its_kinds_and_connections_are_shared() -> None:
    found = objects(AWS, AZURE, APP, STS, {**APP, "name": "second"})
    assert sorted(one["kind"] for one in found) == [
        "BeyondtrustWorkloadCredentialsDynamicSecret",
        *["ExternalSecret"] * 5,
        "STSSessionToken",
        *["Secret"] * 2,
        "SecretStore",
        "Webhook",
    ]
    first = next(number for number, one in enumerate(found) if one["kind"] == "ExternalSecret")
    assert all(one["kind"] == "ExternalSecret" for one in found[first:])


def test_session_tokens_need_no_connection_to_the_secrets_api() -> None:
    found = objects(STS)
    assert named(found) == ["STSSessionToken/sts", "ExternalSecret/sts"]
    assert found[1]["interval"] == "9h"


def test_formats_and_keys_become_templates_that_cannot_fail() -> None:
    assert (
        objects({**AWS, "format": "aws_env"})[-1]["template_data"]["AWS_SESSION_TOKEN"]
        == '{{ index . "sessionToken" }}'
    )
    assert objects({**AZURE, "keys": {"ID": "client_id"}})[-1]["template_data"] == {"ID": '{{ index . "client_id" }}'}
    text = objects({**AWS, "format": "aws_credentials"})[-1]["template_data"]["credentials"]
    assert text.startswith('[default]\naws_access_key_id = {{ index . "accessKeyId" }}\n')
    assert objects(AWS)[-1]["template_data"] == {}


@pytest.mark.parametrize("text", ["{{ .accessKeyId }}", "x-{{ .accessKeyId | trim | b64enc }}-{{ .leaseId }}", "plain"])
def test_a_template_that_cannot_fail_is_taken(text: str) -> None:
    assert objects({**AWS, "template": {"a": text}})[-1]["template_data"] == {"a": text}


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        ({**AWS, "refresh_interval": "1h"}, "web/aws.refresh_interval: 1h is not shorter"),
        ({**AWS, "refresh_interval": "1d"}, "no duration above zero"),
        ({**AWS, "format": "azure_env"}, "web/aws.format: there will be no client_id"),
        ({**AZURE, "keys": {"a": "accessKeyId"}}, "web/azure.keys: there will be no accessKeyId"),
        ({**AZURE, "deletion_policy": "Delete"}, "with Azure only Retain"),
        ({**AWS, "template": {"a": "{{ .nothing }}"}}, "web/aws.template.a: {{ .nothing }} might fail"),
        ({**AWS, "template": {"a": "{{ .accessKeyId | fromJson }}"}}, "might fail"),
        ({**AWS, "template": {"a": "{{ if .x }}y{{ end }}"}}, "might fail"),
        ({**AWS, "template": {"a": "b"}, "keys": {"a": "leaseId"}}, "template excludes keys and format"),
        ({**AWS, "creation_policy": "None"}, "'None' is not one of"),
        ({**AWS, "delivery": "push", "template": {"a": "b"}}, "template: it needs delivery external_secret"),
        ({**STS, "delivery": "push"}, "sts_session_token: it needs delivery external_secret"),
        ({**STS, "sts_session_token": {"region": "x", "role": "arn"}}, "role: the operator"),
        ({**STS, "sts_session_token": {"region": "x", "auth": {"jwt": {"a": 1}}}}, "jwt: the operator accepts"),
        ({**STS, "sts_session_token": {"secret_ref": {}}}, "region: it is needed"),
        ({**STS, "sts_session_token": {"region": "x"}}, "secret_ref.access_key_id: it must name a Secret"),
    ],
)
def test_what_would_fail_at_run_time_is_refused(entry: dict[str, Any], says: str) -> None:
    with pytest.raises(WorkloadCredentialsError) as caught:
        objects(entry)
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("parameters", "says"),
    [
        ({"session_duration": 60}, "from 900 to 129600"),
        ({"serial_number": "arn"}, "serves once"),
        ({"other": 1}, "unknown: other"),
    ],
)
def test_parameters_of_session_tokens(parameters: dict[str, Any], says: str) -> None:
    source = {**STS["sts_session_token"], "request_parameters": parameters}  # type: ignore[dict-item]
    with pytest.raises(OptionError, match=says):
        objects({**STS, "sts_session_token": source})


def test_a_source_copied_from_a_manifest_works() -> None:
    references = {"accessKeyIDSecretRef": REFERENCE, "secretAccessKeySecretRef": REFERENCE}
    source = {"region": "x", "auth": {"secretRef": references}, "requestParameters": {"sessionDuration": 3600}}
    generator, secret = objects({**STS, "sts_session_token": source})
    assert generator["sts"]["secret_ref"] == {"access_key_id": REFERENCE, "secret_access_key": REFERENCE}
    assert secret["interval"] == "45m"
    references["sessionTokenSecretRef"] = REFERENCE
    with pytest.raises(OptionError, match="with a session token AWS refuses"):
        objects({**STS, "sts_session_token": source})


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"site_id": "a1b2c3d4-e5f6-7890-abcd-ef1234567890"}, "site_id: .* not a UUID of version 4"),
        ({"api_url": "http://api.example.com"}, "api_url: .* needs https"),
    ],
)
def test_a_connection_that_the_operator_refuses_is_refused(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(OptionError, match=says):
        objects(AWS, **changes)


def test_a_webhooks_address_is_quoted() -> None:
    definitions = {"a b%/x~y": {"provider": "azure", "ttl": 3600}}
    entry = {**checked_entries([AZURE], "external_secret")[0], "path": "a b%/x~y"}
    found = operator_objects([entry], service(definitions=definitions))
    (webhook,) = [one for one in found if one["kind"] == "Webhook"]
    assert webhook["url"] == "/secrets/dynamic/x~y/generate?folder=a%20b%25"


def external(ready: str, reason: str, synced: str, generation: int = 2) -> dict[str, Any]:
    conditions = [{"type": "Ready", "status": ready, "reason": reason, "message": "m"}]
    return {
        "apiVersion": "external-secrets.io/v1",
        "kind": "ExternalSecret",
        "metadata": {"name": "aws", "namespace": "web", "generation": generation},
        "status": {"conditions": conditions, "syncedResourceVersion": synced},
    }


@pytest.mark.parametrize(
    ("found", "problem"),
    [
        (external("True", "SecretSynced", "2-abc"), None),
        (external("True", "SecretSynced", "1-abc"), "not synchronised its newest form"),
        (external("True", "SecretSynced", "21-abc"), "not synchronised its newest form"),
        (external("False", "SecretSyncedError", ""), "SecretSyncedError: m (UpdateFailed: new)"),
        ({**external("True", "SecretSynced", ""), "status": {}}, "not looked at it yet"),
        (None, "there is no ExternalSecret"),
    ],
)
def test_ready_means_that_this_generation_was_synchronised(found: dict[str, Any] | None, problem: str | None) -> None:
    subject = {"name": "aws", "namespace": "web"}
    events = [
        {"involvedObject": subject, "reason": "UpdateFailed", "message": text, "lastTimestamp": at}
        for text, at in (("new", "2026-01-02"), ("old", "2026-01-01"))
    ]
    entries = checked_entries([AWS], "external_secret")
    (one,) = statuses(entries, [found] if found else [], [], events, datetime.now(UTC))
    assert one["ready"] is (problem is None)
    assert problem is None or problem in one["problem"]


def test_what_is_not_wanted_goes_and_external_secrets_first() -> None:
    wanted = objects(AWS)
    found = [
        {"apiVersion": one["version"], "kind": one["kind"], "metadata": {"name": one["name"], "namespace": "web"}}
        for one in objects(AWS, AZURE)
    ]
    assert named([{**one, "name": one["metadata"]["name"]} for one in unwanted(found, wanted)]) == [
        "ExternalSecret/azure",
        "Webhook/azure",
    ]
    assert unwanted(found, [], ["elsewhere"]) == []


def shared(*entries: dict[str, Any]) -> list[dict[str, Any]]:
    """The objects with generators and stores of the whole cluster."""
    return operator_objects(checked_entries(list(entries), "external_secret"), service(), Scope(True, "operators"))


def test_entries_of_one_source_share_what_belongs_to_the_cluster() -> None:
    other = {"namespace": "batch"}
    found = shared(AWS, {**AWS, **other}, AZURE, STS, {**STS, **other}, APP, {**APP, **other})
    of_cluster = [one for one in found if one["namespace"] is None]
    assert sorted(one["kind"] for one in of_cluster) == ["ClusterGenerator"] * 3 + ["ClusterSecretStore"]
    (store,) = (one for one in of_cluster if one["kind"] == "ClusterSecretStore")
    assert (store["users"], store["secrets_namespace"]) == (["batch", "web"], "operators")
    fields = {one["generator"]["kind"]: one["generator"]["spec_field"] for one in of_cluster if "generator" in one}
    assert fields == {
        "BeyondtrustWorkloadCredentialsDynamicSecret": "beyondtrustWorkloadCredentialsDynamicSecretSpec",
        "STSSessionToken": "stsSessionTokenSpec",
        "Webhook": "webhookSpec",
    }
    tokens = {one["namespace"] for one in found if one["template"] == "token_secret"}
    assert tokens == {"batch", "web", "operators"}
    names = {one["name"] for one in of_cluster}
    used = [one.get("store", one.get("generator"))["name"] for one in found if one["template"] == "external_secret"]
    assert len(used) == 7
    assert set(used) == names


def in_cluster(one: dict[str, Any]) -> dict[str, Any]:
    """An object as the cluster has it, as far as it refers to others."""
    metadata = {field: one[field] for field in ("name", "namespace", "labels") if one[field]}
    spec: dict[str, Any] = {}
    if one["template"] == "external_secret" and "store" in one:
        spec["secretStoreRef"] = one["store"]
    elif one["template"] == "external_secret":
        spec["dataFrom"] = [{"sourceRef": {"generatorRef": one["generator"]}}]
    elif one["kind"] == "ClusterSecretStore":
        token = {"name": one["token_secret"], "namespace": one["secrets_namespace"]}
        ca = {"name": one["ca_secret"], "namespace": one["secrets_namespace"]}
        spec["provider"] = {"beyondtrustworkloadcredentials": {"auth": {"apikey": {"token": token}}, "caProvider": ca}}
    return {"apiVersion": one["version"], "kind": one["kind"], "metadata": metadata, "spec": spec}


def test_what_the_cluster_shares_goes_with_its_last_user() -> None:
    other = {"namespace": "batch"}
    found = [in_cluster(one) for one in shared(AWS, {**AWS, **other}, APP)]
    first = [f"{one['kind']}/{one['metadata'].get('namespace')}" for one in unwanted(found, [], ["web"])]
    assert first == [
        "ExternalSecret/web",
        "ExternalSecret/web",
        "ClusterSecretStore/None",
        *["Secret/operators"] * 2,
        *["Secret/web"] * 2,
    ]
    everything = unwanted(found, [], ["web", "batch"])
    assert len(everything) == len(found)


def test_a_secret_that_the_operator_merged_into_or_was_told_to_leave_stays() -> None:
    labels = {"app.kubernetes.io/managed-by": "community.workload_credentials"}
    own = {"name": "aws", "namespace": "web", "labels": labels}
    foreign = {"apiVersion": "v1", "kind": "Secret", "metadata": own}
    external_secret = {"apiVersion": "external-secrets.io/v1", "kind": "ExternalSecret", "metadata": own}
    assert named([one["metadata"] | one for one in unwanted([external_secret, foreign], [])]) == ["ExternalSecret/aws"]
    owned = {**foreign, "metadata": {**own, "ownerReferences": [{"kind": "ExternalSecret", "name": "aws"}]}}
    leaving = unwanted([external_secret, owned], [])
    assert len(leaving) == 2
    # The Secret goes with its ExternalSecret, and is no other news.
    (said,) = removed([external_secret, owned], leaving)
    assert (said["name"], said["delivery"], said["action"]) == ("aws", "external_secret", "removed")


@pytest.mark.parametrize("field", ["labels", "annotations"])
def test_labels_and_annotations_are_templates_of_the_operator_and_may_not_fail(field: str) -> None:
    with pytest.raises(OptionError, match=rf"web/aws\.{field}\.a: .* might fail"):
        objects({**AWS, field: {"a": "{{ .nothing }}"}})


def test_what_was_applied_is_shown_without_the_clusters_bookkeeping() -> None:
    metadata = {"name": "aws", "namespace": "web", "resourceVersion": "2"}
    diff = {"before": {"metadata": {"generation": 1}, "spec": {"a": 1}}, "after": {"metadata": {"generation": 2}}}
    changed = {"changed": True, "diff": diff, "result": {"kind": "ExternalSecret", "metadata": metadata}}
    store = {"changed": False, "diff": {}, "result": {"kind": "ClusterSecretStore", "metadata": {"name": "x"}}}
    wanted = {"before": {"ExternalSecret/web/aws": {"spec": {"a": 1}}}, "after": {"ExternalSecret/web/aws": {}}}
    assert applied_difference(changed) == wanted
    assert applied_difference({"changed": True, "result": {"results": [changed, store]}}) == wanted
    created = {"changed": True, "result": {"kind": "ClusterSecretStore", "metadata": {"name": "x"}}}
    assert applied_difference(created)["after"] == {"ClusterSecretStore/x": {}}
