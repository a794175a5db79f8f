# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""TCP connections as tests see them: numbered, so that they can be counted, and closed without an answer."""

from __future__ import annotations

import asyncio
import itertools

from starlette.types import Scope
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_EXTENSION = "emulator.connection"
_numbers = itertools.count(1)


class Connection:
    """One TCP connection."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self.id = next(_numbers)
        self._transport = transport

    def write(self, data: bytes) -> None:
        """Send these bytes, past the server."""
        self._transport.write(data)

    def abort(self) -> None:
        """Close it at once; what was not sent is lost."""
        self._transport.abort()


class CountedProtocol(HttpToolsProtocol):
    """uvicorn's HTTP protocol, which also tells the application what connection a request came by."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in uvicorn itself
        """Number the connection."""
        super().connection_made(transport)
        self._connection = Connection(transport)

    def on_message_begin(self) -> None:
        """Hand the connection to the application, as an ASGI extension."""
        super().on_message_begin()
        self.scope["extensions"] = {_EXTENSION: {"connection": self._connection}}


def connection_of(scope: Scope) -> Connection:
    """The connection that the request came by."""
    connection: Connection = scope["extensions"][_EXTENSION]["connection"]
    return connection
