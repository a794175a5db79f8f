# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers turned into values or errors: strict JSON, and what a status means."""

from __future__ import annotations

import json
import math
import re
from typing import Any

from .errors import ApiError, ConflictError, DeniedError, NotFoundError, UnexpectedAnswerError
from .request import Request
from .retry import RetryState
from .shapes import expected, misfit
from .text import LONGEST, one_line
from .transport import Answer

# What Ansible and the code here still walk through, in a worker whose stack is already deep.
MAX_DEPTH = 100
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


def parse_json(text: str | bytes) -> Any:
    """The value.

    :arg text: bytes are UTF-8, with or without a byte order mark.
    :raises ValueError: no JSON; or a key twice, a number or text that cannot be held, or nesting without end. The text
        says which, and repeats nothing.
    """
    try:
        whole = text if isinstance(text, str) else text.decode("utf-8-sig")
        value = _DECODER.decode(whole)
    except UnicodeDecodeError:
        raise ValueError("it is not UTF-8") from None
    except json.JSONDecodeError:
        raise ValueError("it is not JSON") from None
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    if whole.count("[") + whole.count("{") > MAX_DEPTH and _is_deep(value):
        raise ValueError("it is nested too deeply")
    if _SURROGATE.search(whole):
        _check_text(value)
    return value


def _check_text(value: Any) -> None:
    try:
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        raise ValueError("a text in it is not Unicode") from None


def _is_deep(value: Any) -> bool:
    level = [value]
    for _depth in range(MAX_DEPTH):
        inner = (one for outer in level for one in (outer.values() if isinstance(outer, dict) else outer))
        level = [one for one in inner if isinstance(one, (dict, list))]
        if not level:
            return False
    return True


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key stands twice in one object")
    return found


def _number(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("a number in it is too large")
    return number


def _integer(text: str) -> int:
    # Python itself refuses to write or read longer ones, in words of its own.
    if len(text) > 4000:
        raise ValueError("a number in it is too large")
    return int(text)


def _no_number(_text: str) -> Any:
    raise ValueError("NaN and Infinity are no JSON")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_float=_number, parse_int=_integer, parse_constant=_no_number
)


_STATUS_ERRORS = {403: DeniedError, 404: NotFoundError, 409: ConflictError}
# Shorter secret values occur in any sentence by chance.
_SURELY_A_VALUE = 6
# More than is shown, so that no secret is half cut away from the look.
_LOOKED_AT = 8 * LONGEST
# One of them is in each of the API's errors.
_ERROR_FIELDS = ("code", "message", "error")
_NOT_OWN = (
    "the answer is not the API's own (no JSON error): a proxy or gateway may be in between, or something else listens "
    "at api_url."
)
_CODE = re.compile("[a-z0-9_]{1,100}")
_WITHHELD = "(the service's message is withheld: it repeats a secret value)"


def value_of(request: Request, answer: Answer, *, after_ambiguous: bool, patience: RetryState) -> Any:
    """What the answer says, in the shape that the request needs; None where it says nothing and nothing is needed.

    :arg after_ambiguous: an earlier attempt ended without an answer.
    :raises ApiError: a refusal.
    :raises UnexpectedAnswerError: an answer that this API does not give.
    """
    status = answer.status
    if 300 <= status < 400:
        problem = "a redirect, which is refused because it would carry the token elsewhere"
        raise UnexpectedAnswerError(request.method, request.target, status, problem, "Check api_url.")
    if status >= 400:
        own = _own_error(answer)
        # What is not there or forbidden may be taken as gone or left out, so only the API itself may say so.
        error = ApiError if own is None else _STATUS_ERRORS.get(status, ApiError)
        if own is None and status == 403 and not answer.body:
            # The service's gateway says no more.
            error, own = DeniedError, {}
        code, message = ("", _NOT_OWN) if own is None else _fields(request, answer, own)
        if code.endswith("_permission_denied"):
            # A provider refuses the service, which says nothing about what is there.
            error = ApiError
        raise error(
            request.method, request.target, status, code, message, after_ambiguous=after_ambiguous, patience=patience
        )
    return _good(request, answer)


def _good(request: Request, answer: Answer) -> Any:
    shape = expected(request)
    if shape is None and not answer.body:
        return None
    try:
        body = parse_json(answer.body) if answer.body else None
        problem = misfit(body, shape) if shape is not None else _no_object(body)
    except ValueError as error:
        raise _unexpected(request, answer, f"but no answer of the Secrets API: {error}") from None
    if isinstance(body, dict) and body.get("error") and not body.keys() & {"data", "secret"}:
        raise _unexpected(request, answer, f"but an error: {_fields(request, answer, body)[1].rstrip('.')}")
    if problem:
        raise _unexpected(request, answer, f"but not the shape of this API's answer: {problem}")
    return body


def _no_object(body: Any) -> str | None:
    """Nothing is needed of it, but a service that answers a write with anything else is not the API."""
    return None if isinstance(body, dict) else "it is no object"


def _unexpected(request: Request, answer: Answer, problem: str) -> UnexpectedAnswerError:
    return UnexpectedAnswerError(request.method, request.target, answer.status, problem)


def _own_error(answer: Answer) -> dict[str, Any] | None:
    """The API's error object; None: a proxy's, a gateway's or another service's answer."""
    try:
        body = parse_json(answer.body)
    except ValueError:
        return None
    named = isinstance(body, dict) and any(_text(body.get(name)) for name in _ERROR_FIELDS)
    return body if named else None


def _fields(request: Request, answer: Answer, body: dict[str, Any]) -> tuple[str, str]:
    """The API's code and message, fit to be shown and without anything that the request must keep to itself."""
    code, message, other = (_text(body.get(name)) for name in _ERROR_FIELDS)
    message = message or other
    secrets = request.secret_values() | {answer.token}
    if any(_holds(code, secret) for secret in secrets):
        return "", _WITHHELD
    if any(_holds(message, secret) for secret in secrets):
        # The code alone is shown only where it looks like one of the API's.
        return (code if _CODE.fullmatch(code) else ""), _WITHHELD
    return one_line(code, 100), one_line(message)


def _text(value: Any) -> str:
    return str(value) if isinstance(value, (str, int)) and value else ""


def _holds(text: str, secret: str) -> bool:
    """Whether the text repeats the secret, as it is or as it would be shown."""
    shown = (one_line(text, _LOOKED_AT), one_line(secret, _LOOKED_AT))
    return any(_occurs(a, b) for a, b in ((text, secret), shown) if b)


def _occurs(text: str, secret: str) -> bool:
    # A short value counts only as a word of its own.
    if len(secret) >= _SURELY_A_VALUE:
        return secret in text
    return re.search(rf"(?<!\w){re.escape(secret)}(?!\w)", text) is not None
