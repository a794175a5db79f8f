# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Leases: shown while they live, gone by the clock or by revocation, and in the way of deletions."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from workload_credentials_emulator import Control
from workload_credentials_emulator.items import Lease

from .client import AZURE, ROLE, Api, assert_refused

pytestmark = pytest.mark.smoke

UNKNOWN = "00000000-0000-4000-8000-000000000000"


def _ids(api: Api, name: str = "app") -> list[str]:
    return [lease["id"] for lease in api.get(f"/leases/{name}")["data"]]


def test_leases_of_a_dynamic_secret_are_listed(api: Api) -> None:
    api.dynamic("app")
    api.dynamic("other")
    secrets = [api.generate("app") for _turn in range(2)]
    api.generate("other")
    assert _ids(api) == [secret["leaseId"] for secret in secrets]
    lease = api.get("/leases/app")["data"][0]
    assert lease.keys() == {"id", "dynamicSecretType", "expiration", "createdAt", "createdBy"}
    assert lease["expiration"] == secrets[0]["expiration"]
    assert UUID(lease["createdBy"])


def test_leases_of_what_is_not_there_are_404(api: Api) -> None:
    api.dynamic("app")
    assert _ids(api) == []
    assert_refused(api.send("GET", "/leases/never"), 404, "not_found")


def test_an_aws_lease_shows_who_got_what(api: Api) -> None:
    api.folder("prod")
    definition = api.dynamic("app", "prod")
    secret = api.generate("app", "prod")
    lease = api.get(f"/leases/id/{secret['leaseId']}")
    assert lease["dynamicSecretId"] == definition["metadata"]["id"]
    assert (lease["dynamicSecretType"], lease["dynamicSecretPath"]) == ("aws", "prod/app")
    assert lease["dynamicSecretConfig"] == {"credentialType": "assumed_role", "roleArn": ROLE}
    assert lease["externalEntityId"].startswith("arn:aws:iam::123456789012:assumed-role/MyRole/bt-")
    assert lease["expiration"] == secret["expiration"]
    assert lease["metadata"]["id"] == secret["leaseId"]


def test_an_azure_lease_names_the_password(api: Api) -> None:
    api.dynamic("app", type="azure")
    secret = api.generate("app")
    lease = api.get(f"/leases/id/{secret['leaseId']}")
    assert lease["externalEntityId"] == secret["key_id"]
    assert lease["dynamicSecretConfig"] == {
        "credentialType": "service_principal_password",
        "applicationObjectId": AZURE["applicationObjectId"],
    }


def test_a_lease_goes_by_the_clock(api: Api, control: Control) -> None:
    api.dynamic("app")
    first = api.generate("app")["leaseId"]
    control.advance(450)
    second = api.generate("app")["leaseId"]
    assert _ids(api) == [first, second]
    control.advance(450)
    assert _ids(api) == [second]
    for method in ("GET", "DELETE"):
        assert_refused(api.send(method, f"/leases/id/{first}"), 404, "not_found")
    counts = control.leases()
    assert (counts["minted"], counts["active"], counts["expired"]) == (2, 1, 1)


def test_a_lease_ends_at_its_expiration() -> None:
    moment = datetime(2026, 5, 1, tzinfo=UTC)
    lease = Lease("id", "secret", "app", "aws", {}, "entity", moment, moment + timedelta(seconds=900), "owner")
    states = [lease.state(moment + timedelta(seconds=seconds)) for seconds in (0, 899, 900)]
    assert states == ["active", "active", "expired"]


def test_an_azure_lease_is_revoked_once(api: Api, control: Control) -> None:
    api.dynamic("app", type="azure")
    first, second = (api.generate("app")["leaseId"] for _turn in range(2))
    api.done("DELETE", f"/leases/id/{first}")
    assert _ids(api) == [second]
    for method in ("GET", "DELETE"):
        assert_refused(api.send(method, f"/leases/id/{first}"), 404, "not_found")
    assert control.leases()["revoked"] == 1


def test_an_aws_lease_cannot_be_revoked(api: Api) -> None:
    api.dynamic("app")
    lease = api.generate("app")["leaseId"]
    assert_refused(api.send("DELETE", f"/leases/id/{lease}"), 400, "lease_not_revocable")
    assert _ids(api) == [lease]


def test_a_failed_revocation_leaves_the_lease(api: Api, control: Control) -> None:
    api.dynamic("app", type="azure")
    lease = api.generate("app")["leaseId"]
    control.fail_provider("revoke")
    assert_refused(api.send("DELETE", f"/leases/id/{lease}"), 502, "lease_revoke_failed")
    assert _ids(api) == [lease]
    api.done("DELETE", f"/leases/id/{lease}")


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_an_unknown_lease_is_404(api: Api, method: str) -> None:
    assert_refused(api.send(method, f"/leases/id/{UNKNOWN}"), 404, "not_found")


@pytest.mark.parametrize("query", [{}, {"permanent": "true"}])
def test_a_dynamic_secret_with_live_leases_is_not_deleted(api: Api, control: Control, query: dict[str, str]) -> None:
    api.dynamic("app")
    api.generate("app")
    assert_refused(api.send("DELETE", "/dynamic/app", params=query), 409, "dynamic_secret_in_use")
    control.advance(900)
    api.done("DELETE", "/dynamic/app", params=query)
    assert control.leases()["expired"] == 1


def test_the_control_surface_counts_leases_and_shows_no_values(api: Api, control: Control) -> None:
    api.folder("prod")
    api.dynamic("app", "prod")
    api.dynamic("web", type="azure")
    secrets: list[Any] = [api.generate("app", "prod"), api.generate("app", "prod"), api.generate("web")]
    api.done("DELETE", f"/leases/id/{secrets[2]['leaseId']}")
    leases = control.leases()
    counts = {key: value for key, value in leases.items() if key not in ("by_path", "leases")}
    assert counts == {"minted": 3, "active": 2, "revoked": 1, "expired": 0}
    assert leases["by_path"]["prod/app"] == {"minted": 2, "active": 2, "revoked": 0, "expired": 0}
    assert leases["by_path"]["web"]["revoked"] == 1
    assert [lease["id"] for lease in leases["leases"]] == [secret["leaseId"] for secret in secrets]
    assert leases["leases"][0].keys() == {"id", "site", "path", "type", "state", "createdAt", "expiration"}
    assert secrets[0]["secretAccessKey"] not in str(leases)
