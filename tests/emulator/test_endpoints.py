# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The API document, endpoint by endpoint: each of its 40 operations with its own example."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.routing import APIRoute
from workload_credentials_emulator import Control
from workload_credentials_emulator.routes import ROUTERS

from .client import Api

pytestmark = pytest.mark.smoke

AWS_BODY = {
    "type": "aws",
    "integrationName": "my aws",
    "credentialType": "assumed_role",
    "roleArn": "arn:aws:iam::123456789012:role/MyRole",
    "externalId": "external-id-123",
    "ttl": 900,
    "policyArns": ["arn:aws:iam::aws:policy/AdministratorAccess"],
    # Not JSON, as in the document: it is kept byte for byte.
    "policy": '{"Version":"2012-10-17","Statement":[]}',
    "groups": ["Developers", "Admins"],
    "awsTags": {"env": "dev", "owner": "ops"},
}
AZURE_BODY = {
    "type": "azure",
    "integrationName": "my azure",
    "credentialType": "service_principal_password",
    "applicationObjectId": "22222222-2222-2222-2222-222222222222",
    "ttl": 3600,
}
AZURE_INTEGRATION = {
    "type": "azure",
    "tenantId": "00000000-0000-0000-0000-000000000000",
    "clientId": "11111111-1111-1111-1111-111111111111",
    "clientSecret": "...",
}
TAGS = {"env": "prod", "owner": "db"}
TAG_PATCH = {"newTag": "value", "owner": None}
METADATA = {"id", "tags", "version", "createdAt"}

# Method, template and status of the document; the address and body of its example; the names in the answer.
Row = tuple[str, str, int, str, Any, set[str]]
ENDPOINTS: list[Row] = [
    ("GET", "/session", 200, "/session", None, {"valid"}),
    ("GET", "/static", 200, "/static?path=prod/db&recursive=true&versions=true&deletedOnly=false", None, {"data"}),
    ("GET", "/static/{name}", 200, "/static/password?folder=prod/db", None, {"path", "secret", "metadata"}),
    (
        "POST",
        "/static/{name}",
        201,
        "/static/new?folder=prod/db",
        {"secret": {"password": "supersecret", "username": "admin"}},
        {"path", "secret", "metadata"},
    ),
    ("PATCH", "/static/{name}", 204, "/static/password?folder=prod/db", {"secret": {"password": "newsecret"}}, set()),
    ("DELETE", "/static/{name}", 204, "/static/password?folder=prod/db&permanent=true", None, set()),
    (
        "POST",
        "/static/{name}/restore",
        200,
        "/static/gone/restore?folder=prod/db",
        None,
        {"path", "secret", "metadata"},
    ),
    ("GET", "/static/{name}/metadata", 200, "/static/password/metadata?folder=prod/db", None, METADATA),
    ("PUT", "/static/{name}/metadata/tags", 200, "/static/password/metadata/tags?folder=prod/db", TAGS, set(TAGS)),
    ("PATCH", "/static/{name}/metadata/tags", 204, "/static/password/metadata/tags?folder=prod/db", TAG_PATCH, set()),
    ("DELETE", "/static/{name}/metadata/tags", 204, "/static/password/metadata/tags?folder=prod/db", None, set()),
    ("GET", "/folders", 200, "/folders?path=prod&recursive=true&deletedOnly=false", None, {"data"}),
    (
        "POST",
        "/folders/{name}",
        201,
        "/folders/folder?folder=prod",
        None,
        {"id", "path", "type", "createdAt", "metadata"},
    ),
    ("DELETE", "/folders/{name}", 204, "/folders/db?folder=prod&permanent=true&recursive=true", None, set()),
    (
        "POST",
        "/folders/{name}/restore",
        200,
        "/folders/gone/restore?folder=prod",
        None,
        {"id", "path", "type", "createdAt", "metadata"},
    ),
    ("GET", "/folders/{name}/metadata", 200, "/folders/prod/metadata", None, {"id", "tags", "createdAt"}),
    ("PUT", "/folders/{name}/metadata/tags", 200, "/folders/prod/metadata/tags", TAGS, set(TAGS)),
    ("PATCH", "/folders/{name}/metadata/tags", 204, "/folders/prod/metadata/tags", TAG_PATCH, set()),
    ("DELETE", "/folders/{name}/metadata/tags", 204, "/folders/prod/metadata/tags", None, set()),
    ("GET", "/integrations", 200, "/integrations", None, {"data"}),
    ("GET", "/integrations/{type}", 200, "/integrations/aws", None, {"data"}),
    (
        "POST",
        "/integrations/{type}/{name}",
        201,
        "/integrations/aws/new aws",
        {"type": "aws", "roleArn": "arn:aws:iam::123456789012:role/MyRole"},
        {"name", "type", "config", "metadata"},
    ),
    (
        "GET",
        "/integrations/{type}/{name}",
        200,
        "/integrations/aws/my aws",
        None,
        {"name", "type", "config", "metadata"},
    ),
    (
        "PATCH",
        "/integrations/{type}/{name}",
        204,
        "/integrations/azure/my azure",
        {"clientSecret": "new-client-secret"},
        set(),
    ),
    ("DELETE", "/integrations/{type}/{name}", 204, "/integrations/aws/unused", None, set()),
    ("GET", "/integrations/{type}/{name}/dynamic", 200, "/integrations/aws/my aws/dynamic", None, {"data"}),
    ("GET", "/dynamic", 200, "/dynamic?recursive=true&deletedOnly=false", None, {"data"}),
    ("GET", "/dynamic/{name}", 200, "/dynamic/eks-role", None, {"path", "config", "metadata"}),
    ("POST", "/dynamic/{name}", 201, "/dynamic/new", AWS_BODY, {"path", "config", "metadata"}),
    (
        "PATCH",
        "/dynamic/{name}",
        204,
        "/dynamic/eks-role",
        {"type": "aws", "ttl": 1800, "roleArn": "arn:aws:iam::123456789012:role/UpdatedRole"},
        set(),
    ),
    ("DELETE", "/dynamic/{name}", 204, "/dynamic/idle?permanent=true", None, set()),
    ("POST", "/dynamic/{name}/restore", 200, "/dynamic/gone/restore", None, {"path", "config", "metadata"}),
    ("POST", "/dynamic/{name}/generate", 201, "/dynamic/web-app/generate?folder=azure", None, {"secret"}),
    ("GET", "/dynamic/{name}/metadata", 200, "/dynamic/eks-role/metadata", None, METADATA),
    ("PUT", "/dynamic/{name}/metadata/tags", 200, "/dynamic/eks-role/metadata/tags", TAGS, set(TAGS)),
    ("PATCH", "/dynamic/{name}/metadata/tags", 204, "/dynamic/eks-role/metadata/tags", TAG_PATCH, set()),
    ("DELETE", "/dynamic/{name}/metadata/tags", 204, "/dynamic/eks-role/metadata/tags", None, set()),
    ("GET", "/leases/{name}", 200, "/leases/web-app?folder=azure", None, {"data"}),
    (
        "GET",
        "/leases/id/{id}",
        200,
        "/leases/id/LEASE",
        None,
        {
            "dynamicSecretId",
            "dynamicSecretType",
            "dynamicSecretPath",
            "dynamicSecretConfig",
            "externalEntityId",
            "expiration",
            "metadata",
        },
    ),
    ("DELETE", "/leases/id/{id}", 204, "/leases/id/LEASE", None, set()),
]


@pytest.fixture
def populated(api: Api) -> Api:
    """A site in which each example of the document has what it is about."""
    for name, folder in (("prod", ""), ("db", "prod"), ("gone", "prod"), ("azure", "")):
        api.folder(name, folder)
    for name in ("password", "gone"):
        api.static(name, "prod/db", password="supersecret")
    for kind, name, body in (
        ("aws", "my aws", {"roleArn": "arn:aws:iam::123456789012:role/MyRole"}),
        ("aws", "unused", {"roleArn": "arn:aws:iam::123456789012:role/MyRole"}),
        ("azure", "my azure", AZURE_INTEGRATION),
    ):
        api.done("POST", f"/integrations/{kind}/{name}", body)
    for name in ("eks-role", "idle", "gone"):
        api.done("POST", f"/dynamic/{name}", AWS_BODY)
    api.done("POST", "/dynamic/web-app", AZURE_BODY, params={"folder": "azure"})
    for gone in ("/static/gone?folder=prod/db", "/folders/gone?folder=prod", "/dynamic/gone"):
        api.done("DELETE", gone)
    return api


def test_document_routes_and_description_are_the_same_forty(control: Control) -> None:
    documented = {(endpoint[0], endpoint[1]) for endpoint in ENDPOINTS}
    routes = [route for router in ROUTERS for route in router.routes if isinstance(route, APIRoute)]
    assert len(ENDPOINTS) == len(routes) == 40
    assert {(method, route.path_format) for route in routes for method in route.methods or ()} == documented
    assert {
        (method.upper(), path) for path, item in control.openapi()["paths"].items() for method in item
    } == documented


@pytest.mark.parametrize(("method", "template", "status", "address", "body", "names"), ENDPOINTS)
def test_the_document_s_example_is_answered(
    populated: Api, method: str, template: str, status: int, address: str, body: Any, names: set[str]
) -> None:
    if "LEASE" in address:
        address = address.replace("LEASE", populated.generate("web-app", "azure")["leaseId"])
    response = populated.send(method, address, body)
    assert response.status_code == status, response.text
    if status == 204:
        assert response.content == b""
    else:
        assert response.headers["Content-Type"] == "application/json"
        assert response.json().keys() == names


def test_every_answered_example_came_over_one_connection(populated: Api, control: Control) -> None:
    assert len({entry["connection"] for entry in control.journal()}) == 1
