# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is served beside the API for people, and for clients that start with nothing: `/`, `/docs`, `/ca.pem`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from secrets import compare_digest, token_urlsafe
from typing import Any
from urllib.parse import parse_qs

from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from ..emulation import Emulation
from ..openapi import describe
from .callers import has_token, is_from_another_site, names_this_machine
from .documentation import documentation_page
from .layout import HEADERS
from .status import next_expiration, status_page

_CONTROL = "/_control"
# The longest way that the clock goes at once: what comes after the year 9999 cannot be written.
_FARTHEST = 100 * 366 * 86400


class FrontDoor:
    """The ASGI application around all others: it answers its own addresses, and leads everything else on.

    :arg inner: the gate, with the API and the control surface behind it.
    :arg ca: the certificate authority, which clients may fetch.
    :arg control_token: what the status page asks for, as the control surface does; nothing without it.
    :arg names: names of the emulator, besides localhost and addresses.
    """

    def __init__(
        self,
        inner: ASGIApp,
        emulation: Emulation,
        api: FastAPI,
        *,
        ca: Path | None = None,
        control_token: str = "",
        names: Sequence[str] = (),
    ) -> None:
        self._inner = inner
        self._emulation = emulation
        self._api = api
        self._ca = ca
        self._control_token = control_token
        self._names = {name.lower() for name in names}
        self._form_token = token_urlsafe(24)
        routes = {
            "/": Route("/", self._status),
            "/clock": Route("/clock", self._move_clock, methods=["POST"]),
            "/docs": Route("/docs", self._documentation),
            "/openapi.json": Route("/openapi.json", self._openapi),
        }
        if ca is not None:
            routes["/ca.pem"] = Route("/ca.pem", self._authority)
        self._own = frozenset(routes)
        self._pages = Starlette(routes=list(routes.values()))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            return
        path = scope["raw_path"].decode("latin-1")
        if path in self._own:
            await self._pages(scope, receive, send)
        elif path.startswith(_CONTROL) and self._is_foreign(Headers(scope=scope)):
            await _refusal(403, "Another site may not use the control surface.")(scope, receive, send)
        else:
            await self._inner(scope, receive, send)

    async def _status(self, request: Request) -> Response:
        return self._kept_out(request) or _html(
            status_page(
                self._emulation,
                form_token=self._form_token,
                live="live" in request.query_params,
                with_ca=self._ca is not None,
                secrets=[self._control_token],
            )
        )

    async def _move_clock(self, request: Request) -> Response:
        fields = parse_qs((await request.body()).decode("utf-8", "replace"))
        given = {name: values[-1] for name, values in fields.items()}
        refused = self._kept_out(request) or self._not_from_the_form(request, given)
        if refused is not None:
            return refused
        if not self._move(given.get("advance", "")):
            return _refusal(400, "advance must be seconds, next or reset.")
        return RedirectResponse("/?live=1" if "live" in given else "/", status_code=303, headers=HEADERS)

    def _move(self, advance: str) -> bool:
        clock = self._emulation.clock
        if advance == "reset":
            clock.reset()
        elif advance == "next":
            moment = next_expiration(self._emulation)
            if moment is not None:
                clock.set(moment)
        else:
            try:
                seconds = float(advance)
            except ValueError:
                return False
            distance = (clock.now() - datetime.now(UTC)).total_seconds()
            if not math.isfinite(seconds) or abs(distance + seconds) > _FARTHEST:
                return False
            clock.advance(seconds)
        return True

    async def _documentation(self, request: Request) -> Response:
        return _html(documentation_page(self._description(request), with_ca=self._ca is not None))

    async def _openapi(self, request: Request) -> Response:
        return JSONResponse(self._description(request))

    async def _authority(self, _request: Request) -> Response:
        assert self._ca is not None
        return Response(self._ca.read_bytes(), media_type="application/x-pem-file")

    def _description(self, request: Request) -> dict[str, Any]:
        site = next(iter(self._emulation.sites))
        return describe(self._api, f"{request.base_url}site/{site}/secrets")

    def _kept_out(self, request: Request) -> Response | None:
        """What is answered to who may not see the page."""
        if self._control_token and not has_token(request.headers, self._control_token):
            headers = {"WWW-Authenticate": 'Basic realm="emulator", charset="UTF-8"'}
            return _refusal(401, "Any user name will do; the password is the control token.", headers)
        if not self._control_token and not names_this_machine(request.headers, self._names):
            return _refusal(403, "Open this page as localhost, or by the machine's address.")
        return None

    def _not_from_the_form(self, request: Request, fields: dict[str, str]) -> Response | None:
        token = fields.get("form_token", "")
        if is_from_another_site(request.headers) or not compare_digest(token.encode(), self._form_token.encode()):
            return _refusal(403, "The form is not from this page as it is now: load the page again.")
        return None

    def _is_foreign(self, headers: Headers) -> bool:
        if is_from_another_site(headers):
            return True
        return "origin" in headers and not self._control_token and not names_this_machine(headers, self._names)


def _html(text: str) -> Response:
    return HTMLResponse(text, headers=HEADERS)


def _refusal(status: int, text: str, headers: dict[str, str] | None = None) -> Response:
    return PlainTextResponse(f"{text}\n", status_code=status, headers={**HEADERS, **(headers or {})})
