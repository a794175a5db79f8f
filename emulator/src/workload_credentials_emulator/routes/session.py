# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Session (API document, "Session")."""

from __future__ import annotations

from fastapi.responses import JSONResponse

from .. import answers as shapes
from ._common import answers, new_router, shown

router = new_router()


@router.get("/session", **answers(shapes.Session))
async def check_session() -> JSONResponse:
    """Check that the access token is valid for this site."""
    return shown({"valid": True})
