# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What each format makes of credentials."""

from __future__ import annotations

import pytest
from ansible_collections.community.workload_credentials.plugins.module_utils._api.errors import OptionError
from ansible_collections.community.workload_credentials.plugins.module_utils._credentials.formats import DYNAMIC_SECRETS

AZURE = {
    "client_id": "an-id",
    "client_secret": "a-secret",
    "tenant_id": "a-tenant",
    "key_id": "a-key",
    "leaseId": "a-lease",
    "expiration": "2026-05-10T15:00:00-06:00",
}


@pytest.mark.parametrize(
    ("name", "variables"),
    [
        # Azure's SDKs (EnvironmentCredential).
        ("azure_env", ("AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET", "AZURE_TENANT_ID")),
        # azure.azcollection (AZURE_CREDENTIAL_ENV_MAPPING in its azure_rm_common).
        ("azcollection_env", ("AZURE_CLIENT_ID", "AZURE_SECRET", "AZURE_TENANT")),
        # Terraform's azurerm (its guide "Service Principal with a Client Secret").
        ("arm_env", ("ARM_CLIENT_ID", "ARM_CLIENT_SECRET", "ARM_TENANT_ID")),
    ],
)
def test_tools_of_azure_read_variables_of_their_own(name: str, variables: tuple[str, ...]) -> None:
    values = dict(zip(variables, ("an-id", "a-secret", "a-tenant"), strict=True))
    assert DYNAMIC_SECRETS.formatted(AZURE, name, "prod/azure") == values


@pytest.mark.parametrize("name", ["azure_env", "azcollection_env", "arm_env"])
def test_a_format_of_azure_does_not_fit_credentials_of_aws(name: str) -> None:
    with pytest.raises(OptionError, match=f"format: {name} does not fit the credentials of prod/aws"):
        DYNAMIC_SECRETS.formatted({"accessKeyId": "ASIA", "leaseId": "a-lease"}, name, "prod/aws")
