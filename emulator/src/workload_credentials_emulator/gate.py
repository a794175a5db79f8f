# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What every request passes before the API sees it: control surface, journal, faults, and who is let in."""

from __future__ import annotations

import asyncio
from secrets import compare_digest
from typing import Any
from urllib.parse import parse_qsl

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .admission import admit, bearer, fetch_keys
from .app import error_response
from .connections import Connection, connection_of
from .emulation import Emulation
from .errors import ApiError
from .faults import Fault
from .identity import unauthorized
from .journal import Entry, kept_headers
from .platform.admission import admit as admit_to_platform
from .platform.admission import is_platform
from .tokens import token_id
from .wrong_answers import drip, drop, wrong_answer

CONTROL = "/_control"
HEALTH = "/healthz"


class Gate:
    """The ASGI application that the server runs."""

    def __init__(
        self, emulation: Emulation, api: ASGIApp, platform: ASGIApp, control: ASGIApp, *, control_token: str = ""
    ) -> None:
        self._emulation = emulation
        self._api = api
        self._platform = platform
        self._control = control
        self._control_token = control_token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            return
        path = scope["raw_path"].decode("latin-1")
        if path == CONTROL or path.startswith(f"{CONTROL}/"):
            await self._look_inside(scope, receive, send)
            return
        if path == HEALTH:
            await JSONResponse({"status": "ok"})(scope, receive, send)
            return
        raw = await _read(receive)
        headers = Headers(scope=scope)
        connection = connection_of(scope)
        entry = self._emulation.journal.open(
            connection=connection.id,
            method=scope["method"],
            path=path,
            query=_query(scope),
            headers=kept_headers(dict(headers)),
            token_id=_token_id(headers),
        )
        entry.read_body(raw)
        fault = self._emulation.faults.take(scope["method"], path)
        if fault is None:
            await self._act(scope, raw, headers, entry, _noting(entry, send))
        else:
            entry.fault = fault.kind
            await self._go_wrong(fault, scope, raw, headers, entry, connection, _noting(entry, send), receive)

    async def _look_inside(self, scope: Scope, receive: Receive, send: Send) -> None:
        given = bearer(Headers(scope=scope)) or ""
        if self._control_token and not compare_digest(given.encode(), self._control_token.encode()):
            refusal = unauthorized(f"{CONTROL} needs the token that was set or printed when the emulator started.")
            await error_response(refusal)(scope, receive, send)
        else:
            await self._control(scope, receive, send)

    async def _act(self, scope: Scope, raw: bytes, headers: Headers, entry: Entry, send: Send) -> None:
        platform = is_platform(scope["raw_path"].decode("latin-1"))
        await fetch_keys(self._emulation, scope, headers)
        try:
            inner = (admit_to_platform if platform else admit)(self._emulation, scope, headers)
        except ApiError as error:
            entry.refused = error.reason or None
            await error_response(error)(scope, _replay(raw), send)
        else:
            api = self._platform if platform else self._api
            await api(inner, _replay(raw), _adding(inner["state"]["headers"], send))

    async def _go_wrong(
        self,
        fault: Fault,
        scope: Scope,
        raw: bytes,
        headers: Headers,
        entry: Entry,
        connection: Connection,
        send: Send,
        receive: Receive,
    ) -> None:
        if fault.kind == "delay":
            if await self._still_wanted(fault.seconds):
                await self._act(scope, raw, headers, entry, send)
            else:
                await drop(connection, receive)
            return
        if fault.kind == "drop_after" or fault.after_acting:
            await self._act(scope, raw, headers, entry, _into_nothing)
        if fault.kind in ("drop_before", "drop_after"):
            await drop(connection, receive)
        elif fault.kind == "drip":
            await drip(fault, connection, receive, self._emulation.over)
        else:
            await wrong_answer(fault)(scope, receive, send)

    async def _still_wanted(self, seconds: float) -> bool:
        """Wait; False as soon as the emulation is reset."""
        try:
            await asyncio.wait_for(self._emulation.over.wait(), seconds)
        except TimeoutError:
            return True
        return False


async def _read(receive: Receive) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if message["type"] == "http.disconnect" or not message.get("more_body"):
            return bytes(body)


def _replay(raw: bytes) -> Receive:
    async def receive() -> Message:
        return {"type": "http.request", "body": raw, "more_body": False}

    return receive


def _noting(entry: Entry, send: Send) -> Send:
    async def noting(message: Message) -> None:
        if message["type"] == "http.response.start":
            entry.status = message["status"]
        await send(message)

    return noting


def _adding(headers: dict[str, str], send: Send) -> Send:
    if not headers:
        return send

    async def adding(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message).update(headers)
        await send(message)

    return adding


async def _into_nothing(_message: Message) -> None:
    return None


def _token_id(headers: Headers) -> str | None:
    value = bearer(headers)
    return token_id(value) if value else None


def _query(scope: Scope) -> dict[str, Any]:
    """Each parameter's value, a list where it is there more than once."""
    values: dict[str, list[str]] = {}
    for name, value in parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True):
        values.setdefault(name, []).append(value)
    return {name: given[0] if len(given) == 1 else given for name, given in values.items()}
