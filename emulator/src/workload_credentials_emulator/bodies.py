# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Bodies that the API takes: nothing but what is named, nothing of another type.

They arrive in the handlers as plain dictionaries that hold what was sent and nothing else.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, NotRequired

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    StringConstraints,
    Tag,
    WithJsonSchema,
    with_config,
)
from typing_extensions import TypedDict

from .errors import InvalidRequest
from .strict import parse_json

_STRICT = ConfigDict(extra="forbid", strict=True)
# In the OpenAPI description, which has no word for it.
POLICY_FORMAT = "json-object"
_UUID = r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$"


def _whole(value: Any) -> Any:
    # JSON knows one kind of number: 900.0 is 900.
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _policy_document(text: str) -> str:
    try:
        document = parse_json(text.encode())
    except InvalidRequest:
        raise ValueError("must be JSON") from None
    if not isinstance(document, dict):
        raise ValueError("must be a JSON object")
    return text


Type = Literal["aws", "azure"]
RoleArn = Annotated[str, StringConstraints(pattern=r"^arn:aws[a-z\-]*:iam::[0-9]{12}:role/[!-~]+$", max_length=2048)]
PolicyArn = Annotated[
    str, StringConstraints(pattern=r"^arn:aws[a-z\-]*:iam::(aws|[0-9]{12}):policy/[!-~]+$", max_length=2048)
]
UuidText = Annotated[str, StringConstraints(pattern=_UUID)]
ClientSecret = Annotated[str, StringConstraints(min_length=1)]
ExternalId = Annotated[str, StringConstraints(pattern=r"^[a-zA-Z0-9_+=,.@:\\/\-]+$", min_length=2, max_length=1224)]
# Checked, and kept byte for byte.
Policy = Annotated[
    str, AfterValidator(_policy_document), WithJsonSchema({"type": "string", "format": POLICY_FORMAT, "minLength": 2})
]
Group = Annotated[str, StringConstraints(pattern=r"^[a-zA-Z0-9_+=,.@\-]+$", min_length=1, max_length=128)]
AwsTagKey = Annotated[str, StringConstraints(min_length=1, max_length=128)]
AwsTagValue = Annotated[str, StringConstraints(max_length=256)]
AwsTtl = Annotated[int, Field(ge=900, le=43200), BeforeValidator(_whole)]
AzureTtl = Annotated[int, Field(ge=3600, le=86400), BeforeValidator(_whole)]


@with_config(_STRICT)
class StaticCreate(TypedDict):
    """A new static secret."""

    secret: dict[str, Any]


@with_config(_STRICT)
class StaticPatch(TypedDict):
    """A merge patch of a static secret."""

    secret: NotRequired[dict[str, Any]]


@with_config(_STRICT)
class AwsIntegration(TypedDict):
    """A new AWS integration; its externalId is made by the service. The type stands in the address too."""

    type: NotRequired[Literal["aws"]]
    roleArn: RoleArn


@with_config(_STRICT)
class AzureIntegration(TypedDict):
    """A new Azure integration."""

    type: NotRequired[Literal["azure"]]
    tenantId: UuidText
    clientId: UuidText
    clientSecret: ClientSecret


@with_config(_STRICT)
class AwsIntegrationPatch(TypedDict):
    """A merge patch of an AWS integration; nothing in it can be removed."""

    type: NotRequired[Literal["aws"]]
    roleArn: NotRequired[RoleArn]


@with_config(_STRICT)
class AzureIntegrationPatch(TypedDict):
    """A merge patch of an Azure integration; nothing in it can be removed."""

    type: NotRequired[Literal["azure"]]
    tenantId: NotRequired[UuidText]
    clientId: NotRequired[UuidText]
    clientSecret: NotRequired[ClientSecret]


@with_config(_STRICT)
class AwsDynamic(TypedDict):
    """A new AWS dynamic secret."""

    type: Literal["aws"]
    integrationName: str
    credentialType: Literal["assumed_role"]
    roleArn: RoleArn
    ttl: AwsTtl
    externalId: NotRequired[ExternalId]
    policyArns: NotRequired[list[PolicyArn]]
    policy: NotRequired[Policy]
    groups: NotRequired[list[Group]]
    awsTags: NotRequired[dict[AwsTagKey, AwsTagValue]]


@with_config(_STRICT)
class AzureDynamic(TypedDict):
    """A new Azure dynamic secret."""

    type: Literal["azure"]
    integrationName: str
    credentialType: Literal["service_principal_password"]
    applicationObjectId: UuidText
    ttl: AzureTtl


@with_config(_STRICT)
class AwsDynamicPatch(TypedDict):
    """A merge patch of an AWS dynamic secret; null clears what is optional."""

    type: Literal["aws"]
    roleArn: NotRequired[RoleArn]
    ttl: NotRequired[AwsTtl]
    externalId: NotRequired[ExternalId | None]
    policyArns: NotRequired[list[PolicyArn] | None]
    policy: NotRequired[Policy | None]
    groups: NotRequired[list[Group] | None]
    awsTags: NotRequired[dict[AwsTagKey, AwsTagValue | None] | None]


@with_config(_STRICT)
class AzureDynamicPatch(TypedDict):
    """A merge patch of an Azure dynamic secret."""

    type: Literal["azure"]
    applicationObjectId: NotRequired[UuidText]
    ttl: NotRequired[AzureTtl]


def _integration_type(body: Any) -> str:
    """The body's type, which may be left out because the address has it too."""
    named = body.get("type") if isinstance(body, dict) else None
    return named if named in ("aws", "azure") else "aws" if isinstance(body, dict) and "roleArn" in body else "azure"


IntegrationCreate = Annotated[
    Annotated[AwsIntegration, Tag("aws")] | Annotated[AzureIntegration, Tag("azure")], Discriminator(_integration_type)
]
IntegrationPatch = Annotated[
    Annotated[AwsIntegrationPatch, Tag("aws")] | Annotated[AzureIntegrationPatch, Tag("azure")],
    Discriminator(_integration_type),
]
DynamicCreate = Annotated[AwsDynamic | AzureDynamic, Field(discriminator="type")]
DynamicPatch = Annotated[AwsDynamicPatch | AzureDynamicPatch, Field(discriminator="type")]
