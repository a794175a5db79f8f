# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is answered, or not, where a request is to go wrong."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncIterator

from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response, StreamingResponse
from starlette.types import Receive

from .connections import Connection
from .faults import Fault

_PART = 1024 * 1024


def wrong_answer(fault: Fault) -> Response:
    """The answer that the fault puts in the place of the right one."""
    good = fault.status or 200
    if fault.kind == "status":
        body = {"message": fault.message, "code": fault.code}
        headers = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
        return JSONResponse(body, status_code=fault.status or 503, headers=headers)
    if fault.kind == "malformed":
        return Response('{"data": [', status_code=good, media_type="application/json")
    if fault.kind == "html":
        page = "<!DOCTYPE html><html><body><h1>Something else answered</h1></body></html>"
        return HTMLResponse(page, status_code=good)
    if fault.kind == "redirect":
        return RedirectResponse(fault.location, status_code=fault.status or 307)
    if fault.kind == "body":
        headers = {"Content-Type": "application/json", **fault.headers}
        return Response(fault.body.encode("latin-1"), status_code=good, headers=headers)
    if fault.kind == "huge":
        headers = {"Content-Type": "application/json", **({"Content-Encoding": "gzip"} if fault.packed else {})}
        parts = _packed(fault.size) if fault.packed else _spaces(fault.size)
        return StreamingResponse(parts, status_code=good, headers=headers)
    return JSONResponse(["not", "what", "was", "asked", "for"], status_code=good)


async def drop(connection: Connection, receive: Receive) -> None:
    """End the connection without an answer."""
    connection.abort()
    # The server must have seen the end before this returns, or it would answer with a 500.
    while (await receive())["type"] != "http.disconnect":
        pass


async def drip(fault: Fault, connection: Connection, receive: Receive, over: asyncio.Event) -> None:
    """Answer a byte at a time until the client goes, all was sent, or the emulation is reset."""
    connection.write(b"HTTP/1.1 200 OK\r\n")
    if fault.part == "body":
        connection.write(b"Content-Type: application/json\r\nContent-Length: 1000000\r\n\r\n")
    gone = asyncio.ensure_future(receive())
    for _byte in range(fault.size):
        if gone.done() or over.is_set():
            break
        connection.write(b" " if fault.part == "body" else b"x")
        await asyncio.wait({gone}, timeout=fault.seconds)
    gone.cancel()
    await drop(connection, receive)


async def _spaces(size: int) -> AsyncIterator[bytes]:
    """A valid answer of this many bytes."""
    yield b'{"valid": true}'
    for start in range(0, size, _PART):
        yield b" " * min(_PART, size - start)


async def _packed(size: int) -> AsyncIterator[bytes]:
    packer = zlib.compressobj(wbits=16 + zlib.MAX_WBITS)
    async for part in _spaces(size):
        yield packer.compress(part)
    yield packer.flush()
