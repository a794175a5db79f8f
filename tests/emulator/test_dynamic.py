# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Dynamic secrets: the definition, its patches, and the credentials that come out."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from workload_credentials_emulator import Control

from .client import AWS, AZURE, Api, assert_refused

OPTIONAL = {
    "externalId": "external-id-123",
    "policyArns": ["arn:aws:iam::aws:policy/SecurityAudit", "arn:aws:iam::123456789012:policy/Own"],
    "policy": '{\n "Version":  "2012-10-17"}\t',
    "groups": ["Developers", "Admins"],
    "awsTags": {"env": "dev", "Env": "", "owner": "ops"},
}


def _config(api: Api, name: str = "app") -> Any:
    return api.get(f"/dynamic/{name}")["config"]


def test_only_the_answer_to_creating_knows_the_integration_s_name(api: Api) -> None:
    created = api.dynamic("app", **OPTIONAL)
    integration = api.get("/integrations/aws/my-aws")["metadata"]["id"]
    assert created["config"] == {**AWS, **OPTIONAL, "integrationId": integration}
    config = {key: value for key, value in created["config"].items() if key != "integrationName"}
    assert api.get("/dynamic/app") == {**created, "config": config}
    assert created["metadata"].keys() == {"id", "version", "createdAt"}


def test_an_azure_definition_has_its_own_fields(api: Api) -> None:
    api.dynamic("app", type="azure")
    config = _config(api)
    assert UUID(config.pop("integrationId"))
    assert config == {key: value for key, value in AZURE.items() if key != "integrationName"}


def test_lists_show_types_without_slash_and_configuration(api: Api) -> None:
    api.folder("azure")
    api.dynamic("web", "azure", type="azure")
    api.dynamic("eks")
    listed = api.get("/dynamic", recursive="true")["data"]
    assert [(entry["path"], entry["type"]) for entry in listed] == [
        ("azure/web", "dynamic-azure"),
        ("eks", "dynamic-aws"),
    ]
    assert listed[0].keys() == {"path", "type", "metadata"}
    assert listed[0]["metadata"].keys() == {"id", "createdAt"}
    assert api.paths("/dynamic") == ["eks"]


@pytest.mark.parametrize("changes", [{"integrationName": "never"}, {"integrationName": "my-azure"}])
def test_an_unknown_integration_is_400(api: Api, changes: dict[str, str]) -> None:
    api.integration("aws")
    api.integration("azure")
    assert_refused(api.send("POST", "/dynamic/app", {**AWS, **changes}), 400, "integration_not_found")


def test_a_taken_path_is_409_and_says_by_what(api: Api) -> None:
    api.dynamic("app")
    assert_refused(api.send("POST", "/dynamic/app", AWS), 409, "secret_already_exists")
    api.done("DELETE", "/dynamic/app")
    assert_refused(api.send("POST", "/dynamic/app", AWS), 409, "deleted_secret_exists")


def test_a_patch_changes_what_it_names_and_keeps_the_version(api: Api) -> None:
    created = api.dynamic("app", **OPTIONAL)
    before = _config(api)
    changes = {"ttl": 1800, "policyArns": ["arn:aws:iam::aws:policy/ReadOnlyAccess"], "groups": []}
    api.done("PATCH", "/dynamic/app", {"type": "aws", **changes})
    assert _config(api) == {**before, **changes}
    assert api.get("/dynamic/app")["metadata"] == created["metadata"]
    assert created["metadata"]["version"] == 1
    api.done("PATCH", "/dynamic/app", {"type": "aws"})
    assert _config(api) == {**before, **changes}


@pytest.mark.parametrize("field", OPTIONAL)
def test_optional_fields_are_cleared_with_null(api: Api, field: str) -> None:
    api.dynamic("app", **OPTIONAL)
    for _turn in range(2):
        api.done("PATCH", "/dynamic/app", {"type": "aws", field: None})
        assert _config(api).keys() & OPTIONAL.keys() == OPTIONAL.keys() - {field}


def test_one_aws_tag_is_removed_by_null(api: Api) -> None:
    api.dynamic("app", **OPTIONAL)
    api.done("PATCH", "/dynamic/app", {"type": "aws", "awsTags": {"env": "prod", "owner": None}})
    assert _config(api)["awsTags"] == {"env": "prod", "Env": ""}


def test_an_azure_definition_can_be_patched(api: Api) -> None:
    api.dynamic("app", type="azure")
    changes = {"ttl": 7200, "applicationObjectId": "33333333-3333-3333-3333-333333333333"}
    api.done("PATCH", "/dynamic/app", {"type": "azure", **changes})
    assert changes.items() <= _config(api).items()


def test_aws_credentials_look_like_an_sts_session(api: Api) -> None:
    api.dynamic("app")
    first, second = api.generate("app"), api.generate("app")
    assert first.keys() == {"accessKeyId", "secretAccessKey", "sessionToken", "leaseId", "expiration"}
    assert re.fullmatch(r"ASIA[A-Z2-7]{16}", first["accessKeyId"])
    assert re.fullmatch(r"[A-Za-z0-9+/]{40}", first["secretAccessKey"])
    assert len(first["sessionToken"]) > 300
    assert all(first[key] != second[key] for key in first)


def test_azure_credentials_look_like_a_client_secret(api: Api) -> None:
    api.dynamic("app", type="azure")
    first, second = api.generate("app"), api.generate("app")
    assert first.keys() == {"client_id", "client_secret", "tenant_id", "key_id", "leaseId", "expiration"}
    assert all(UUID(first[key]) for key in ("client_id", "tenant_id", "key_id", "leaseId"))
    assert first["tenant_id"] == "00000000-0000-0000-0000-000000000000"
    assert len(first["client_secret"]) == 40
    assert first["client_id"] == second["client_id"]
    assert all(first[key] != second[key] for key in ("client_secret", "key_id", "leaseId"))


def test_credentials_expire_after_their_lifetime(api: Api, control: Control) -> None:
    api.dynamic("app", ttl=1800)
    control.set_clock(datetime.fromisoformat("2026-05-01T12:00:00+00:00"))
    left = datetime.fromisoformat(api.generate("app")["expiration"]) - datetime.fromisoformat(control.now())
    assert timedelta(seconds=1795) < left <= timedelta(seconds=1800)


@pytest.mark.parametrize("kind", ["aws", "azure"])
def test_a_provider_that_refuses_mints_nothing(api: Api, control: Control, kind: str) -> None:
    api.dynamic("app", type=kind)
    control.fail_provider("generate", provider=kind)  # type: ignore[arg-type]  # parametrized
    response = api.send("POST", "/dynamic/app/generate")
    assert_refused(response, 502, f"{kind}_credential_validation_failed")
    assert control.leases()["minted"] == 0
    assert api.generate("app")


def test_one_provider_can_fail_while_the_other_works(api: Api, control: Control) -> None:
    for kind in ("aws", "azure"):
        api.dynamic(kind, type=kind)
    control.fail_provider("generate", provider="azure")
    assert api.generate("aws")
    assert_refused(api.send("POST", "/dynamic/azure/generate"), 502, "azure_credential_validation_failed")


def test_a_softly_deleted_definition_generates_nothing_until_it_is_restored(api: Api, control: Control) -> None:
    api.dynamic("app", **OPTIONAL)
    before = api.get("/dynamic/app")
    api.done("DELETE", "/dynamic/app")
    for method, address in (
        ("GET", "/dynamic/app"),
        ("GET", "/dynamic/app/metadata"),
        ("POST", "/dynamic/app/generate"),
        ("GET", "/leases/app"),
        ("DELETE", "/dynamic/app"),
    ):
        assert_refused(api.send(method, address), 404, "not_found")
    assert api.paths("/dynamic", deletedOnly="true") == ["app"]
    assert api.done("POST", "/dynamic/app/restore") == before
    assert api.generate("app")
    assert control.leases()["minted"] == 1


def test_restoring_what_is_not_deleted_is_409_and_what_never_was_404(api: Api) -> None:
    api.dynamic("app")
    assert_refused(api.send("POST", "/dynamic/app/restore"), 409, "not_deleted")
    assert_refused(api.send("POST", "/dynamic/never/restore"), 404, "not_found")


def test_a_permanent_deletion_leaves_nothing(api: Api) -> None:
    api.dynamic("app")
    api.done("DELETE", "/dynamic/app?permanent=true")
    assert api.paths("/dynamic", deletedOnly="true") == []
    assert_refused(api.send("DELETE", "/dynamic/app?permanent=true"), 404, "not_found")


def test_metadata_shows_tags_and_the_definition_does_not(api: Api) -> None:
    api.dynamic("app")
    api.done("PUT", "/dynamic/app/metadata/tags", {"env": "prod"})
    metadata = api.get("/dynamic/app/metadata")
    assert metadata == {**api.get("/dynamic/app")["metadata"], "tags": {"env": "prod"}}
