# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The shapes of the API's answers, for the OpenAPI description: what is named here is all there is."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal, NotRequired
from uuid import UUID

from pydantic import ConfigDict, with_config
from typing_extensions import TypedDict

_CLOSED = ConfigDict(extra="forbid")


@with_config(_CLOSED)
class Error(TypedDict):
    """A refusal."""

    message: str
    code: str
    details: NotRequired[dict[str, Any]]


@with_config(_CLOSED)
class Session(TypedDict):
    """The token is accepted."""

    valid: Literal[True]


@with_config(_CLOSED)
class VersionInfo(TypedDict):
    """One version of a static secret."""

    version: int
    createdAt: datetime


@with_config(_CLOSED)
class Metadata(TypedDict):
    """What is known about an item."""

    id: UUID
    createdAt: datetime
    tags: NotRequired[dict[str, str]]
    version: NotRequired[int]
    deletedAt: NotRequired[datetime]


@with_config(_CLOSED)
class StaticSecret(TypedDict):
    """A static secret with its value."""

    path: str
    secret: dict[str, Any]
    metadata: Metadata
    versions: NotRequired[list[VersionInfo]]


@with_config(_CLOSED)
class ListedItem(TypedDict):
    """A folder or secret in a list."""

    path: str
    type: Literal["folder", "static", "dynamic-aws", "dynamic-azure"]
    metadata: Metadata
    versions: NotRequired[list[VersionInfo]]


@with_config(_CLOSED)
class ItemList(TypedDict):
    """Folders or secrets, by path."""

    data: list[ListedItem]


@with_config(_CLOSED)
class Folder(TypedDict):
    """A folder that was created or restored."""

    id: UUID
    path: str
    type: Literal["folder"]
    createdAt: datetime
    metadata: Metadata


@with_config(_CLOSED)
class ListedIntegration(TypedDict):
    """An integration in a list."""

    id: UUID
    name: str
    type: Literal["aws", "azure"]
    createdAt: datetime


@with_config(_CLOSED)
class IntegrationList(TypedDict):
    """Integrations, by type and name."""

    data: list[ListedIntegration]


@with_config(_CLOSED)
class AwsIntegrationConfig(TypedDict):
    """What an AWS integration needs to know."""

    roleArn: str
    externalId: str


@with_config(_CLOSED)
class AzureIntegrationConfig(TypedDict):
    """What an Azure integration needs to know; the client secret is never returned."""

    tenantId: str
    clientId: str


@with_config(_CLOSED)
class Integration(TypedDict):
    """An integration."""

    name: str
    type: Literal["aws", "azure"]
    config: AwsIntegrationConfig | AzureIntegrationConfig
    metadata: Metadata


@with_config(_CLOSED)
class IntegrationUser(TypedDict):
    """A dynamic secret that uses the integration."""

    path: str
    type: Literal["dynamic-aws", "dynamic-azure"]
    metadata: Metadata
    activeLeaseCount: int


@with_config(_CLOSED)
class IntegrationUserList(TypedDict):
    """The dynamic secrets that use the integration, by path."""

    data: list[IntegrationUser]


@with_config(_CLOSED)
class AwsDynamicConfig(TypedDict):
    """The definition of an AWS dynamic secret."""

    type: Literal["aws"]
    credentialType: Literal["assumed_role"]
    integrationId: UUID
    integrationName: NotRequired[str]
    roleArn: str
    ttl: int
    externalId: NotRequired[str]
    policyArns: NotRequired[list[str]]
    policy: NotRequired[str]
    groups: NotRequired[list[str]]
    awsTags: NotRequired[dict[str, str]]


@with_config(_CLOSED)
class AzureDynamicConfig(TypedDict):
    """The definition of an Azure dynamic secret."""

    type: Literal["azure"]
    credentialType: Literal["service_principal_password"]
    integrationId: UUID
    integrationName: NotRequired[str]
    applicationObjectId: str
    ttl: int


@with_config(_CLOSED)
class DynamicSecret(TypedDict):
    """A dynamic secret: the definition that credentials are generated from."""

    path: str
    config: AwsDynamicConfig | AzureDynamicConfig
    metadata: Metadata


@with_config(_CLOSED)
class AwsCredentials(TypedDict):
    """An STS session."""

    accessKeyId: str
    secretAccessKey: str
    sessionToken: str
    leaseId: UUID
    expiration: datetime


@with_config(_CLOSED)
class AzureCredentials(TypedDict):
    """A service principal's password."""

    client_id: UUID
    client_secret: str
    tenant_id: UUID
    key_id: UUID
    leaseId: UUID
    expiration: datetime


@with_config(_CLOSED)
class Generated(TypedDict):
    """Generated credentials."""

    secret: AwsCredentials | AzureCredentials


@with_config(_CLOSED)
class ListedLease(TypedDict):
    """A lease in a list."""

    id: UUID
    dynamicSecretType: Literal["aws", "azure"]
    expiration: datetime
    createdAt: datetime
    createdBy: UUID


@with_config(_CLOSED)
class LeaseList(TypedDict):
    """The active leases of a dynamic secret, the oldest first."""

    data: list[ListedLease]


@with_config(_CLOSED)
class LeaseMetadata(TypedDict):
    """When and by whom the credentials were generated."""

    id: UUID
    createdAt: datetime
    createdBy: UUID


@with_config(_CLOSED)
class Lease(TypedDict):
    """An active lease."""

    dynamicSecretId: UUID
    dynamicSecretType: Literal["aws", "azure"]
    dynamicSecretPath: str
    dynamicSecretConfig: dict[str, str]
    externalEntityId: str
    expiration: datetime
    metadata: LeaseMetadata
