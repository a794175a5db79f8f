# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The providers of dynamic secrets (API document, "Dynamic Secrets" and "Integrations").

To add a provider, add an entry here and its tests.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType


@dataclass(frozen=True)
class Provider:
    """One provider.

    :arg integration: options of an integration, with the API's fields.
    :arg integration_secret: those that the API never returns.
    :arg definition: options of a definition, with the API's fields.
    :arg required: options that creating a definition needs.
    :arg ttl: the shortest and the longest life in seconds.
    :arg generated: the keys of generated credentials, without the lease's.
    :arg environments: the key for each variable that tools read, by the name of the format.
    :arg spellings: other names that a service may give to the keys.
    :arg may_lack: keys that a service may leave out.
    """

    name: str
    credential_type: str
    integration: Mapping[str, str]
    integration_secret: Mapping[str, str]
    definition: Mapping[str, str]
    required: tuple[str, ...]
    ttl: tuple[int, int]
    generated: tuple[str, ...]
    environments: Mapping[str, Mapping[str, str]]
    revocable: bool
    spellings: Mapping[str, str] = field(default_factory=dict)
    may_lack: tuple[str, ...] = ()

    @property
    def keys(self) -> tuple[str, ...]:
        """Return every key of generated credentials."""
        return (*self.generated, *LEASE_KEYS)


# Keys with which a service may describe credentials.
_DESCRIPTIONS = ("type", "credentialType")
# The keys with the ID and the expiration of the credentials' lease.
LEASE_KEYS = ("leaseId", "expiration")

# The shortest and the longest session of an AWS role, in seconds.
ROLE_SESSION = (900, 43200)
ROLE_ARN = r"arn:aws[-a-z]*:iam::[0-9]{12}:role/[!-~]+"
POLICY_ARN = r"arn:aws[-a-z]*:iam::(aws|[0-9]{12}):policy/[!-~]+"

_AWS = Provider(
    name="aws",
    credential_type="assumed_role",
    integration={"role_arn": "roleArn"},
    integration_secret={},
    definition={
        "ttl": "ttl",
        "role_arn": "roleArn",
        "external_id": "externalId",
        "policy_arns": "policyArns",
        "policy": "policy",
        "groups": "groups",
        "aws_tags": "awsTags",
    },
    required=("integration_name", "ttl", "role_arn"),
    ttl=ROLE_SESSION,
    generated=("accessKeyId", "secretAccessKey", "sessionToken"),
    environments={
        "aws_env": {
            "AWS_ACCESS_KEY_ID": "accessKeyId",
            "AWS_SECRET_ACCESS_KEY": "secretAccessKey",
            "AWS_SESSION_TOKEN": "sessionToken",
        },
    },
    # Credentials of an assumed role only expire (API document, "Revoke Lease by ID").
    revocable=False,
)
_AZURE = Provider(
    name="azure",
    credential_type="service_principal_password",
    integration={"tenant_id": "tenantId", "client_id": "clientId"},
    integration_secret={"client_secret": "clientSecret"},
    definition={"ttl": "ttl", "application_object_id": "applicationObjectId"},
    required=("integration_name", "ttl", "application_object_id"),
    ttl=(3600, 86400),
    generated=("client_id", "client_secret", "tenant_id", "key_id"),
    # Of Azure's SDKs, of azure.azcollection and of Terraform's azurerm. The service does not know their subscription.
    environments={
        "azure_env": {
            "AZURE_CLIENT_ID": "client_id",
            "AZURE_CLIENT_SECRET": "client_secret",
            "AZURE_TENANT_ID": "tenant_id",
        },
        "azcollection_env": {
            "AZURE_CLIENT_ID": "client_id",
            "AZURE_SECRET": "client_secret",
            "AZURE_TENANT": "tenant_id",
        },
        "arm_env": {
            "ARM_CLIENT_ID": "client_id",
            "ARM_CLIENT_SECRET": "client_secret",
            "ARM_TENANT_ID": "tenant_id",
        },
    },
    revocable=True,
    # A running service and the vendor's newest client have these, the document has the others.
    spellings={"clientId": "client_id", "clientSecret": "client_secret", "tenantId": "tenant_id", "keyId": "key_id"},
    may_lack=("expiration",),
)
PROVIDERS: Mapping[str, Provider] = MappingProxyType({provider.name: provider for provider in (_AWS, _AZURE)})


def revocable(kind: object) -> bool:
    """Return whether leases of this kind of dynamic secret can be ended early; assume so for an unknown kind."""
    provider = PROVIDERS.get(str(kind))
    return provider is None or provider.revocable


def documented(credentials: Mapping[str, object]) -> dict[str, object]:
    """Return generated credentials with the document's keys, whichever spelling the service uses.

    The keys that describe them (``type``, ``credentialType``) are left out; other keys stay as they are.
    """
    spellings = {other: key for provider in PROVIDERS.values() for other, key in provider.spellings.items()}
    return {
        spellings.get(key, key): value
        for key, value in credentials.items()
        if key not in _DESCRIPTIONS and spellings.get(key) not in credentials
    }
