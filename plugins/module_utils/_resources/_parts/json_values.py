# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""JSON values: equality, merging, and the smallest merge patch between two (RFC 7396)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ..._api.errors import OptionError


def check_json(value: Any, option: str) -> None:
    """Check that the option's value can be sent.

    :raises OptionError: JSON cannot hold it; the message repeats nothing of it.
    """
    try:
        json.dumps(value, allow_nan=False, ensure_ascii=False).encode("utf-8")
    except (ValueError, TypeError, RecursionError):
        raise OptionError(
            option, "JSON cannot hold something in it, such as NaN, Infinity or text that is not Unicode."
        ) from None


def same_json(left: Any, right: Any) -> bool:
    """Return whether two values are equal in JSON: true is not 1, and 1 is 1.0."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        return left.keys() == right.keys() and all(same_json(left[key], right[key]) for key in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same_json, left, right))
    return bool(left == right)


def merged(current: Any, patch: Any) -> Any:
    """Return ``current`` after the merge patch (RFC 7396, section 2)."""
    if not isinstance(patch, Mapping):
        return patch
    result = dict(current) if isinstance(current, Mapping) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merged(result.get(key), value)
    return result


def patch_between(current: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """Return the smallest merge patch that turns ``current`` into ``after``."""
    patch: dict[str, Any] = {key: None for key in current if key not in after}
    for key, value in after.items():
        if key in current and same_json(current[key], value):
            continue
        both = isinstance(value, Mapping) and isinstance(current.get(key), Mapping)
        patch[key] = patch_between(current[key], value) if both else value
    return patch
