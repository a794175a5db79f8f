# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The operations of the administration site, below ``/site/{siteId}/platform``."""

from __future__ import annotations

import re
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import ValidationError

from ..errors import InvalidRequest
from ..strict import JSON, parse_json
from .administration import Administration
from .bodies import IssuerBody

ROUTER = APIRouter()
_IDENTITIES, _POLICIES = "/auth/workload-identities", "/iam/policies"
_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9_-]{0,98}[A-Za-z0-9])?")


@ROUTER.get(_IDENTITIES)
async def list_identities(request: Request) -> JSONResponse:
    """List workload identities."""
    administration = _administration(request)
    found = [one.shown(administration.id) for one in administration.workloads]
    return JSONResponse({"issuers": found, "totalCount": len(found)})


@ROUTER.post(_IDENTITIES)
async def create_identity(request: Request) -> JSONResponse:
    """Register a workload identity."""
    administration, body = _administration(request), await _issuer(request)
    made = administration.workloads.create(body, lower_case=administration.behaviour.lower_issuers)
    return JSONResponse({"issuer": made.shown(administration.id)}, status_code=201)


@ROUTER.get(_IDENTITIES + "/{id}")
async def get_identity(request: Request, id: str) -> JSONResponse:
    """Get a workload identity."""
    administration = _administration(request)
    return JSONResponse({"issuer": administration.workloads.get(id).shown(administration.id)})


@ROUTER.put(_IDENTITIES + "/{id}")
async def replace_identity(request: Request, id: str) -> JSONResponse:
    """Replace a workload identity, all of it, under its id."""
    administration = _administration(request)
    administration.workloads.get(id)
    body = await _issuer(request)
    made = administration.workloads.replace(id, body, lower_case=administration.behaviour.lower_issuers)
    return JSONResponse({"issuer": made.shown(administration.id)})


@ROUTER.delete(_IDENTITIES + "/{id}")
async def delete_identity(request: Request, id: str) -> Response:
    """Delete a workload identity; policies that name it stay."""
    _administration(request).workloads.delete(id)
    return Response(status_code=204)


@ROUTER.get(_POLICIES)
async def list_policies(request: Request) -> JSONResponse:
    """List policies, the deleted ones among them."""
    policies = _administration(request).policies
    return JSONResponse({"policies": [policies.shown(one) for one in policies.listed()]})


@ROUTER.get(_POLICIES + "/{name}")
async def get_policy(request: Request, name: str) -> JSONResponse:
    """Get a policy."""
    policies = _administration(request).policies
    return JSONResponse(policies.shown(policies.seen(_checked(name))))


@ROUTER.put(_POLICIES + "/{name}")
async def put_policy(request: Request, name: str) -> JSONResponse:
    """Make a policy, or replace the one of this name."""
    administration = _administration(request)
    _require_type(request, "text/plain")
    try:
        text = (await request.body()).decode("utf-8")
    except UnicodeDecodeError:
        raise InvalidRequest("the policy cannot be read: it is not UTF-8.", "invalid_cedar_syntax") from None
    record = administration.write_policy(_checked(name), text)
    return JSONResponse(administration.policies.shown(record), status_code=202)


@ROUTER.delete(_POLICIES + "/{name}")
async def delete_policy(request: Request, name: str) -> Response:
    """Delete a policy, whether it is there or not."""
    _administration(request).policies.delete(_checked(name))
    return Response(status_code=204)


def _administration(request: Request) -> Administration:
    administration: Administration = request.state.emulation.administration
    return administration


async def _issuer(request: Request) -> IssuerBody:
    _require_type(request, JSON)
    given: Any = parse_json(await request.body())
    try:
        return IssuerBody.model_validate(given)
    except ValidationError as error:
        problems = [{**problem, "loc": ("body", *problem["loc"])} for problem in error.errors()]
        raise RequestValidationError(problems) from None


def _require_type(request: Request, wanted: str) -> None:
    given, _semicolon, parameters = request.headers.get("content-type", "").partition(";")
    charset = parameters.strip().lower().replace('"', "")
    if given.strip().lower() != wanted or charset not in ("", "charset=utf-8"):
        raise InvalidRequest(f"the content type must be {wanted}.", "invalid_content_type")


def _checked(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise InvalidRequest("a policy's name has 1 to 100 letters, digits, - and _, the first and the last no sign.")
    return name
