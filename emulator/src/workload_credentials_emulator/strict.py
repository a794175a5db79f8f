# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What FastAPI would let pass: missing permissions, unknown or repeated parameters, wrong types, sloppy JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

from fastapi import Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from .calls import call_to
from .errors import InvalidRequest

JSON = "application/json"
MERGE_PATCH = "application/merge-patch+json"


class StrictRoute(APIRoute):
    """A route that checks permission, parameters and body before the operation sees them."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Wrap FastAPI's handler."""
        handle = super().get_route_handler()
        (method,) = self.methods or ("",)
        call = call_to(method, self.path_format)
        known = frozenset(_query_names(self.dependant))
        takes_body = self.body_field is not None

        async def checked(request: Request) -> Response:
            request.state.call = call
            if call is not None:
                request.state.token.require_somewhere(call.any)
            _check_query(request, known)
            raw = await request.body()
            if not takes_body:
                _refuse_body(raw)
            return await handle(_CheckedRequest(request, raw, _read_body(request, raw) if takes_body else None))

        return checked


class _CheckedRequest(Request):
    """A request whose body has been read and parsed."""

    def __init__(self, request: Request, raw: bytes, body: Any) -> None:
        super().__init__(request.scope, request.receive)
        self._raw = raw
        self._parsed = body

    async def body(self) -> bytes:
        return self._raw

    async def json(self) -> Any:
        return self._parsed


def parse_json(raw: bytes) -> Any:
    """Parse JSON as RFC 8259 has it, without what Python adds and without names that are there twice."""
    try:
        value = json.loads(
            raw.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_not_json, parse_float=_finite
        )
        # A lone surrogate can be parsed and never be sent again.
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except InvalidRequest:
        raise
    except (ValueError, RecursionError) as error:
        raise InvalidRequest(f"the body is not valid JSON ({type(error).__name__}).", "invalid_json") from None
    return value


def _read_body(request: Request, raw: bytes) -> Any:
    if not raw.strip():
        raise InvalidRequest("a JSON body is required.")
    wanted = MERGE_PATCH if request.method == "PATCH" else JSON
    allowed = {wanted, JSON} if request.state.site.behaviour.any_patch_type else {wanted}
    given, _semicolon, parameters = request.headers.get("content-type", "").partition(";")
    charset = parameters.strip().lower().replace('"', "")
    if given.strip().lower() not in allowed or charset not in ("", "charset=utf-8"):
        raise InvalidRequest(f"the content type must be {wanted}.", "invalid_content_type")
    return parse_json(raw)


def _refuse_body(raw: bytes) -> None:
    # Some HTTP clients cannot send a POST without a body: nothing in it is nothing.
    if raw.strip() not in (b"", b"{}"):
        raise InvalidRequest("this operation takes no body.")


def _check_query(request: Request, known: frozenset[str]) -> None:
    seen: set[str] = set()
    for name, _value in request.query_params.multi_items():
        if name not in known:
            raise InvalidRequest(f"unknown query parameter {name!r}.", details={"parameter": name})
        if name in seen:
            raise InvalidRequest(f"the query parameter {name!r} is there twice.", details={"parameter": name})
        seen.add(name)


def _query_names(dependant: Dependant) -> Iterator[str]:
    for parameter in dependant.query_params:
        yield parameter.alias
    for inner in dependant.dependencies:
        yield from _query_names(inner)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise InvalidRequest("a name is there twice in one object of the body.", "invalid_json")
    return value


def _not_json(constant: str) -> Any:
    raise ValueError(constant)


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError(text)
    return number
