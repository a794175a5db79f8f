# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Metadata and tags, which folders, static secrets and dynamic secrets have alike (API document, ``/metadata``)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse

from .. import answers as shapes
from .. import tags
from ..site import Collection, Site
from ._common import NOTHING, CurrentSite, ItemPath, TagChanges, TagSet, answers, no_content, shown


def add_metadata(router: APIRouter, resource: str, items: Callable[[Site], Collection[Any]]) -> None:
    """Serve the metadata and tags of one kind of item.

    :arg resource: the first part of its addresses.
    :arg items: those of a site.
    """
    address = f"/{resource}/{{name}}/metadata"

    @router.get(address, **answers(shapes.Metadata))
    async def get_metadata(site: CurrentSite, path: ItemPath) -> JSONResponse:
        """Get its metadata."""
        return shown(items(site).live(path).metadata())

    @router.put(f"{address}/tags", **answers(dict[str, str]))
    async def replace_tags(site: CurrentSite, path: ItemPath, body: TagSet) -> JSONResponse:
        """Replace all its tags."""
        item = items(site).live(path)
        item.tags = tags.replaced(body)
        return shown(item.tags)

    @router.patch(f"{address}/tags", **NOTHING)
    async def update_tags(site: CurrentSite, path: ItemPath, body: TagChanges) -> Response:
        """Add, change or remove some of its tags."""
        item = items(site).live(path)
        item.tags = tags.patched(item.tags, body)
        return no_content()

    @router.delete(f"{address}/tags", **NOTHING)
    async def clear_tags(site: CurrentSite, path: ItemPath) -> Response:
        """Remove all its tags."""
        items(site).live(path).tags = {}
        return no_content()
