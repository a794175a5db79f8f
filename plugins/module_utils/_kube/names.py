# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names, labels and annotations as Kubernetes takes them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

# RFC 1123: a label, and a subdomain, which is several labels with dots between them.
_NAMESPACE = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_OBJECT_NAME = re.compile(r"(?=.{1,253}\Z)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_DATA_KEY = re.compile(r"(?!\.\.?\Z|\.\.)[-._a-zA-Z0-9]{1,253}")
_WORD = r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?"
_LABEL_VALUE = re.compile(f"({_WORD})?")
_QUALIFIED_NAME = re.compile(rf"([a-z0-9]([-a-z0-9.]{{0,251}}[a-z0-9])?/)?{_WORD}")


def is_object_name(text: str) -> bool:
    """Return whether most kinds of objects can have this name."""
    return _OBJECT_NAME.fullmatch(text) is not None


def is_namespace(text: str) -> bool:
    """Return whether a namespace can have this name."""
    return _NAMESPACE.fullmatch(text) is not None


def is_data_key(text: str) -> bool:
    """Return whether this can be a key of a Secret's data."""
    return _DATA_KEY.fullmatch(text) is not None


def is_qualified_name(text: str) -> bool:
    """Return whether a label or an annotation can have this name."""
    return _QUALIFIED_NAME.fullmatch(text) is not None


def is_label_value(text: str) -> bool:
    """Return whether a label can have this value."""
    return _LABEL_VALUE.fullmatch(text) is not None


def texts(given: Mapping[str, Any] | None) -> dict[str, str]:
    """Return labels or annotations as texts, where YAML gives numbers and booleans."""
    return {str(name): _text(value) for name, value in (given or {}).items()}


def _text(value: Any) -> str:
    # Kubernetes spells true in lower case.
    return str(value).lower() if isinstance(value, bool) else str(value)
