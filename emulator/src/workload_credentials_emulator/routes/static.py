# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Static secrets (API document, "Static Secrets")."""

from __future__ import annotations

from typing import Annotated

from fastapi import Body, Request, Response
from fastapi.responses import JSONResponse

from .. import answers as shapes
from ..bodies import StaticCreate, StaticPatch
from ..calls import call_of
from ..errors import Missing
from ..items import StaticSecret
from ..merge_patch import merge_patch
from ..strict import MERGE_PATCH
from ._common import (
    NOTHING,
    CurrentSite,
    CurrentToken,
    Flag,
    ItemPath,
    ListedFolder,
    Version,
    answers,
    new_router,
    no_content,
    shown,
    visible,
)
from ._metadata import add_metadata

router = new_router()


@router.get("/static", **answers(shapes.ItemList))
async def list_static(
    request: Request,
    site: CurrentSite,
    folder: ListedFolder,
    recursive: Flag = False,
    versions: Flag = False,
    deletedOnly: Flag = False,
) -> JSONResponse:
    """List secrets."""
    found = site.listed(site.static, folder, recursive=recursive, deleted=deletedOnly)
    return shown({"data": [secret.listed(versions=versions) for secret in visible(request, found)]})


@router.get("/static/{name}", **answers(shapes.StaticSecret))
async def get_static(
    request: Request,
    site: CurrentSite,
    token: CurrentToken,
    path: ItemPath,
    version: Version = None,
    versions: Flag = False,
) -> JSONResponse:
    """Get a secret, in its current or an earlier version."""
    secret = site.static.seen(path)
    wanted = secret.version(version)
    if wanted is None:
        raise Missing(f"the static secret {path} has no version {version}.")
    body = secret.shown(wanted, versions=versions)
    if not token.may(call_of(request).shows, path):
        del body["metadata"]
    return shown(body)


@router.post("/static/{name}", **answers(shapes.StaticSecret, status=201))
async def create_static(site: CurrentSite, path: ItemPath, body: Annotated[StaticCreate, Body()]) -> JSONResponse:
    """Create a secret."""
    site.require_parent(path)
    now = site.clock.now()
    secret = site.static.add(StaticSecret(path, now, leading_slash=site.leading_slash))
    secret.add(body["secret"], now)
    return shown(secret.shown(secret.versions[-1]), status=201)


@router.patch("/static/{name}", **NOTHING)
async def update_static(
    site: CurrentSite,
    path: ItemPath,
    body: Annotated[StaticPatch, Body(media_type=MERGE_PATCH)],
) -> Response:
    """Update a secret. Each patch creates a version, even if it changes nothing."""
    secret = site.static.live(path)
    site.static.changing(path)
    secret.add(merge_patch(secret.versions[-1].value, body.get("secret", {})), site.clock.now())
    return no_content()


@router.delete("/static/{name}", **NOTHING)
async def delete_static(site: CurrentSite, path: ItemPath, permanent: Flag = False) -> Response:
    """Delete a secret, so that it can be restored or permanently."""
    if permanent:
        site.static.drop(path)
    else:
        site.static.live(path)
        site.static.changing(path).deleted_at = site.clock.now()
    return no_content()


@router.post("/static/{name}/restore", **answers(shapes.StaticSecret))
async def restore_static(site: CurrentSite, path: ItemPath) -> JSONResponse:
    """Restore a deleted secret."""
    secret = site.restore(site.static, path)
    return shown(secret.shown(secret.versions[-1]))


add_metadata(router, "static", "Secret", lambda site: site.static)
