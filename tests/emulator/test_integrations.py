# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Integrations: what the service makes, what it hides, and who uses them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from workload_credentials_emulator import Control

from .client import ROLE, Api, assert_refused

AZURE = {
    "tenantId": "00000000-0000-0000-0000-000000000000",
    "clientId": "11111111-1111-1111-1111-111111111111",
    "clientSecret": "value-canary",
}
OTHER_ROLE = "arn:aws:iam::123456789012:role/NewRole"


def test_the_external_id_is_made_by_the_service_and_stays(api: Api) -> None:
    created = api.done("POST", "/integrations/aws/one", {"type": "aws", "roleArn": ROLE})
    assert UUID(created["config"]["externalId"])
    api.done("PATCH", "/integrations/aws/one", {"type": "aws", "roleArn": OTHER_ROLE})
    found = api.get("/integrations/aws/one")
    assert found["config"] == {"roleArn": OTHER_ROLE, "externalId": created["config"]["externalId"]}
    other = api.done("POST", "/integrations/aws/two", {"type": "aws", "roleArn": ROLE})
    assert other["config"]["externalId"] != created["config"]["externalId"]


@pytest.mark.parametrize("type_in_body", [{}, {"type": "azure"}])
def test_the_client_secret_is_never_shown(api: Api, control: Control, type_in_body: dict[str, str]) -> None:
    shown = api.done("POST", "/integrations/azure/my azure", {**AZURE, **type_in_body})
    assert shown["config"] == {"tenantId": AZURE["tenantId"], "clientId": AZURE["clientId"]}
    api.done("PATCH", "/integrations/azure/my azure", {**AZURE, "clientSecret": "new-value-canary"})
    answers = [shown, api.get("/integrations/azure/my azure"), api.get("/integrations")]
    assert "canary" not in str([answers, control.journal()])


def test_the_version_stays_1_over_patches(api: Api) -> None:
    created = api.done("POST", "/integrations/azure/app", AZURE)
    for patch in ({"clientSecret": "new"}, {"tenantId": AZURE["clientId"]}, {}):
        api.done("PATCH", "/integrations/azure/app", patch)
    found = api.get("/integrations/azure/app")
    assert found["metadata"] == created["metadata"]
    assert found["metadata"]["version"] == 1
    assert found["config"]["tenantId"] == AZURE["clientId"]


def test_a_name_is_taken_within_its_type_only(api: Api) -> None:
    api.done("POST", "/integrations/aws/app", {"roleArn": ROLE})
    api.done("POST", "/integrations/azure/app", AZURE)
    response = api.send("POST", "/integrations/aws/app", {"roleArn": ROLE})
    assert_refused(response, 409, "integration_already_exists")
    assert api.get("/integrations/azure/app")["type"] == "azure"


def test_lists_hold_all_types_or_one(api: Api) -> None:
    for kind, name, body in (("azure", "b", AZURE), ("aws", "b", {"roleArn": ROLE}), ("aws", "a", {"roleArn": ROLE})):
        api.done("POST", f"/integrations/{kind}/{name}", body)
    listed = api.get("/integrations")["data"]
    assert [(entry["type"], entry["name"]) for entry in listed] == [("aws", "a"), ("aws", "b"), ("azure", "b")]
    assert listed[0].keys() == {"id", "name", "type", "createdAt"}
    assert [entry["name"] for entry in api.get("/integrations/aws")["data"]] == ["a", "b"]


@pytest.mark.parametrize(("method", "body"), [("GET", None), ("DELETE", None), ("PATCH", {"roleArn": ROLE})])
def test_what_is_not_there_is_404(api: Api, method: str, body: Any) -> None:
    assert_refused(api.send(method, "/integrations/aws/never", body), 404, "not_found")
    assert_refused(api.send("GET", "/integrations/aws/never/dynamic"), 404, "not_found")


def test_a_used_integration_is_not_deleted_even_for_deleted_users(api: Api) -> None:
    api.dynamic("app")
    assert_refused(api.send("DELETE", "/integrations/aws/my-aws"), 409, "integration_in_use")
    api.done("DELETE", "/dynamic/app")
    assert_refused(api.send("DELETE", "/integrations/aws/my-aws"), 409, "integration_in_use")
    api.done("DELETE", "/dynamic/app?permanent=true")
    api.done("DELETE", "/integrations/aws/my-aws")
    assert_refused(api.send("GET", "/integrations/aws/my-aws"), 404, "not_found")


def test_users_are_listed_with_their_active_leases(api: Api, control: Control) -> None:
    for name in ("b", "a", "gone"):
        api.dynamic(name)
    api.dynamic("other", type="azure")
    api.done("DELETE", "/dynamic/gone")
    api.generate("a")
    api.generate("a")
    listed = api.get("/integrations/aws/my-aws/dynamic")["data"]
    assert [(entry["path"], entry["activeLeaseCount"]) for entry in listed] == [("a", 2), ("b", 0)]
    assert listed[0].keys() == {"path", "type", "metadata", "activeLeaseCount"}
    control.advance(900)
    assert [entry["activeLeaseCount"] for entry in api.get("/integrations/aws/my-aws/dynamic")["data"]] == [0, 0]


@pytest.mark.parametrize(("kind", "body"), [("aws", {"roleArn": ROLE}), ("azure", AZURE)])
def test_the_provider_s_test_can_fail_for_a_while(api: Api, control: Control, kind: str, body: Any) -> None:
    control.fail_provider("integration_test", provider=kind, times=2)  # type: ignore[arg-type]  # parametrized
    for _turn in range(2):
        response = api.send("POST", f"/integrations/{kind}/app", body)
        assert_refused(response, 400, f"{kind}_integration_test_failed")
    api.done("POST", f"/integrations/{kind}/app", body)
    control.fail_provider("integration_test")
    assert_refused(api.send("PATCH", f"/integrations/{kind}/app", body), 400, f"{kind}_integration_test_failed")
    api.done("PATCH", f"/integrations/{kind}/app", body)
