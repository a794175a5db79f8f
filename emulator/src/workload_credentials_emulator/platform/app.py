# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The administration site's APIs as an application of their own."""

from __future__ import annotations

from fastapi import FastAPI

from ..app import serve
from .routes import ROUTER


def new_platform() -> FastAPI:
    """The two APIs; who calls them has been let in by the gate."""
    platform = FastAPI(title="Platform APIs", openapi_url=None, redirect_slashes=False)
    serve(platform, [ROUTER])
    return platform
