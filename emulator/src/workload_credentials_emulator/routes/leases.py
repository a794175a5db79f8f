# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Leases (API document, "Leases")."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Path, Request, Response
from fastapi.responses import JSONResponse

from .. import answers as shapes
from ..calls import call_of
from ..errors import InvalidRequest
from ..items import Lease
from ._common import (
    NOTHING,
    CurrentEmulation,
    CurrentSite,
    CurrentToken,
    ItemPath,
    answers,
    new_router,
    no_content,
    shown,
)

router = new_router()
LeaseId = Annotated[UUID, Path()]


async def _lease(request: Request, site: CurrentSite, token: CurrentToken, id: LeaseId) -> Lease:
    lease = site.active_lease(str(id))
    token.require(lease.path, *call_of(request).actions)
    return lease


CurrentLease = Annotated[Lease, Depends(_lease)]


@router.get("/leases/{name}", **answers(shapes.LeaseList))
async def list_leases(site: CurrentSite, path: ItemPath) -> JSONResponse:
    """List the active leases of a dynamic secret."""
    found = site.active_leases(site.dynamic.live(path))
    return shown({"data": [lease.listed() for lease in found if lease.known]})


@router.get("/leases/id/{id}", **answers(shapes.Lease))
async def get_lease(lease: CurrentLease) -> JSONResponse:
    """Get a lease by its id."""
    return shown(lease.shown())


@router.delete("/leases/id/{id}", **NOTHING)
async def revoke_lease(site: CurrentSite, emulation: CurrentEmulation, lease: CurrentLease) -> Response:
    """Revoke a lease, where the provider can do that."""
    if lease.type == "aws":
        raise InvalidRequest("AWS STS sessions cannot be revoked; they expire.", "lease_not_revocable")
    emulation.faults.refuse("revoke", lease.type)
    site.leases.revoke(lease)
    return no_content()
