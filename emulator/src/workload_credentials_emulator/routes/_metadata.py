# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Metadata and tags, which folders, static secrets and dynamic secrets have alike (API document, ``/metadata``)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse

from .. import answers as shapes
from .. import tags
from ..site import Collection, Site
from ._common import NOTHING, CurrentSite, CurrentToken, ItemPath, TagChanges, TagSet, answers, no_content, shown


def add_metadata(router: APIRouter, resource: str, noun: str, items: Callable[[Site], Collection[Any]]) -> None:
    """Serve the metadata and tags of one kind of item.

    :arg resource: the first part of its addresses.
    :arg noun: what actions on it are called after.
    :arg items: those of a site.
    """
    address = f"/{resource}/{{name}}/metadata"
    write, delete = f"Write{noun}Tags", f"Delete{noun}Tags"

    @router.get(address, **answers(shapes.Metadata))
    async def get_metadata(site: CurrentSite, path: ItemPath) -> JSONResponse:
        """Get its metadata."""
        return shown(items(site).seen(path).metadata())

    @router.put(f"{address}/tags", **answers(dict[str, str]))
    async def replace_tags(site: CurrentSite, path: ItemPath, body: TagSet) -> JSONResponse:
        """Replace all its tags."""
        return shown(_write(items(site), path, lambda _current: tags.replaced(body)))

    @router.patch(f"{address}/tags", **NOTHING)
    async def update_tags(site: CurrentSite, token: CurrentToken, path: ItemPath, body: TagChanges) -> Response:
        """Add, change or remove some of its tags."""
        for action in {delete if value is None else write for value in body.values()}:
            token.require(path, action)
        _write(items(site), path, lambda current: tags.patched(current, body))
        return no_content()

    @router.delete(f"{address}/tags", **NOTHING)
    async def clear_tags(site: CurrentSite, path: ItemPath) -> Response:
        """Remove all its tags."""
        _write(items(site), path, lambda _current: {})
        return no_content()


def _write(items: Collection[Any], path: str, change: Callable[[Mapping[str, str]], dict[str, str]]) -> dict[str, str]:
    new = change(items.live(path).tags)
    items.changing(path).tags = new
    return new
