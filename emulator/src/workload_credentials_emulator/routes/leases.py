# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Leases (API document, "Leases")."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Path, Response
from fastapi.responses import JSONResponse

from .. import answers as shapes
from ..errors import InvalidRequest
from ..items import Lease
from ..site import Site
from ..tokens import Token
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


@router.get("/leases/{name}", **answers(shapes.LeaseList))
async def list_leases(site: CurrentSite, path: ItemPath) -> JSONResponse:
    """List the active leases of a dynamic secret."""
    return shown({"data": [lease.listed() for lease in site.active_leases(site.dynamic.live(path))]})


@router.get("/leases/id/{id}", **answers(shapes.Lease))
async def get_lease(site: CurrentSite, token: CurrentToken, id: LeaseId) -> JSONResponse:
    """Get a lease by its id."""
    return shown(_active(site, token, id).shown())


@router.delete("/leases/id/{id}", **NOTHING)
async def revoke_lease(site: CurrentSite, emulation: CurrentEmulation, token: CurrentToken, id: LeaseId) -> Response:
    """Revoke a lease, where the provider can do that."""
    lease = _active(site, token, id)
    if lease.type == "aws":
        raise InvalidRequest("AWS STS sessions cannot be revoked; they expire.", "lease_not_revocable")
    emulation.faults.refuse("revoke", lease.type)
    lease.revoked = True
    return no_content()


def _active(site: Site, token: Token, id: UUID) -> Lease:
    lease = site.active_lease(str(id))
    token.require_path(lease.path)
    return lease
