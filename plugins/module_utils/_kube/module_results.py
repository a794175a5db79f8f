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
from typing import Any

# The cluster's answer stands in a module's message as text, or as Python writes bytes.
_BYTES = re.compile(r"b'(?:[^'\\]|\\.)*'|b\"(?:[^\"\\]|\\.)*\"", re.DOTALL)
_STATUS = re.compile(r'\{\s*"kind"\s*:\s*"Status"')
_HTTP = re.compile(r"^\W*\(?(\d{3})\)?\b")


def status_in(message: str) -> tuple[int, Mapping[str, Any]]:
    """The status and the body of the cluster's answer that a failed module quotes; 0 where it quotes none."""
    for text in (*_bytes_in(message), message):
        found = _STATUS.search(text)
        body = _json_at(text, found.start()) if found else None
        if body is not None:
            return int(body.get("code") or 0), body
    if "page not found" in message or "Failed to find exact match" in message:
        return 404, {"message": "the cluster does not serve this kind"}
    return 0, {}


def problem_in(result: Mapping[str, Any]) -> str:
    """One line of why a module failed without an answer of the cluster."""
    lines = [line.strip() for line in str(result.get("msg") or "").splitlines() if line.strip()]
    trace = str(
        result.get("exception") or result.get("module_stderr") or result.get("module_stdout") or ""
    ).splitlines()
    # A module that broke off says so in its first line, and why in the last one of its traceback.
    last = next((line.strip() for line in reversed(trace) if re.match(r"[\w.]+(Error|Exception)\b", line.strip())), "")
    text = (
        last if last and (not lines or "MODULE FAILURE" in lines[0] or "exited with" in lines[0]) else " ".join(lines)
    )
    return " ".join(text.split())[:500] or "the module said nothing"


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
