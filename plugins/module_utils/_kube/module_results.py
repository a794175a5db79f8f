# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What kubernetes.core's modules return, as the cluster's own answers.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any

from ansible_collections.community.workload_credentials.plugins.module_utils._kube.failures import meaning

# The cluster's answer stands in a module's message as text, or as Python writes bytes.
_BYTES = re.compile(r"b'(?:[^'\\]|\\.)*'|b\"(?:[^\"\\]|\\.)*\"", re.DOTALL)
_STATUS = re.compile(r'\{\s*"kind"\s*:\s*"Status"')
# What the library kubernetes says of an answer without one of the cluster's own in it.
_HTTP = re.compile(r"\(?\b(\d{3})\)?\s+Reason: ")
# Where a module that broke off left its traceback.
_TRACE = ("exception", "module_stderr", "module_stdout")
_PHRASES = {one.phrase: one.value for one in HTTPStatus}


def status_in(failure: Mapping[str, Any]) -> tuple[int, Mapping[str, Any]]:
    """The status and the body of the cluster's answer of which a failed module tells; 0 where it tells of none.

    :arg failure: with ``msg``, and perhaps with ``reason`` or a traceback.
    """
    message = "\n".join(str(failure.get(name) or "") for name in ("msg", *_TRACE))
    for text in (*_bytes_in(message), message):
        found = _STATUS.search(text)
        body = _json_at(text, found.start()) if found else None
        if body is not None:
            return int(body.get("code") or 0), body
    if "Failed to find exact match" in message:
        return 404, {"message": "the cluster does not serve this kind"}
    plain = _HTTP.search(message)
    return int(plain.group(1)) if plain else _PHRASES.get(str(failure.get("reason")), 0), {}


def problem_in(result: Mapping[str, Any]) -> str:
    """One line of why a module failed without an answer of the cluster."""
    message = str(result.get("msg") or "")
    trace = "\n".join(str(result.get(name) or "") for name in _TRACE)
    known = meaning(message) or meaning(_last_error(trace))
    if known is not None:
        return f"no answer from the cluster: {known[0]}"
    if message.startswith("Exception '") or not message or "MODULE FAILURE" in message:
        # What other libraries say may quote anything.
        name = re.search(r"(\w+(?:Error|Exception))\b", _last_error(trace))
        what = f" ({name.group(1)})" if name else ""
        return f"kubernetes.core's module broke off{what}; run kubernetes.core.k8s_info with this connection to see why"
    return " ".join(message.split())[:500]


def _last_error(trace: str) -> str:
    """The line of a traceback that says what it was, or the text itself where it is no traceback."""
    lines = [line for line in trace.splitlines() if re.match(r"[\w.]+(Error|Exception|Warning)\b", line)]
    return lines[-1] if lines else trace


def _bytes_in(message: str) -> Iterator[str]:
    for found in _BYTES.finditer(message):
        try:
            yield ast.literal_eval(found.group(0)).decode("utf-8", "replace")
        except (ValueError, SyntaxError):
            continue


def _json_at(text: str, start: int) -> dict[str, Any] | None:
    try:
        body, _end = json.JSONDecoder().raw_decode(text, start)
    except (ValueError, RecursionError):
        return None
    return body if isinstance(body, dict) else None
