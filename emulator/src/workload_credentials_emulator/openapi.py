# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The OpenAPI description of the API, with what holds for all operations: token, version header, refusals."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import TypeAdapter

from .admission import API_VERSION, VERSION_HEADER
from .answers import Error

_ERRORS = {
    "400": "The request is invalid (e.g., missing required field, invalid path)",
    "401": "Access token is missing or invalid",
    "403": "Access token is valid but lacks required permissions",
    "404": "The requested resource does not exist",
    "409": "Resource already exists or is in a conflicting state",
    "500": "Server-side error",
    "501": "The requested functionality is not supported",
    "502": "An upstream provider call failed (e.g., during lease revocation)",
}


def describe(api: FastAPI, server: str) -> dict[str, Any]:
    """Describe the API as it is served at this address."""
    schema = get_openapi(title=api.title, version=api.version, routes=api.routes, servers=[{"url": server}])
    components = schema.setdefault("components", {})
    components["securitySchemes"] = {"bearer": {"type": "http", "scheme": "bearer"}}
    components["schemas"]["Error"] = TypeAdapter(Error).json_schema()
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
    components["responses"] = {
        f"Error{status}": {"description": text, "content": content} for status, text in _ERRORS.items()
    }
    schema["security"] = [{"bearer": []}]
    for operation in _operations(schema):
        operation.setdefault("parameters", []).append(_version_parameter())
        # FastAPI describes its own answer to invalid requests, which is not ours.
        operation["responses"].pop("422", None)
        operation["responses"] |= {status: {"$ref": f"#/components/responses/Error{status}"} for status in _ERRORS}
    for unused in ("HTTPValidationError", "ValidationError"):
        components["schemas"].pop(unused, None)
    return schema


def _version_parameter() -> dict[str, Any]:
    schema = {"type": "string", "enum": [API_VERSION]}
    return {"name": VERSION_HEADER, "in": "header", "required": True, "schema": schema}


def _operations(schema: dict[str, Any]) -> list[dict[str, Any]]:
    return [operation for path in schema["paths"].values() for operation in path.values()]
