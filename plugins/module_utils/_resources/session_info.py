# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The session: is the token valid for this site?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._api.client import Client
from .._api.request import Request
from .._change import ReadResult
from .._spec import CONNECTION, Spec
from ._parts.view import view


def read(client: Client, parameters: Mapping[str, Any]) -> ReadResult:
    """Return the session; an invalid token gives an error with status 401."""
    session = view(client.get(Request("GET", "/session")))
    return ReadResult({"session": session})


SESSION_INFO = Spec(name="session_info", options=CONNECTION, read=read)
