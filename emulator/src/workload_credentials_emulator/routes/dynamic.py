# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Dynamic secrets (API document, "Dynamic Secrets")."""

from __future__ import annotations

import uuid
from typing import Annotated, Any

from fastapi import Body, Request, Response
from fastapi.responses import JSONResponse

from .. import answers as shapes
from ..behaviour import Behaviour
from ..bodies import DynamicCreate, DynamicPatch
from ..clock import written
from ..credentials import aws_credentials, aws_entity, azure_credentials
from ..emulation import new_lease
from ..errors import InvalidRequest
from ..items import DynamicSecret, Lease
from ..making import new_dynamic
from ..merge_patch import merge_patch
from ..strict import MERGE_PATCH
from ._common import (
    NOTHING,
    CurrentEmulation,
    CurrentSite,
    CurrentToken,
    Flag,
    ItemPath,
    ListedFolder,
    answers,
    new_router,
    no_content,
    shown,
    visible,
)
from ._metadata import add_metadata

router = new_router()


@router.get("/dynamic", **answers(shapes.ItemList))
async def list_dynamic(
    request: Request, site: CurrentSite, folder: ListedFolder, recursive: Flag = False, deletedOnly: Flag = False
) -> JSONResponse:
    """List dynamic secrets."""
    found = site.listed(site.dynamic, folder, recursive=recursive, deleted=deletedOnly)
    return shown({"data": [secret.listed() for secret in visible(request, found)]})


@router.get("/dynamic/{name}", **answers(shapes.DynamicSecret))
async def get_dynamic(site: CurrentSite, path: ItemPath) -> JSONResponse:
    """Get a dynamic secret's configuration."""
    return shown(site.dynamic.seen(path).shown())


@router.post("/dynamic/{name}", **answers(shapes.DynamicSecret, status=201))
async def create_dynamic(
    site: CurrentSite,
    token: CurrentToken,
    path: ItemPath,
    body: Annotated[DynamicCreate, Body(discriminator="type")],
) -> JSONResponse:
    """Create a dynamic secret."""
    secret = new_dynamic(site, path, body)
    secret.owner = token.maker
    site.require_parent(path)
    return shown(site.dynamic.add(secret).shown(body["integrationName"]), status=201)


@router.patch("/dynamic/{name}", **NOTHING)
async def update_dynamic(
    site: CurrentSite,
    path: ItemPath,
    body: Annotated[DynamicPatch, Body(media_type=MERGE_PATCH, discriminator="type")],
) -> Response:
    """Update a dynamic secret."""
    secret = site.dynamic.live(path)
    if body["type"] != secret.type:
        raise InvalidRequest(f"{path} is of type {secret.type}, which cannot change.", "type_mismatch")
    site.dynamic.changing(path)
    secret.config = merge_patch(secret.config, {key: value for key, value in body.items() if key != "type"})
    return no_content()


@router.delete("/dynamic/{name}", **NOTHING)
async def delete_dynamic(site: CurrentSite, path: ItemPath, permanent: Flag = False) -> Response:
    """Delete a dynamic secret that has no active leases, so that it can be restored or permanently."""
    secret = site.dynamic.any(path) if permanent else site.dynamic.live(path)
    site.require_unused(secret)
    if permanent:
        site.dynamic.drop(path)
    else:
        site.dynamic.changing(path).deleted_at = site.clock.now()
    return no_content()


@router.post("/dynamic/{name}/restore", **answers(shapes.DynamicSecret))
async def restore_dynamic(site: CurrentSite, path: ItemPath) -> JSONResponse:
    """Restore a deleted dynamic secret."""
    return shown(site.restore(site.dynamic, path).shown())


@router.post("/dynamic/{name}/generate", **answers(shapes.Generated, status=201))
async def generate(
    site: CurrentSite,
    emulation: CurrentEmulation,
    token: CurrentToken,
    path: ItemPath,
) -> JSONResponse:
    """Generate new credentials, with their own lease."""
    secret = site.dynamic.live(path)
    emulation.faults.refuse("generate", secret.type)
    lease_id = str(uuid.uuid4())
    if secret.type == "aws":
        values: dict[str, Any] = aws_credentials()
        entity = aws_entity(secret.config["roleArn"], lease_id)
    else:
        integration = next(one for one in site.integrations.values() if one.id == secret.integration_id)
        values = azure_credentials(integration.config["tenantId"], secret.config["applicationObjectId"])
        entity = values["key_id"]
    lease = new_lease(site, secret, id=lease_id, entity=entity, created_by=token.owner)
    return shown({"secret": _answered(site.behaviour, secret, values, lease)}, status=201)


def _answered(behaviour: Behaviour, secret: DynamicSecret, values: dict[str, Any], lease: Lease) -> dict[str, Any]:
    """The credentials as this site writes them."""
    if behaviour.azure_spelling == "camel":
        values = {_camel(name): value for name, value in values.items()}
    body = {**values, "leaseId": lease.id}
    if secret.type != "azure" or behaviour.azure_expiration:
        body["expiration"] = written(lease.expires_at)
    if behaviour.described_credentials:
        body |= {"type": secret.type, "credentialType": secret.config["credentialType"]}
    return body


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(other.capitalize() for other in others)


add_metadata(router, "dynamic", "DynamicSecret", lambda site: site.dynamic)
