# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the operations share: where a request points, and how an answer is described."""

from __future__ import annotations

import re
from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Path, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BeforeValidator, WithJsonSchema

from ..emulation import Emulation
from ..names import FolderPath, IntegrationName, Name, folder_path, item_path
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


def _flag(value: str) -> bool:
    if value not in ("true", "false"):
        raise ValueError("must be true or false")
    return value == "true"


def _number(value: str) -> int:
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


async def _item(token: CurrentToken, name: Annotated[Name, Path()], folder: Annotated[FolderPath, Query()] = "") -> str:
    path = item_path(folder, name)
    token.require_path(path)
    return path


async def _listed_folder(token: CurrentToken, path: Annotated[FolderPath, Query()] = "") -> str:
    folder = folder_path(path)
    token.require_path(folder)
    return folder


ItemPath = Annotated[str, Depends(_item)]
ListedFolder = Annotated[str, Depends(_listed_folder)]
Integration = Annotated[IntegrationName, Path()]
