# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The API as a FastAPI application below ``/site/{siteId}/secrets``: routes, and how refusals are answered."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

from .behaviour import Behaviour
from .errors import ApiError, Forbidden, InvalidRequest, Missing, NotFound
from .routes import ROUTERS
from .sentences import place, what_is_wrong


def new_api() -> FastAPI:
    """The API; who calls it has been let in by the gate."""
    api = FastAPI(title="Secrets API", version="2026-04-28", openapi_url=None, redirect_slashes=False)
    serve(api, ROUTERS)
    return api


def serve(app: FastAPI, routers: Sequence[APIRouter]) -> None:
    """Serve these operations, and answer every refusal in the API's own form."""
    app.state.routers = routers
    for router in routers:
        app.include_router(router)
    app.add_exception_handler(ApiError, _api_error)
    app.add_exception_handler(RequestValidationError, _validation_error)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(Exception, _defect)


def error_response(error: ApiError) -> Response:
    """The answer of a refusal."""
    if error.body is None:
        return Response(status_code=error.status, headers=error.headers)
    return JSONResponse(error.body, status_code=error.status, headers=error.headers)


async def _api_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, ApiError)
    site = getattr(request.state, "site", None)
    return error_response(error if site is None else _as_the_site_does(error, site.behaviour))


def _as_the_site_does(error: ApiError, behaviour: Behaviour) -> ApiError:
    """The refusal, or what the site answers in its place."""
    if behaviour.missing_is_forbidden and isinstance(error, Missing | Forbidden):
        return Forbidden("forbidden: caller cannot perform this action")
    if behaviour.vendor_codes and isinstance(error, NotFound) and error.vendor_code:
        return ApiError(404, error.vendor_code, error.message)
    return error


async def _validation_error(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    # Only where and what: the input may be a secret value.
    problems = {place(one): what_is_wrong(one) for one in error.errors()}
    where, what = next(iter(problems.items()))
    return error_response(InvalidRequest(f"{where} {what}.", details=problems))


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == 405:
        allowed = ", ".join(_allowed_methods(request.app.state.routers, request.scope["path"]))
        message = f"{request.method} is not allowed here."
        return error_response(ApiError(405, "method_not_allowed", message, headers={"Allow": allowed}))
    if error.status_code != 404:
        return error_response(InvalidRequest("the request cannot be read."))
    return error_response(ApiError(404, "not_found", "there is no such address (404)."))


async def _defect(_request: Request, _error: Exception) -> Response:
    # The traceback goes to the log.
    return error_response(ApiError(500, "internal_error", "the emulator has a defect."))


def _allowed_methods(routers: Sequence[APIRouter], path: str) -> list[str]:
    """The methods of all routes at this address, where Starlette only names those of the first."""
    return sorted(
        method
        for router in routers
        for route in router.routes
        if isinstance(route, APIRoute) and route.path_regex.match(path)
        for method in route.methods or ()
    )
