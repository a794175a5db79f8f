# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Integrations (API document, "Integrations")."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Body, Request, Response
from fastapi.responses import JSONResponse

from .. import answers as shapes
from ..actions import integration_path
from ..bodies import IntegrationCreate, IntegrationPatch, Type
from ..calls import call_of
from ..errors import Conflict, InvalidRequest
from ..items import Integration as StoredIntegration
from ..making import new_integration
from ..site import Site
from ..strict import MERGE_PATCH
from ._common import (
    NOTHING,
    ON_PRODUCT,
    CurrentEmulation,
    CurrentSite,
    Integration,
    IntegrationPlace,
    answers,
    new_router,
    no_content,
    shown,
    visible,
)

router = new_router()


@router.get("/integrations", dependencies=[ON_PRODUCT], **answers(shapes.IntegrationList))
async def list_integrations(request: Request, site: CurrentSite) -> JSONResponse:
    """List the integrations of all providers."""
    return shown({"data": [found.listed() for found in _visible(request, site)]})


@router.get("/integrations/{type}", dependencies=[ON_PRODUCT], **answers(shapes.IntegrationList))
async def list_integrations_by_type(request: Request, site: CurrentSite, type: Type) -> JSONResponse:
    """List the integrations of one provider."""
    return shown({"data": [found.listed() for found in _visible(request, site) if found.type == type]})


@router.post(
    "/integrations/{type}/{name}",
    dependencies=[ON_PRODUCT],
    **answers(shapes.Integration, status=201),
)
async def create_integration(
    site: CurrentSite,
    emulation: CurrentEmulation,
    type: Type,
    name: Integration,
    body: Annotated[IntegrationCreate, Body()],
) -> JSONResponse:
    """Create an integration, and test it with the provider."""
    _parts(type, {**body}, "clientSecret" if type == "azure" else "roleArn")
    integration = new_integration(type, name, body, site.clock.now())
    site.require_new(integration)
    emulation.faults.refuse("integration_test", type)
    return shown(site.add_integration(integration).shown(), status=201)


@router.get("/integrations/{type}/{name}", **answers(shapes.Integration))
async def get_integration(site: CurrentSite, type: Type, name: IntegrationPlace) -> JSONResponse:
    """Get an integration."""
    return shown(site.seen_integration(type, name).shown())


@router.patch("/integrations/{type}/{name}", **NOTHING)
async def update_integration(
    site: CurrentSite,
    emulation: CurrentEmulation,
    type: Type,
    name: IntegrationPlace,
    body: Annotated[IntegrationPatch, Body(media_type=MERGE_PATCH)],
) -> Response:
    """Update an integration, and test it with the provider again."""
    integration = site.integration(type, name)
    config, secret = _parts(type, {**body})
    emulation.faults.refuse("integration_test", type)
    site.keep_integration(type, name)
    integration.config = integration.config | config
    integration.secret = secret or integration.secret
    return no_content()


@router.delete("/integrations/{type}/{name}", **NOTHING)
async def delete_integration(site: CurrentSite, type: Type, name: IntegrationPlace) -> Response:
    """Delete an integration that no dynamic secret needs, not even a deleted one."""
    integration = site.integration(type, name)
    users = site.users_of(integration)
    if users:
        message = f"the {type} integration {name!r} is used by {len(users)} dynamic secrets, such as {users[0].path}."
        raise Conflict("integration_in_use", message)
    site.keep_integration(type, name)
    del site.integrations[type, name]
    return no_content()


@router.get("/integrations/{type}/{name}/dynamic", **answers(shapes.IntegrationUserList))
async def list_integration_users(
    request: Request, site: CurrentSite, type: Type, name: IntegrationPlace
) -> JSONResponse:
    """List the dynamic secrets that use the integration, with their active leases."""
    found = [secret for secret in site.users_of(site.integration(type, name)) if not secret.deleted]
    users = visible(request, found)
    return shown({"data": [{**one.listed(), "activeLeaseCount": len(site.active_leases(one))} for one in users]})


def _parts(type: str, body: dict[str, Any], needed: str = "") -> tuple[dict[str, str], str | None]:
    """What may be shown again, and what may not; refuses the other provider's body."""
    fields = {"aws": {"roleArn"}, "azure": {"tenantId", "clientId", "clientSecret"}}[type]
    if body.pop("type", type) != type or not body.keys() <= fields or (needed and needed not in body):
        raise InvalidRequest(f"the body is not that of an integration of type {type}.", "type_mismatch")
    secret = body.pop("clientSecret", None)
    return body, secret


def _visible(request: Request, site: Site) -> list[StoredIntegration]:
    found = site.seen_integrations()
    action = call_of(request).shows
    return [one for one in found if request.state.token.may(action, integration_path(one.name))]
