# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the operations share: where a request points, and how an answer is described."""

from __future__ import annotations

import re
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Body, Depends, Path, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BeforeValidator, WithJsonSchema

from ..actions import integration_path
from ..calls import call_of
from ..emulation import Emulation
from ..errors import InvalidRequest
from ..items import Item
from ..names import FolderPath, IntegrationName, Name, folder_path, item_path, parent_of
from ..site import Site
from ..strict import MERGE_PATCH, StrictRoute
from ..tags import TagPatch, Tags
from ..tokens import Token

_LARGEST = 2**63 - 1


def new_router() -> APIRouter:
    """A router whose operations are strict."""
    return APIRouter(route_class=StrictRoute)


def answers(model: Any, *, status: int = 200) -> dict[str, Any]:
    """Decorator arguments of an operation that answers with this shape."""
    return {"status_code": status, "responses": {status: {"model": model}}, "response_model": None}


NOTHING: dict[str, Any] = {"status_code": 204, "response_class": Response, "response_model": None}


def shown(body: Any, *, status: int = 200) -> JSONResponse:
    """An answer as it is."""
    return JSONResponse(body, status_code=status)


def no_content() -> Response:
    """The answer that has nothing to say."""
    return Response(status_code=204)


# Some versions of the framework hand the default over too.
def _flag(value: str | bool) -> bool:
    if isinstance(value, bool):
        return value
    if value not in ("true", "false"):
        raise ValueError("must be true or false")
    return value == "true"


def _number(value: str | None) -> int | None:
    if value is None:
        return None
    # Python would also take spaces, signs and underscores.
    if not re.fullmatch(r"[0-9]{1,19}", value) or not 1 <= int(value) <= _LARGEST:
        raise ValueError("must be a whole number from 1")
    return int(value)


async def _site(request: Request) -> Site:
    site: Site = request.state.site
    return site


async def _token(request: Request) -> Token:
    token: Token = request.state.token
    return token


async def _emulation(request: Request) -> Emulation:
    emulation: Emulation = request.state.emulation
    return emulation


CurrentSite = Annotated[Site, Depends(_site)]
CurrentToken = Annotated[Token, Depends(_token)]
CurrentEmulation = Annotated[Emulation, Depends(_emulation)]
# Only these two words, whatever else could be understood as a boolean.
Flag = Annotated[bool, BeforeValidator(_flag), Query()]
Version = Annotated[
    int | None,
    BeforeValidator(_number),
    WithJsonSchema({"type": "integer", "minimum": 1, "maximum": _LARGEST}),
    Query(),
]
TagSet = Annotated[Tags, Body()]
TagChanges = Annotated[TagPatch, Body(media_type=MERGE_PATCH)]


Found = TypeVar("Found", bound=Item)


def visible(request: Request, found: list[Found]) -> list[Found]:
    """The rows of a list that the token may see."""
    action = call_of(request).shows
    return [item for item in found if request.state.token.may(action, item.path)]


InFolder = Annotated[FolderPath, Query()]
ItemName = Annotated[Name, Path()]
Integration = Annotated[IntegrationName, Path()]


async def _item(request: Request, token: CurrentToken, name: ItemName, folder: InFolder = "") -> str:
    path, call = item_path(folder, name), call_of(request)
    token.require(parent_of(path) if call.on == "parent" else path, *call.needed(request.query_params))
    return path


async def _integration(request: Request, token: CurrentToken, name: Integration) -> str:
    token.require(integration_path(name), *call_of(request).actions)
    return name


async def _product(request: Request, token: CurrentToken) -> None:
    token.require("", *call_of(request).actions)


async def _listed(request: Request, site: CurrentSite, token: CurrentToken, path: InFolder = "") -> str:
    if site.behaviour.strict_list_path and path != path.strip("/"):
        raise InvalidRequest("the path has a slash at one end.")
    folder = folder_path(path)
    token.require(folder, *call_of(request).actions)
    return folder


# What an address names, where the token may do what the call needs.
ItemPath = Annotated[str, Depends(_item)]
IntegrationPlace = Annotated[str, Depends(_integration)]
ListedFolder = Annotated[str, Depends(_listed)]
ON_PRODUCT = Depends(_product)
