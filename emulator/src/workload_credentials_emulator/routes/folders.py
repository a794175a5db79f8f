# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Folders (API document, "Folders")."""

from __future__ import annotations

from fastapi import Request, Response
from fastapi.responses import JSONResponse

from .. import answers as shapes
from ..items import Folder
from ._common import (
    NOTHING,
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


@router.get("/folders", **answers(shapes.ItemList))
async def list_folders(
    request: Request, site: CurrentSite, folder: ListedFolder, recursive: Flag = False, deletedOnly: Flag = False
) -> JSONResponse:
    """List folders."""
    found = site.listed(site.folders, folder, recursive=recursive, deleted=deletedOnly)
    return shown({"data": [item.listed() for item in visible(request, found)]})


@router.post("/folders/{name}", **answers(shapes.Folder, status=201))
async def create_folder(site: CurrentSite, token: CurrentToken, path: ItemPath) -> JSONResponse:
    """Create a folder."""
    site.require_parent(path)
    return shown(site.folders.add(Folder(path, site.clock.now(), owner=token.maker)).shown(), status=201)


@router.delete("/folders/{name}", **NOTHING)
async def delete_folder(
    site: CurrentSite, path: ItemPath, permanent: Flag = False, recursive: Flag = False
) -> Response:
    """Delete a folder, so that it can be restored or permanently."""
    site.delete_folder(path, recursive=recursive, permanent=permanent)
    return no_content()


@router.post("/folders/{name}/restore", **answers(shapes.Folder))
async def restore_folder(site: CurrentSite, path: ItemPath) -> JSONResponse:
    """Restore a deleted folder and all its contents."""
    return shown(site.restore_folder(path).shown())


add_metadata(router, "folders", "Folder", lambda site: site.folders)
