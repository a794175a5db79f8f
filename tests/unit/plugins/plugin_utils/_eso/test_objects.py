# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What External Secrets Operator is given, and what is refused because it would fail there."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.community.workload_credentials.plugins.module_utils._api.errors import (
    OptionError,
    WorkloadCredentialsError,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._credentials.source import Facts
from ansible_collections.community.workload_credentials.plugins.module_utils._providers import PROVIDERS
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.entries import checked_entries
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.job import Scope, Service
from ansible_collections.community.workload_credentials.plugins.plugin_utils._eso.objects import (
    OperatorObject,
    advice,
    operator_objects,
)

from tests.support.operator import executed

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


JWT = {"serviceAccountRef": {"name": "irsa"}}
SERVICE = {
    "api_url": "https://api.example.com",
    "site_id": "a1b2c3d4-e5f6-4890-abcd-ef1234567890",
    "api_version": "2026-04-28",
    "access_token": "x",
    "ca_cert": "-----BEGIN",
}


def facts(ttl: int = 3600) -> dict[str, Facts]:
    return {f"prod/{name}": Facts(provider.keys, ttl, provider) for name, provider in PROVIDERS.items()}


def objects(
    *entries: dict[str, Any], ttl: int = 3600, scope: Scope | None = None, **changes: str
) -> list[OperatorObject]:
    return operator_objects(
        checked_entries(list(entries), "external_secret"),
        facts(ttl),
        Service(**{**SERVICE, **changes}),
        scope or Scope(),
    )


def shared(*entries: dict[str, Any]) -> list[OperatorObject]:
    """The objects with generators and stores of the whole cluster."""
    return objects(*entries, scope=Scope(cluster=True, namespace="operators"))


def named(found: list[OperatorObject]) -> list[str]:
    return [f"{one.kind}/{one.name}" for one in found]


@pytest.mark.parametrize(
    ("ttl", "interval"),
    [(900, "11m15s"), (3600, "45m"), (43200, "9h"), (86400, "18h"), (5400, "1h7m30s")],
)
def test_credentials_are_renewed_after_three_quarters_of_their_life(ttl: int, interval: str) -> None:
    assert objects(AWS, ttl=ttl)[-1].more["interval"] == interval


def test_each_source_has_its_kinds_and_connections_are_shared() -> None:
    found = objects(AWS, AZURE, APP, STS, {**APP, "name": "second"})
    assert sorted(one.kind for one in found) == [
        "BeyondtrustWorkloadCredentialsDynamicSecret",
        *["ExternalSecret"] * 5,
        "STSSessionToken",
        *["Secret"] * 2,
        "SecretStore",
        "Webhook",
    ]
    first = next(number for number, one in enumerate(found) if one.kind == "ExternalSecret")
    assert all(one.kind == "ExternalSecret" for one in found[first:])


def test_session_tokens_need_no_connection_to_the_secrets_api() -> None:
    found = objects(STS)
    assert named(found) == ["STSSessionToken/sts", "ExternalSecret/sts"]
    assert found[1].more["interval"] == "9h"


def test_formats_and_keys_become_templates_that_cannot_fail() -> None:
    assert (
        objects({**AWS, "format": "aws_env"})[-1].more["template_data"]["AWS_SESSION_TOKEN"]
        == '{{ index . "sessionToken" }}'
    )
    assert objects({**AZURE, "keys": {"ID": "client_id"}})[-1].more["template_data"] == {
        "ID": '{{ index . "client_id" }}'
    }
    assert objects({**AZURE, "format": "azcollection_env"})[-1].more["template_data"] == {
        "AZURE_CLIENT_ID": '{{ index . "client_id" }}',
        "AZURE_SECRET": '{{ index . "client_secret" }}',
        "AZURE_TENANT": '{{ index . "tenant_id" }}',
    }
    text = objects({**AWS, "format": "aws_credentials"})[-1].more["template_data"]["credentials"]
    assert text.startswith('[default]\naws_access_key_id = {{ index . "accessKeyId" }}\n')
    assert objects(AWS)[-1].more["template_data"] == {}


@pytest.mark.parametrize("text", ["{{ .accessKeyId }}", "x-{{ .accessKeyId | trim | b64enc }}-{{ .leaseId }}", "plain"])
def test_a_template_that_cannot_fail_is_taken(text: str) -> None:
    assert objects({**AWS, "template": {"a": text}})[-1].more["template_data"] == {"a": text}


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        ({**AWS, "refresh_interval": "1h"}, "web/aws.refresh_interval: 1h is not shorter"),
        ({**AWS, "refresh_interval": "1d"}, "not a duration above zero"),
        ({**AWS, "format": "azure_env"}, "web/aws.format: there will be no client_id"),
        ({**AZURE, "keys": {"a": "accessKeyId"}}, "web/azure.keys: there will be no accessKeyId"),
        ({**AZURE, "deletion_policy": "Delete"}, "with azure only Retain"),
        ({**AWS, "template": {"a": "{{ .nothing }}"}}, "web/aws.template.a: {{ .nothing }} might fail"),
        ({**AWS, "template": {"a": "{{ .accessKeyId | fromJson }}"}}, "might fail"),
        ({**AWS, "template": {"a": "{{ if .x }}y{{ end }}"}}, "might fail"),
        ({**AWS, "template": {"a": "b"}, "keys": {"a": "leaseId"}}, "template excludes keys and format"),
        ({**AWS, "creation_policy": "None"}, "value of creation_policy must be one of"),
        ({**AWS, "delivery": "push", "template": {"a": "b"}}, "template: it needs delivery external_secret"),
        ({**STS, "sts_session_token": {"region": "x", "role": "arn"}}, "role: the operator"),
        (
            {**STS, "sts_session_token": {"region": "x", "auth": {"jwt": JWT}}},
            "jwt: the operator accepts",
        ),
        ({**STS, "sts_session_token": {"secret_ref": {}}}, "missing required arguments"),
        ({**STS, "sts_session_token": {"region": "x", "jwt": {"serviceAccountRef": {"nam": 1}}}}, "no field"),
        ({**STS, "refresh_policy": "Never"}, "value of refresh_policy must be one of"),
        ({**AWS, "refresh_policy": "OnChange", "refresh_interval": "5m"}, "with refresh_policy OnChange there is no"),
        ({**AWS, "generator_name": "Not_Allowed"}, "generator_name: 'Not_Allowed' is not a name"),
        ({**AWS, "external_secret_name": "x" * 254}, "is not a name that Kubernetes allows"),
        ({**APP, "generator_name": "own"}, "static secrets come from a store"),
        ({**AWS, "delivery": "push", "creation_policy": "Merge"}, "creation_policy: it needs delivery external_secret"),
        ({**STS, "sts_session_token": {"region": "x", "role_arn": "arn"}}, "role_arn: it needs delivery push"),
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
        ({"serial_number": "arn"}, "AWS requires serial_number and token_code together"),
        ({"token_code": "123456"}, "AWS requires serial_number and token_code together"),
        ({"serial_number": "arn", "token_code": "123456"}, "works only once, .* needs refresh_policy CreatedOnce"),
        ({"serial_number": "arn", "token_code": "5349"}, "token_code: it must be six digits"),
        ({"other": 1}, "request_parameters.other"),
    ],
)
def test_parameters_of_session_tokens(parameters: dict[str, Any], says: str) -> None:
    source = {**STS["sts_session_token"], "request_parameters": parameters}  # type: ignore[dict-item]
    with pytest.raises(WorkloadCredentialsError, match=says):
        objects({**STS, "sts_session_token": source})


def test_a_session_may_be_asked_for_in_the_words_of_a_push() -> None:
    parameters = {"duration_seconds": 3600, "serial_number": "arn", "token_code": "123456"}
    source = {**STS["sts_session_token"], **parameters}  # type: ignore[dict-item]
    (generator, _external) = objects({**STS, "sts_session_token": source, "refresh_policy": "CreatedOnce"})
    own = generator.more["sts"]
    assert (own["duration"], own["serial_number"], own["token_code"]) == (3600, "arn", "123456")
    with pytest.raises(WorkloadCredentialsError, match="works only once, .* needs refresh_policy CreatedOnce"):
        objects({**STS, "sts_session_token": source})


def test_sessions_have_the_formats_of_pushed_ones() -> None:
    data = objects({**STS, "format": "aws_env"})[-1].more["template_data"]
    assert data["AWS_SESSION_TOKEN"] == '{{ index . "session_token" }}'
    text = objects({**STS, "format": "aws_credentials"})[-1].more["template_data"]["credentials"]
    assert text.startswith('[default]\naws_access_key_id = {{ index . "access_key_id" }}\n')


def test_a_source_copied_from_a_manifest_works() -> None:
    references = {"accessKeyIDSecretRef": REFERENCE, "secretAccessKeySecretRef": REFERENCE}
    source = {"region": "x", "auth": {"secretRef": references}, "requestParameters": {"sessionDuration": 3600}}
    generator, secret = objects({**STS, "sts_session_token": source})
    assert generator.more["sts"]["secret_ref"] == {"access_key_id": REFERENCE, "secret_access_key": REFERENCE}
    assert secret.more["interval"] == "45m"
    references["sessionTokenSecretRef"] = REFERENCE
    with pytest.raises(WorkloadCredentialsError, match="with a session token AWS refuses"):
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
    entry = replace(checked_entries([AZURE], "external_secret")[0], path="a b%/x~y")
    found = operator_objects([entry], {"a b%/x~y": facts()["prod/azure"]}, Service(**SERVICE), Scope())
    (webhook,) = [one for one in found if one.kind == "Webhook"]
    assert webhook.more["url"] == "/secrets/dynamic/x~y/generate?folder=a%20b%25"


def test_a_webhooks_address_has_the_product_of_the_connection_and_names_stay() -> None:
    scope = Scope(True, "operators")
    former, found = (objects(AZURE, scope=scope, product=product) for product in ("secrets", "wlc"))
    (webhook,) = [one.more["generator"] for one in found if one.kind == "ClusterGenerator"]
    assert webhook.more["url"] == "/wlc/dynamic/azure/generate?folder=prod"
    assert [one.name for one in found] == [one.name for one in former]


def test_entries_of_one_source_share_what_belongs_to_the_cluster() -> None:
    other = {"namespace": "batch"}
    found = shared(AWS, {**AWS, **other}, AZURE, STS, {**STS, **other}, APP, {**APP, **other})
    of_cluster = [one for one in found if one.namespace is None]
    assert sorted(one.kind for one in of_cluster) == ["ClusterGenerator"] * 3 + ["ClusterSecretStore"]
    (store,) = (one for one in of_cluster if one.kind == "ClusterSecretStore")
    assert (store.more["users"], store.more["secrets_namespace"]) == (["batch", "web"], "operators")
    fields = {one.more["generator"].kind: one.more["spec_field"] for one in of_cluster if "generator" in one.more}
    assert fields == {
        "BeyondtrustWorkloadCredentialsDynamicSecret": "beyondtrustWorkloadCredentialsDynamicSecretSpec",
        "STSSessionToken": "stsSessionTokenSpec",
        "Webhook": "webhookSpec",
    }
    tokens = {one.namespace for one in found if one.template == "token_secret"}
    assert tokens == {"batch", "web", "operators"}
    names = {one.name for one in of_cluster}
    used = [
        one.more.get("store", one.more.get("generator"))["name"] for one in found if one.template == "external_secret"
    ]
    assert len(used) == 7
    assert set(used) == names


@pytest.mark.parametrize("field", ["labels", "annotations"])
def test_labels_and_annotations_are_templates_of_the_operator_and_may_not_fail(field: str) -> None:
    with pytest.raises(OptionError, match=rf"web/aws\.{field}\.a: .* might fail"):
        objects({**AWS, field: {"a": "{{ .nothing }}"}})


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("password", "password"),
        ('quote"d', "quote_d"),
        ("back\\slash", "back_slash"),
        ("new\nline", "new_line"),
        ("{{ braces }}", "___braces___"),
        ("a-b.c", "a-b.c"),
        ("\u00fcmlaut", "\u00fcmlaut"),
    ],
)
def test_a_key_is_addressed_as_the_operator_names_it_and_the_template_fails_without_it(key: str, name: str) -> None:
    text = objects({**APP, "keys": {"a": key}})[-1].more["template_data"]["a"]
    assert executed(text, {name: "value", "other": "x"}) == "value"
    with pytest.raises(KeyError):
        executed(text, {"other": "x"})


def test_generator_external_secret_and_secret_may_have_names_of_their_own() -> None:
    entry = {**AWS, "external_secret_name": "writer", "generator_name": "source"}
    generator, writer = [one for one in objects(entry) if one.kind != "Secret"]
    assert (generator.name, writer.name, writer.more["target"]) == ("source", "writer", "aws")
    assert writer.more["generator"]["name"] == "source"
    assert [one.name for one in shared(entry) if one.kind == "ClusterGenerator"] == ["source"]


def test_entries_of_one_source_may_share_a_generator_and_those_of_two_may_not() -> None:
    one = {**AWS, "generator_name": "both"}
    found = objects(one, {**one, "name": "again"})
    assert named(found).count("BeyondtrustWorkloadCredentialsDynamicSecret/both") == 1
    assert [one.more["generator"]["name"] for one in found if one.kind == "ExternalSecret"] == ["both", "both"]
    other = {"name": "other", "dynamic_secret": "prod/aws-too"}
    known = {**facts(), "prod/aws-too": facts()["prod/aws"]}
    two = checked_entries([one, {**one, **other}], "external_secret")
    with pytest.raises(OptionError, match=r"generator_name: .* both cannot be the generator of two sources"):
        operator_objects(two, known, Service(**SERVICE), Scope())


def test_two_secrets_have_two_external_secrets() -> None:
    with pytest.raises(WorkloadCredentialsError, match=r"external_secret_name: web/aws has this name already"):
        objects(AWS, {**AWS, "name": "other", "external_secret_name": "aws"})


def test_session_tokens_may_come_from_the_controllers_own_credentials_and_once_from_a_code() -> None:
    once = {**STS, "refresh_policy": "CreatedOnce"}
    parameters = {"serialNumber": "arn:aws:iam::123456789012:mfa/user", "tokenCode": "012345"}
    generator, secret = objects({**once, "sts_session_token": {"region": "x", "requestParameters": parameters}})
    assert generator.more["sts"]["secret_ref"] is None
    assert generator.more["sts"]["token_code"] == "012345"
    assert secret.more["refresh_policy"] == "CreatedOnce"
    assert secret.schedule == "once"


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        ({**AWS, "refresh_interval": "5m"}, "web/aws.refresh_interval: each refresh is a new lease, and 5m is less"),
        ({**AWS, "refresh_policy": "CreatedOnce"}, "with CreatedOnce nothing renews the credentials, which live 1h"),
        ({**AWS, "refresh_policy": "OnChange"}, "with OnChange nothing renews"),
        ({**AWS, "refresh_interval": "6m"}, None),
        ({**APP, "refresh_interval": "1s"}, None),
        (AWS, None),
    ],
)
def test_what_is_seldom_meant_is_said(entry: dict[str, Any], says: str | None) -> None:
    said = list(advice(checked_entries([entry], "external_secret"), facts()))
    assert len(said) == (says is not None)
    assert says is None or says in said[0]


def test_a_store_of_the_cluster_stays_open_for_those_who_use_it_already() -> None:
    def users(*others: tuple[str, str]) -> list[str]:
        external = [
            {"kind": "ExternalSecret", "metadata": {"name": "x", "namespace": place}, "spec": {"secretStoreRef": used}}
            for place, used in ((place, {"kind": kind, "name": name}) for place, kind in others)
        ]
        scope = Scope(cluster=True, namespace="operators")
        found = operator_objects(checked_entries([APP], "external_secret"), {}, Service(**SERVICE), scope, external)
        (one,) = [one for one in found if one.kind == "ClusterSecretStore"]
        return list(one.more["users"])

    (name,) = [one.name for one in shared(APP) if one.kind == "ClusterSecretStore"]
    assert users(("batch", "ClusterSecretStore")) == ["batch", "web"]
    assert users(("batch", "SecretStore")) == ["web"]
