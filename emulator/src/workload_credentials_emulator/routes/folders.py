# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Folders (API document, "Folders")."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Response
from fastapi.responses import JSONResponse

from .. import answers as shapes
from ..items import Folder
from ..names import item_path
from ..needs import checking
from ._common import (
    NOTHING,
    CurrentSite,
    CurrentToken,
    Flag,
    InFolder,
    ItemName,
    ListedFolder,
    answers,
    new_router,
    no_content,
    on_item,
    on_parent,
    shown,
    visible,
)
from ._metadata import add_metadata

router = new_router()


def _on_deleted_folder() -> Any:
    softly, for_good, with_contents = "DeleteFolder", "DestroyFolder", "ForceDestroyFolder"

    async def path(
        token: CurrentToken, name: ItemName, folder: InFolder = "", permanent: Flag = False, recursive: Flag = False
    ) -> str:
        found = item_path(folder, name)
        token.require(found, softly if not permanent else with_contents if recursive else for_good)
        return found

    return checking((softly, for_good, with_contents), path)


_on_deleted = _on_deleted_folder()


@router.get("/folders", **answers(shapes.ItemList))
async def list_folders(
    site: CurrentSite, token: CurrentToken, folder: ListedFolder, recursive: Flag = False, deletedOnly: Flag = False
) -> JSONResponse:
    """List folders."""
    found = site.listed(site.folders, folder, recursive=recursive, deleted=deletedOnly)
    return shown({"data": [item.listed() for item in visible(token, "ReadFolderMetadata", found)]})


@router.post("/folders/{name}", **answers(shapes.Folder, status=201))
async def create_folder(site: CurrentSite, path: Annotated[str, on_parent("CreateFolder")]) -> JSONResponse:
    """Create a folder."""
    site.require_parent(path)
    return shown(site.folders.add(Folder(path, site.clock.now())).shown(), status=201)


@router.delete("/folders/{name}", **NOTHING)
async def delete_folder(
    site: CurrentSite, path: Annotated[str, _on_deleted], permanent: Flag = False, recursive: Flag = False
) -> Response:
    """Delete a folder, so that it can be restored or permanently."""
    site.delete_folder(path, recursive=recursive, permanent=permanent)
    return no_content()


@router.post("/folders/{name}/restore", **answers(shapes.Folder))
async def restore_folder(site: CurrentSite, path: Annotated[str, on_item("RestoreFolder")]) -> JSONResponse:
    """Restore a deleted folder and all its contents."""
    return shown(site.restore_folder(path).shown())


add_metadata(router, "folders", "Folder", lambda site: site.folders)
