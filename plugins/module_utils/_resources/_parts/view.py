# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The API's objects for users: its own keys in snake_case, and the keys of users unchanged."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_WORD_START = re.compile(r"(?<=[a-z0-9])([A-Z])")
# Users or the provider choose the keys in these.
_UNTOUCHED = ("tags", "aws_tags", "secret")


def snake_case(name: str) -> str:
    """Return ``createdAt`` as ``created_at``."""
    return _WORD_START.sub(r"_\1", name).lower()


def view(value: Any) -> Any:
    """Return an object of the API with its own keys in snake_case and paths without outer slashes."""
    if isinstance(value, list):
        return [view(entry) for entry in value]
    if not isinstance(value, Mapping):
        return value
    shown = {}
    for key, inner in value.items():
        name = snake_case(key)
        shown[name] = inner if name in _UNTOUCHED else view(inner)
        if name in ("path", "dynamic_secret_path") and isinstance(inner, str):
            shown[name] = inner.strip("/")
    return shown


def without_secret(value: Mapping[str, Any]) -> dict[str, Any]:
    """Return the object without its secret values."""
    return {key: inner for key, inner in value.items() if key != "secret"}


def no_value(key: str) -> str:
    """Return check mode's placeholder for the key's value, which nobody can mistake for a real one."""
    return "CHECK-MODE-NO-" + snake_case(key).upper().replace("_", "-")
