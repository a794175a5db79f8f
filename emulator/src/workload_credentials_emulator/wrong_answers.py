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
_VALID = b'{"valid": true}'


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
    """Answer, but ``size`` bytes one at a time, unless the client goes first or the emulation is reset."""
    length = len(_VALID) + (fault.size if fault.part == "body" else 0)
    connection.write(f"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {length}\r\nX-Drip: ".encode())
    connection.write(b"\r\n\r\n" if fault.part == "body" else b"")
    gone = asyncio.ensure_future(receive())
    ended = asyncio.ensure_future(over.wait())
    for _byte in range(fault.size):
        if gone.done() or ended.done():
            break
        connection.write(b" " if fault.part == "body" else b"x")
        await asyncio.wait({gone, ended}, timeout=fault.seconds, return_when=asyncio.FIRST_COMPLETED)
    connection.write(_VALID if fault.part == "body" else b"\r\n\r\n" + _VALID)
    await asyncio.wait({gone, ended}, return_when=asyncio.FIRST_COMPLETED)
    gone.cancel()
    ended.cancel()
    await drop(connection, receive)


async def _spaces(size: int) -> AsyncIterator[bytes]:
    """A valid answer of this many bytes."""
    yield _VALID
    for start in range(0, size, _PART):
        yield b" " * min(_PART, size - start)


async def _packed(size: int) -> AsyncIterator[bytes]:
    packer = zlib.compressobj(wbits=16 + zlib.MAX_WBITS)
    async for part in _spaces(size):
        yield packer.compress(part)
    yield packer.flush()
