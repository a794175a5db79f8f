# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers turned into values or errors: strict JSON, and what a status means."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable
from typing import Any

from .errors import ApiError, ConflictError, DeniedError, NotFoundError, UnexpectedAnswerError
from .request import Request
from .retry import RetryState
from .shapes import expected, mismatch
from .text import one_line, repeats_a_value
from .transport import Answer

# Ansible and this code can still walk through so many levels in a worker whose stack is already deep.
MAX_DEPTH = 100
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


def parse_json(text: str | bytes) -> Any:
    """Return the value of a JSON text.

    :arg text: bytes are UTF-8, with or without a byte order mark.
    :raises ValueError: it is not JSON, has a key twice, is nested too deeply, or holds a number or text that Python
        cannot hold. The message says which and repeats nothing of the text.
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
        inner: list[Any] = []
        for container in level:
            inner += _values_in(container)
        level = [entry for entry in inner if isinstance(entry, (dict, list))]
        if not level:
            return False
    return True


def _values_in(container: Any) -> Iterable[Any]:
    if isinstance(container, dict):
        return container.values()
    return container if isinstance(container, list) else ()


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) < len(pairs):
        raise ValueError("an object in it has a key twice")
    return result


def _number(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("a number in it is too large")
    return number


def _integer(text: str) -> int:
    # Python refuses longer ones itself, with another message.
    if len(text) > 4000:
        raise ValueError("a number in it is too large")
    return int(text)


def _no_number(_text: str) -> Any:
    raise ValueError("NaN and Infinity are not JSON")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_float=_number, parse_int=_integer, parse_constant=_no_number
)


_STATUS_ERRORS = {403: DeniedError, 404: NotFoundError, 409: ConflictError}
# Each of the API's errors has one of these.
_ERROR_FIELDS = ("code", "message", "error")
_NOT_OWN = (
    "the answer is not the API's own (no JSON error): a proxy or gateway may be in between, or something else listens "
    "at api_url."
)
_CODE = re.compile("[a-z0-9_]{1,100}")
_WITHHELD = "(the service's message is withheld: it repeats a secret value)"


def value_of(request: Request, answer: Answer, *, after_ambiguous: bool, patience: RetryState) -> Any:
    """Return the answer's value in the shape that the request needs; None: it is empty, and that is enough.

    :arg after_ambiguous: an earlier attempt ended without an answer.
    :raises ApiError: the API refused.
    :raises UnexpectedAnswerError: this API does not give such an answer.
    """
    status = answer.status
    if 300 <= status < 400:
        problem = "a redirect, which is refused because it would carry the token elsewhere"
        raise UnexpectedAnswerError(request.method, request.target, status, problem, "Check api_url.")
    if status >= 400:
        error, code, message = _refusal(request, answer)
        raise error(
            request.method, request.target, status, code, message, after_ambiguous=after_ambiguous, patience=patience
        )
    return _body_of(request, answer)


def _refusal(request: Request, answer: Answer) -> tuple[type[ApiError], str, str]:
    """Return the class, the code and the message of the error for a refusal."""
    own = _own_error(answer)
    if own is None and answer.status == 403 and not answer.body:
        # The service's gateway refuses so.
        return DeniedError, "", ""
    if own is None:
        # Only the API itself can say that something is missing or forbidden.
        return ApiError, "", _NOT_OWN
    code, message = _fields(request, answer, own)
    if code.endswith("_permission_denied"):
        # The provider refused the service: that says nothing about the resource.
        return ApiError, code, message
    return _STATUS_ERRORS.get(answer.status, ApiError), code, message


def _body_of(request: Request, answer: Answer) -> Any:
    shape = expected(request)
    if shape is None and not answer.body:
        return None
    try:
        body = parse_json(answer.body) if answer.body else None
        problem = mismatch(body, shape) if shape is not None else _no_object(body)
    except ValueError as error:
        raise _unexpected(request, answer, f"but not an answer of the Secrets API: {error}") from None
    if isinstance(body, dict) and body.get("error") and not body.keys() & {"data", "secret"}:
        raise _unexpected(request, answer, f"but an error: {_fields(request, answer, body)[1].rstrip('.')}")
    if problem:
        raise _unexpected(request, answer, f"but not the shape of this API's answer: {problem}")
    return body


def _no_object(body: Any) -> str | None:
    """Return what is wrong with an answer whose content is not needed: the API still answers with an object."""
    return None if isinstance(body, dict) else "it is not an object"


def _unexpected(request: Request, answer: Answer, problem: str) -> UnexpectedAnswerError:
    return UnexpectedAnswerError(request.method, request.target, answer.status, problem)


def _own_error(answer: Answer) -> dict[str, Any] | None:
    """Return the API's error object; None: a proxy, a gateway or another service answered."""
    try:
        body = parse_json(answer.body)
    except ValueError:
        return None
    is_error = isinstance(body, dict) and any(_text(body.get(name)) for name in _ERROR_FIELDS)
    return body if is_error else None


def _fields(request: Request, answer: Answer, body: dict[str, Any]) -> tuple[str, str]:
    """Return the API's code and message, printable and without any secret of the request."""
    code, message, other = (_text(body.get(name)) for name in _ERROR_FIELDS)
    message = message or other
    secrets = request.secret_values() | {answer.token}
    if repeats_a_value(code, secrets):
        return "", _WITHHELD
    if repeats_a_value(message, secrets):
        # A code that does not look like one of the API's may be part of the secret.
        return (code if _CODE.fullmatch(code) else ""), _WITHHELD
    return one_line(code, 100), one_line(message)


def _text(value: Any) -> str:
    return str(value) if isinstance(value, (str, int)) and value else ""
