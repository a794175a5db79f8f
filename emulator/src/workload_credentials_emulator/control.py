# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The control surface, off the API's path: what a test sees of the emulator, and what it arranges there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Body, FastAPI, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, model_validator

from .app import serve
from .behaviour_change import read_change
from .clock import written
from .emulation import Emulation
from .errors import InvalidRequest
from .faults import Fault, ProviderFault
from .new_token import NewToken
from .openapi import describe


class ClockMove(BaseModel):
    """Exactly one way of moving the clock."""

    model_config = ConfigDict(extra="forbid")

    advance: float | None = None
    now: datetime | None = None
    reset: bool | None = None

    @model_validator(mode="after")
    def _one(self) -> ClockMove:
        if len(self.model_fields_set) != 1:
            raise ValueError("must have one of advance, now and reset, and no other")
        if self.now is not None and self.now.tzinfo is None:
            raise ValueError("must have an offset in now, such as Z")
        return self


def new_control(emulation: Emulation, api: FastAPI) -> FastAPI:
    """The control surface of this emulation."""
    control = FastAPI(title="Secrets API emulator: control", openapi_url=None)
    router = APIRouter(prefix="/_control")
    for add in (_add_observation, _add_faults, _add_state, _add_behaviour, _add_clock):
        add(router, emulation)

    @router.get("/openapi.json")
    async def openapi(request: Request) -> dict[str, Any]:
        site = next(iter(emulation.sites))
        return describe(api, f"{request.base_url}site/{site}/secrets")

    serve(control, [router])
    return control


def _add_observation(router: APIRouter, emulation: Emulation) -> None:
    @router.get("/journal")
    async def journal(site: str = "") -> JSONResponse:
        return JSONResponse(emulation.journal.shown(site.lower()))

    @router.delete("/journal", status_code=204)
    async def clear_journal() -> None:
        emulation.journal.clear()

    @router.get("/leases")
    async def leases(site: str = "") -> JSONResponse:
        return JSONResponse(emulation.leases(site.lower()))


def _add_faults(router: APIRouter, emulation: Emulation) -> None:
    @router.post("/faults", status_code=204)
    async def inject(fault: Annotated[Fault, Body()]) -> None:
        emulation.faults.requests.append(fault)

    @router.delete("/faults", status_code=204)
    async def clear_faults() -> None:
        emulation.faults.clear()

    @router.post("/provider", status_code=204)
    async def provider(fault: Annotated[ProviderFault, Body()]) -> None:
        emulation.faults.providers.append(fault)


def _add_state(router: APIRouter, emulation: Emulation) -> None:
    @router.post("/tokens", status_code=204)
    async def add_token(new: Annotated[NewToken, Body()]) -> None:
        _require_sites(emulation, [site.lower() for site in new.sites or ()])
        emulation.tokens[new.token] = new.made(emulation.sites)

    @router.post("/reset", status_code=204)
    async def reset() -> None:
        emulation.reset()


def _add_behaviour(router: APIRouter, emulation: Emulation) -> None:
    @router.get("/behaviour")
    async def behaviour(site: str = "") -> dict[str, Any]:
        _require_sites(emulation, [site.lower()] if site else [])
        return asdict(emulation.behaviour_of(site.lower()))

    @router.post("/behaviour")
    async def behave(change: Annotated[dict[str, Any], Body()]) -> dict[str, Any]:
        site, living, fields = read_change(change)
        _require_sites(emulation, [site] if site else [])
        emulation.behave(site, living, fields)
        return asdict(emulation.behaviour_of(site))


def _require_sites(emulation: Emulation, sites: Iterable[str]) -> None:
    unknown = set(sites) - emulation.sites.keys() - {emulation.administration.id}
    if unknown:
        raise InvalidRequest(f"there is no site {', '.join(sorted(unknown))}.")


def _add_clock(router: APIRouter, emulation: Emulation) -> None:
    @router.get("/clock")
    async def clock() -> dict[str, str]:
        return {"now": written(emulation.clock.now())}

    @router.post("/clock")
    async def move_clock(move: Annotated[ClockMove, Body()]) -> dict[str, str]:
        if move.advance is not None:
            emulation.clock.advance(move.advance)
        elif move.now is not None:
            emulation.clock.set(move.now)
        else:
            emulation.clock.reset()
        return {"now": written(emulation.clock.now())}
