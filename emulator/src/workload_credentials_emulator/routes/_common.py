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
from ..emulation import Emulation
from ..errors import InvalidRequest
from ..items import Item
from ..names import FolderPath, IntegrationName, Name, folder_path, item_path, parent_of
from ..needs import checking
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


def visible(token: Token, action: str, found: list[Found]) -> list[Found]:
    """The rows of a list that the token may see."""
    return [item for item in found if token.may(action, item.path)]


InFolder = Annotated[FolderPath, Query()]
ItemName = Annotated[Name, Path()]
Integration = Annotated[IntegrationName, Path()]


def on_item(*actions: str) -> Any:
    """The path that the address names, on which the token needs one of these actions."""

    async def path(token: CurrentToken, name: ItemName, folder: InFolder = "") -> str:
        found = item_path(folder, name)
        token.require(found, *actions)
        return found

    return checking(actions, path)


def on_parent(action: str) -> Any:
    """The path of what is to be made, whose folder the token needs the action on."""

    async def path(token: CurrentToken, name: ItemName, folder: InFolder = "") -> str:
        found = item_path(folder, name)
        token.require(parent_of(found), action)
        return found

    return checking((action,), path)


def on_deleted(item: str) -> Any:
    """The path of what is to be deleted, softly or for good."""
    softly, for_good = f"Delete{item}", f"Destroy{item}"

    async def path(token: CurrentToken, name: ItemName, folder: InFolder = "", permanent: Flag = False) -> str:
        found = item_path(folder, name)
        token.require(found, for_good if permanent else softly)
        return found

    return checking((softly, for_good), path)


def on_integration(action: str) -> Any:
    """The integration's name, on which the token needs the action."""

    async def named(token: CurrentToken, name: Integration) -> str:
        token.require(integration_path(name), action)
        return name

    return checking((action,), named)


def on_product(action: str) -> Any:
    """Refuse a token without the action on all of the site."""

    async def checked(token: CurrentToken) -> None:
        token.require("", action)

    return checking((action,), checked)


def _on_listed() -> Any:
    action = "ListFolderContents"

    async def listed(site: CurrentSite, token: CurrentToken, path: InFolder = "") -> str:
        if site.behaviour.strict_list_path and path != path.strip("/"):
            raise InvalidRequest("the path has a slash at one end.")
        folder = folder_path(path)
        token.require(folder, action)
        return folder

    return checking((action,), listed)


ListedFolder = Annotated[str, _on_listed()]
