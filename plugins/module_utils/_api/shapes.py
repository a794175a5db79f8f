# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The shapes that answers must have, by request: the one place where a parsed answer is checked.

More fields are always fine, and an optional field may be null.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Union

from .request import Request


@dataclass(frozen=True)
class Kind:
    """A plain value, with the name that a message gives it."""

    name: str


@dataclass(frozen=True)
class Object:
    """An object and its fields.

    :arg needs: required fields; a deleted resource may lack them.
    :arg may: optional fields.
    :arg each: the shape of all values.
    :arg filled: it has one field at least.
    """

    needs: Mapping[str, Shape] = field(default_factory=dict)
    may: Mapping[str, Shape] = field(default_factory=dict)
    each: Shape | None = None
    filled: bool = False


@dataclass(frozen=True)
class List:
    """A list of such values."""

    of: Shape


Shape = Union[Kind, Object, List]

TEXT, WHOLE, YES_OR_NO, UUID = Kind("text"), Kind("a whole number"), Kind("true or false"), Kind("a UUID")
TEXTS = Object(each=TEXT)

METADATA = Object(
    may={"id": TEXT, "tags": TEXTS, "version": WHOLE, "createdAt": TEXT, "deletedAt": TEXT, "createdBy": TEXT}
)
VERSIONS = List(Object(may={"version": WHOLE, "createdAt": TEXT}))
ITEM = Object({"path": TEXT}, {"type": TEXT, "metadata": METADATA, "versions": VERSIONS, "activeLeaseCount": WHOLE})
STATIC = Object({"secret": Object()}, {"path": TEXT, "metadata": METADATA, "versions": VERSIONS})
CONFIG = Object(
    may={
        **dict.fromkeys(("type", "credentialType", "integrationId", "integrationName", "roleArn"), TEXT),
        **dict.fromkeys(("externalId", "policy", "applicationObjectId"), TEXT),
        **dict.fromkeys(("policyArns", "groups"), List(TEXT)),
        "ttl": WHOLE,
        "awsTags": TEXTS,
    }
)
DYNAMIC = Object({"config": CONFIG}, {"path": TEXT, "metadata": METADATA})
INTEGRATION_CONFIG = Object(may=dict.fromkeys(("roleArn", "externalId", "tenantId", "clientId"), TEXT))
INTEGRATION = Object({"config": INTEGRATION_CONFIG}, {"name": TEXT, "type": TEXT, "metadata": METADATA})
LISTED_INTEGRATION = Object({"name": TEXT, "type": TEXT}, {"id": TEXT, "createdAt": TEXT})
LISTED_LEASE = Object({"id": UUID}, {"dynamicSecretType": TEXT, "expiration": TEXT, "createdAt": TEXT})
LEASE = Object(
    may={"dynamicSecretType": TEXT, "dynamicSecretPath": TEXT, "expiration": TEXT, "metadata": METADATA},
)
# A creation's answer; the resource is read where the answer has another shape.
CREATED = Object(may={"metadata": METADATA, "config": Object(may={**CONFIG.may, **INTEGRATION_CONFIG.may})})
# Credentials work without an ID or an expiration too.
GENERATED = Object({"secret": Object(may={"leaseId": TEXT, "expiration": TEXT}, filled=True)})

# The platform's objects on the administration site. An identity bound to several sites has the flat fields as null.
BINDING = Object({"siteId": TEXT}, {"registeredScopes": List(TEXT), "scopeLevel": TEXT, "expectedAud": TEXT})
IDENTITY = Object(
    {"identityId": TEXT, "serviceName": TEXT},
    {
        **dict.fromkeys(("issuerUrl", "idpCategory", "description", "organizationId"), TEXT),
        **dict.fromkeys(("siteId", "scopeLevel", "expectedAud"), TEXT),
        "registeredScopes": List(TEXT),
        "conditions": Object(),
        "sites": List(BINDING),
    },
)
POLICY = Object({"name": TEXT}, dict.fromkeys(("cedar", "status", "product", "site", "createdAt", "updatedAt"), TEXT))

_NAME = "[^/]+"
_EXPECTED: tuple[tuple[str, str, Shape], ...] = (
    ("GET", "/session", Object(may={"valid": YES_OR_NO})),
    ("GET", "/(folders|static|dynamic)", Object({"data": List(ITEM)})),
    ("GET", f"/(folders|static|dynamic)/{_NAME}/metadata", METADATA),
    ("GET", f"/static/{_NAME}", STATIC),
    ("GET", f"/dynamic/{_NAME}", DYNAMIC),
    ("POST", f"/dynamic/{_NAME}/generate", GENERATED),
    ("GET", f"/integrations(/{_NAME})?", Object({"data": List(LISTED_INTEGRATION)})),
    ("GET", f"/integrations/{_NAME}/{_NAME}", INTEGRATION),
    ("GET", f"/integrations/{_NAME}/{_NAME}/dynamic", Object({"data": List(ITEM)})),
    ("GET", f"/leases/{_NAME}", Object({"data": List(LISTED_LEASE)})),
    ("GET", f"/leases/id/{_NAME}", LEASE),
    ("GET", "/auth/workload-identities", Object({"issuers": List(IDENTITY)})),
    ("GET", f"/auth/workload-identities/{_NAME}", Object({"issuer": IDENTITY})),
    ("GET", "/iam/policies", Object({"policies": List(POLICY)})),
    ("GET", f"/iam/policies/{_NAME}", POLICY),
)
_PATTERNS = tuple((method, re.compile(path), shape) for method, path, shape in _EXPECTED)


def expected(request: Request) -> Shape | None:
    """Return the shape that the answer to a request must have; None: the status is enough."""
    for method, pattern, shape in _PATTERNS:
        if method == request.method and pattern.fullmatch(request.path):
            return shape
    return None


def mismatch(value: Any, shape: Shape, where: str = "") -> str | None:
    """Return why a parsed answer does not have the shape, without repeating a value; None: it has.

    :arg where: the field, such as ``data[3].path``; "": the answer as a whole.
    """
    if isinstance(shape, Kind):
        return None if _CHECKS[shape](value) else _wrong(value, shape.name, where)
    if isinstance(shape, List):
        return _list_mismatch(value, shape, where)
    return _object_mismatch(value, shape, where)


def _list_mismatch(value: Any, shape: List, where: str) -> str | None:
    if not isinstance(value, list):
        return _wrong(value, "a list", where)
    problems = (mismatch(entry, shape.of, f"{where}[{number}]") for number, entry in enumerate(value))
    return next(filter(None, problems), None)


def _object_mismatch(value: Any, shape: Object, where: str) -> str | None:
    if not isinstance(value, dict):
        return _wrong(value, "an object", where)
    prefix = f"{where}." if where else ""
    missing = sorted(shape.needs.keys() - value.keys())
    if missing and not _is_deleted(value):
        return f"{prefix}{missing[0]} is missing"
    if shape.filled and not value:
        return f"{where or 'the whole'} is empty"
    problems = (mismatch(entry, inner, prefix + name) for name, inner, entry in _fields_of(value, shape))
    return next(filter(None, problems), None)


def _fields_of(value: dict[str, Any], shape: Object) -> Iterator[tuple[str, Shape, Any]]:
    """Yield the fields that are there: name, shape and value."""
    for name, inner in shape.needs.items():
        if name in value:
            yield name, inner, value[name]
    for name, inner in shape.may.items():
        if value.get(name) is not None:
            yield name, inner, value[name]
    if shape.each is not None:
        for entry in value.values():
            # Names that users chose are their data, so none is repeated.
            yield "(a value)", shape.each, entry


def _is_deleted(value: Mapping[str, Any]) -> bool:
    """Return whether the resource is deleted, so that a service may withhold its content."""
    metadata = value.get("metadata")
    return bool(value.get("deletedAt") or (isinstance(metadata, dict) and metadata.get("deletedAt")))


def _wrong(value: Any, wanted: str, where: str) -> str:
    return f"{where or 'the whole'} is {_kind_of(value)} instead of {wanted}"


def _kind_of(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return "null" if value is None else "true or false"
    names = ((dict, "an object"), (list, "a list"), (str, "text"), (int, "a number"), (float, "a number"))
    return next((name for kind, name in names if isinstance(value, kind)), "something else")


def _is_uuid(value: Any) -> bool:
    try:
        return isinstance(value, str) and bool(uuid.UUID(value))
    except ValueError:
        return False


_CHECKS = {
    TEXT: lambda value: isinstance(value, str),
    WHOLE: lambda value: isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**63,
    YES_OR_NO: lambda value: isinstance(value, bool),
    UUID: _is_uuid,
}
