# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""JSON read strictly, since what is read is judged, shown and written again (RFC 8259).

Private to this collection: it may change at any time.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any

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
