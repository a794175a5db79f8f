# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the providers of dynamic secrets are (API document, "Dynamic Secrets" and "Integrations").

Adding a provider is an entry here and its tests.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType


@dataclass(frozen=True)
class Provider:
    """One provider.

    ``integration`` and ``definition`` are options with the API's fields, and ``integration_secret`` those of the
    integration that the API never gives back; ``required`` are options without which no definition can be created.
    ``ttl`` is the shortest and the longest life in seconds. ``generated`` are the keys of generated credentials, all of
    them besides the lease's, and ``environment`` the variables that the provider's tools read, with their keys.
    ``spellings`` are other names under which a service may give them, and ``may_lack`` what it may leave out.
    """

    name: str
    credential_type: str
    integration: Mapping[str, str]
    integration_secret: Mapping[str, str]
    definition: Mapping[str, str]
    required: tuple[str, ...]
    ttl: tuple[int, int]
    generated: tuple[str, ...]
    environment: Mapping[str, str]
    revocable: bool
    spellings: Mapping[str, str] = field(default_factory=dict)
    may_lack: tuple[str, ...] = ()

    @property
    def keys(self) -> tuple[str, ...]:
        """Every key of generated credentials."""
        return (*self.generated, *LEASE_KEYS)

    @property
    def environment_format(self) -> str:
        """The format that holds ``environment``."""
        return f"{self.name}_env"


# What a service may add to credentials to say what they are.
_DESCRIPTIONS = ("type", "credentialType")
# What says which lease generated credentials belong to, and until when it lives.
LEASE_KEYS = ("leaseId", "expiration")

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
    ttl=(900, 43200),
    generated=("accessKeyId", "secretAccessKey", "sessionToken"),
    environment={
        "AWS_ACCESS_KEY_ID": "accessKeyId",
        "AWS_SECRET_ACCESS_KEY": "secretAccessKey",
        "AWS_SESSION_TOKEN": "sessionToken",
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
    environment={
        "AZURE_CLIENT_ID": "client_id",
        "AZURE_CLIENT_SECRET": "client_secret",
        "AZURE_TENANT_ID": "tenant_id",
    },
    revocable=True,
    # The document has the other ones, and the vendor's newest client reads these (what a running service answers).
    spellings={"clientId": "client_id", "clientSecret": "client_secret", "tenantId": "tenant_id", "keyId": "key_id"},
    may_lack=("expiration",),
)
PROVIDERS: Mapping[str, Provider] = MappingProxyType({one.name: one for one in (_AWS, _AZURE)})


def revocable(kind: object) -> bool:
    """Whether leases of this kind of dynamic secret can be ended early; of an unknown kind it is worth a try."""
    provider = PROVIDERS.get(str(kind))
    return provider is None or provider.revocable


def documented(credentials: Mapping[str, object]) -> dict[str, object]:
    """Generated credentials with the document's keys, whichever spelling the service uses.

    What it adds to describe them (``type``, ``credentialType``) is left out; other keys stay as they are.
    """
    spellings = {other: key for one in PROVIDERS.values() for other, key in one.spellings.items()}
    return {
        spellings.get(key, key): value
        for key, value in credentials.items()
        if key not in _DESCRIPTIONS and spellings.get(key) not in credentials
    }
