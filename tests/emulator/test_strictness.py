# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a lenient server would let pass."""

from __future__ import annotations

from typing import Any

import pytest
import requests
from workload_credentials_emulator import Control

from .client import AWS, AZURE, MERGE_PATCH, ROLE, Api, assert_refused

JSON = "application/json"
UUID = "00000000-0000-0000-0000-000000000000"


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/session?x=1", None),
        ("GET", "/static?folder=prod", None),
        ("GET", "/static?version=1", None),
        ("GET", "/folders?versions=true", None),
        ("GET", "/dynamic?versions=true", None),
        ("GET", "/static/app?path=prod", None),
        ("GET", "/static/app/metadata?versions=true", None),
        ("DELETE", "/static/app?recursive=true", None),
        ("DELETE", "/dynamic/app?recursive=true", None),
        ("POST", "/static/app/restore?permanent=true", None),
        ("GET", "/integrations?path=x", None),
        ("GET", "/integrations/aws/x?folder=prod", None),
        ("GET", "/leases/id/00000000-0000-4000-8000-000000000000?folder=prod", None),
        ("POST", "/folders/app?parents=true", None),
        ("POST", "/static/new?overwrite=true", {"secret": {}}),
    ],
)
def test_unknown_parameters_are_400(api: Api, method: str, path: str, body: Any) -> None:
    assert_refused(api.send(method, path, body), 400, "invalid_request")


def test_a_repeated_parameter_is_400(api: Api) -> None:
    assert_refused(api.send("GET", "/static/app?folder=a&folder=a"), 400, "invalid_request")


@pytest.mark.parametrize("value", ["True", "1", "yes", "", "on"])
def test_flags_are_true_or_false(api: Api, value: str) -> None:
    assert_refused(api.send("GET", f"/static?recursive={value}"), 400, "invalid_request")


@pytest.mark.parametrize("value", ["0", "-1", "1.0", "x", "", "+1", " 1", "1_0", "9" * 30])
def test_versions_are_whole_numbers_from_1(api: Api, value: str) -> None:
    api.static("app")
    assert_refused(api.send("GET", "/static/app", params={"version": value}), 400, "invalid_request")


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/static/new", {"secret": {}, "tags": {}}),
        ("POST", "/static/new", {}),
        ("POST", "/static/new", {"secret": "value-canary"}),
        ("POST", "/static/new", {"secret": None}),
        ("POST", "/static/new", ["secret"]),
        ("POST", "/static/new", None),
        ("PATCH", "/static/app", {"secret": None}),
        ("PATCH", "/static/app", {"metadata": {}}),
        ("PUT", "/static/app/metadata/tags", {"a": None}),
        ("PUT", "/static/app/metadata/tags", {"a": 1}),
        ("PUT", "/static/app/metadata/tags", {"": "x"}),
        ("PUT", "/static/app/metadata/tags", None),
        ("PATCH", "/static/app/metadata/tags", {"a": True}),
        ("POST", "/integrations/aws/new", {"roleArn": ROLE, "externalId": "given-by-client"}),
        ("POST", "/integrations/aws/new", {"type": "aws"}),
        ("POST", "/integrations/aws/new", {"type": "aws", "roleArn": "role/MyRole"}),
        ("POST", "/integrations/azure/new", {"type": "azure", "clientSecret": "value-canary"}),
        ("POST", "/integrations/gcp/new", {"type": "aws", "roleArn": ROLE}),
        ("PATCH", "/integrations/aws/my-aws", {"roleArn": None}),
        ("PATCH", "/integrations/aws/my-aws", {"externalId": "other"}),
        ("PATCH", "/integrations/azure/my-azure", {"tenantId": "no-uuid"}),
        ("GET", "/integrations/gcp", None),
        ("POST", "/dynamic/new", {**AWS, "name": "x"}),
        ("POST", "/dynamic/new", {**AWS, "ttl": "900"}),
        ("POST", "/dynamic/new", {**AWS, "ttl": 900.5}),
        ("POST", "/dynamic/new", {**AWS, "ttl": True}),
        ("POST", "/dynamic/new", {**AWS, "credentialType": "service_principal_password"}),
        ("POST", "/dynamic/new", {**AWS, "applicationObjectId": AZURE["applicationObjectId"]}),
        ("POST", "/dynamic/new", {**AWS, "policyArns": "arn:aws:iam::aws:policy/ReadOnlyAccess"}),
        ("POST", "/dynamic/new", {**AWS, "policyArns": ["ReadOnlyAccess"]}),
        ("POST", "/dynamic/new", {**AWS, "policy": {"Version": "2012-10-17"}}),
        ("POST", "/dynamic/new", {**AWS, "policy": ""}),
        ("POST", "/dynamic/new", {**AWS, "policy": "value-canary"}),
        ("POST", "/dynamic/new", {**AWS, "policy": '{"Version": "2012-10-17"'}),
        ("POST", "/dynamic/new", {**AWS, "policy": '{"Version": "1", "Version": "2"}'}),
        ("POST", "/dynamic/new", {**AWS, "policy": '{"Version": NaN}'}),
        ("POST", "/dynamic/new", {**AWS, "policy": "[]"}),
        ("PATCH", "/dynamic/app", {"type": "aws", "policy": "value-canary"}),
        ("PATCH", "/dynamic/app", {"type": "aws", "policy": '"{}"'}),
        ("POST", "/dynamic/new", {**AWS, "groups": [""]}),
        ("POST", "/dynamic/new", {**AWS, "groups": ["x" * 129]}),
        ("POST", "/dynamic/new", {**AWS, "awsTags": {"": "x"}}),
        ("POST", "/dynamic/new", {**AWS, "awsTags": {"x" * 129: "x"}}),
        ("POST", "/dynamic/new", {**AWS, "awsTags": {"x": "x" * 257}}),
        ("POST", "/dynamic/new", {**AWS, "awsTags": {"x": None}}),
        ("POST", "/dynamic/new", {**AWS, "externalId": None}),
        ("POST", "/dynamic/new", {key: value for key, value in AWS.items() if key != "type"}),
        ("POST", "/dynamic/new", {**AWS, "type": "gcp"}),
        ("POST", "/dynamic/new", {**AZURE, "applicationObjectId": "no-uuid"}),
        ("PATCH", "/dynamic/app", {"ttl": 1800}),
        ("PATCH", "/dynamic/app", {"type": "aws", "ttl": None}),
        ("PATCH", "/dynamic/app", {"type": "aws", "roleArn": None}),
        ("PATCH", "/dynamic/app", {"type": "aws", "integrationName": "my-aws"}),
        ("PATCH", "/dynamic/app", {"type": "aws", "credentialType": "assumed_role"}),
        ("POST", "/dynamic/app/generate", {"ttl": 900}),
        ("POST", "/folders/new", {"tags": {}}),
        ("POST", "/static/app/restore", {"force": True}),
        ("GET", "/leases/id/no-uuid", None),
    ],
)
def test_bodies_and_addresses_must_fit(api: Api, method: str, path: str, body: Any) -> None:
    api.static("app", password="value-canary")
    api.dynamic("app")
    api.integration("azure")
    assert_refused(api.send(method, path, body), 400, "invalid_request")


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/integrations/aws/new", {"tenantId": UUID, "clientId": UUID, "clientSecret": "value-canary"}),
        ("POST", "/integrations/azure/new", {"type": "aws", "roleArn": ROLE}),
        ("POST", "/integrations/azure/new", {"roleArn": ROLE}),
        ("PATCH", "/integrations/aws/my-aws", {"clientSecret": "value-canary"}),
        ("PATCH", "/integrations/aws/my-aws", {"type": "azure"}),
        ("PATCH", "/dynamic/app", {"type": "azure", "ttl": 3600}),
    ],
)
def test_a_body_of_the_other_provider_is_400(api: Api, method: str, path: str, body: Any) -> None:
    api.dynamic("app")
    before = api.get("/integrations/aws/my-aws")
    assert_refused(api.send(method, path, body), 400, "type_mismatch")
    assert api.get("/integrations/aws/my-aws") == before


@pytest.mark.parametrize(
    ("kind", "ttl", "fits"),
    [
        ("aws", 899, False),
        ("aws", 900, True),
        ("aws", 43200, True),
        ("aws", 43201, False),
        ("azure", 3599, False),
        ("azure", 3600, True),
        ("azure", 86400, True),
        ("azure", 86401, False),
    ],
)
def test_lifetimes_have_limits_on_create_and_patch(api: Api, kind: str, ttl: int, fits: bool) -> None:
    api.dynamic("app", type=kind)
    body = {**(AWS if kind == "aws" else AZURE), "ttl": ttl}
    assert api.send("POST", "/dynamic/new", body).status_code == (201 if fits else 400)
    assert api.send("PATCH", "/dynamic/app", {"type": kind, "ttl": ttl}).status_code == (204 if fits else 400)


@pytest.mark.parametrize(
    ("method", "path", "content_type"),
    [
        ("POST", "/static/new", MERGE_PATCH),
        ("POST", "/static/new", "text/plain"),
        ("POST", "/static/new", "application/x-www-form-urlencoded"),
        ("POST", "/static/new", "application/json; charset=latin-1"),
        ("POST", "/static/new", None),
        ("PATCH", "/static/app", JSON),
        ("PATCH", "/static/app", "application/json-patch+json"),
        ("PATCH", "/static/app", None),
        ("PATCH", "/dynamic/app", JSON),
        ("PATCH", "/static/app/metadata/tags", JSON),
        ("PUT", "/static/app/metadata/tags", MERGE_PATCH),
    ],
)
def test_a_wrong_content_type_is_400(api: Api, method: str, path: str, content_type: str | None) -> None:
    response = api.send(method, path, {}, headers={"Content-Type": content_type})
    assert_refused(response, 400, "invalid_content_type")


@pytest.mark.parametrize("content_type", ["application/json; charset=utf-8", 'Application/JSON;charset="UTF-8"'])
def test_a_content_type_may_have_a_charset(api: Api, content_type: str) -> None:
    api.done("POST", "/static/new", {"secret": {}}, headers={"Content-Type": content_type})


@pytest.mark.parametrize(
    "body",
    [
        b'{"secret": {}',
        b'{"secret": {"a": 1, "a": 2}}',
        b'{"secret": {"a": NaN}}',
        b'{"secret": {"a": Infinity}}',
        b'{"secret": {"a": 1e999}}',
        b'{"secret": {"a": "\\ud800"}}',
        b'{"secret": {"a": "\xff"}}',
        b'\xef\xbb\xbf{"secret": {}}',
        b'{"secret": {"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}}",
        b'{"secret": {"a": ' + b"9" * 5000 + b"}}",
        b"{'secret': {}}",
        b"value-canary",
    ],
)
def test_what_is_no_json_is_400(api: Api, body: bytes) -> None:
    assert_refused(api.send("POST", "/static/new", body), 400, "invalid_json")


@pytest.mark.parametrize("body", [None, b"", b"{}"])
@pytest.mark.parametrize("content_type", [None, JSON])
def test_creating_a_folder_and_generating_need_no_body(
    api: Api, control: Control, body: bytes | None, content_type: str | None
) -> None:
    api.dynamic("app")
    for path in ("/folders/new", "/dynamic/app/generate"):
        response = api.send("POST", path, data=body, headers={"Content-Type": content_type})
        assert response.status_code == 201, response.text
    assert control.leases()["minted"] == 1


def test_a_post_without_content_length_mints_too(api: Api) -> None:
    api.dynamic("app")
    request = api.session.prepare_request(requests.Request("POST", f"{api.base}/dynamic/app/generate"))
    del request.headers["Content-Length"]
    assert api.session.send(request, timeout=20).status_code == 201


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_a_body_on_a_read_or_a_deletion_is_400(api: Api, method: str) -> None:
    api.static("app")
    assert_refused(api.send(method, "/static/app", {"secret": {}}), 400, "invalid_request")


def test_refusals_never_repeat_values(api: Api, control: Control) -> None:
    for body in ({"secret": "value-canary"}, {"secret": {}, "value": "value-canary"}, "value-canary"):
        assert "canary" not in api.send("POST", "/static/new", body).text
    assert "canary" not in str(control.journal())
