# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How generated credentials are written."""

from __future__ import annotations

import pytest
from workload_credentials_emulator import Control

from .client import Api

AWS_NAMES = {"accessKeyId", "secretAccessKey", "sessionToken", "leaseId", "expiration"}
DOCUMENT = {"client_id", "client_secret", "tenant_id", "key_id", "leaseId"}
CAMEL = {"clientId", "clientSecret", "tenantId", "keyId", "leaseId"}
DESCRIBED = {"type", "credentialType"}


@pytest.mark.parametrize(
    ("kind", "fields", "names"),
    [
        ("aws", {}, AWS_NAMES),
        ("aws", {"azure_expiration": False, "azure_spelling": "camel"}, AWS_NAMES),
        ("aws", {"described_credentials": True}, AWS_NAMES | DESCRIBED),
        ("aws", {"living": True, "lease_lag": 0.0}, AWS_NAMES | DESCRIBED),
        ("azure", {}, DOCUMENT | {"expiration"}),
        ("azure", {"azure_expiration": False}, DOCUMENT),
        ("azure", {"azure_spelling": "camel"}, CAMEL | {"expiration"}),
        ("azure", {"described_credentials": True}, DOCUMENT | {"expiration"} | DESCRIBED),
        ("azure", {"living": True, "lease_lag": 0.0}, CAMEL | DESCRIBED),
    ],
)
def test_the_names_are_those_of_the_behaviour(
    api: Api, control: Control, kind: str, fields: dict[str, object], names: set[str]
) -> None:
    api.dynamic("app", type=kind, **({"ttl": 3600} if kind == "azure" else {}))
    control.behave(**fields)  # type: ignore[arg-type]  # by name
    secret = api.generate("app")
    assert secret.keys() == names
    assert all(secret.values())
    if "type" in secret:
        expected = {"aws": "assumed_role", "azure": "service_principal_password"}
        assert (secret["type"], secret["credentialType"]) == (kind, expected[kind])


def test_the_lease_knows_the_expiration_and_the_key(api: Api, control: Control) -> None:
    api.dynamic("app", type="azure")
    control.behave(living=True, lease_lag=0.0)
    secret = api.generate("app")
    lease = api.get(f"/leases/id/{secret['leaseId']}")
    assert lease["externalEntityId"] == secret["keyId"]
    assert lease["expiration"]
