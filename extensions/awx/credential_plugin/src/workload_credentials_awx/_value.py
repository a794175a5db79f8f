# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The one value that a field is to have."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ._read import SecretError


def value_of(secret: Mapping[str, Any], key: str, path: str) -> str:
    """Return the value of a key; what is no text as JSON.

    :raises SecretError: there is no such key, or several and none was named.
    """
    if not key and len(secret) == 1:
        key = next(iter(secret))
    if key not in secret:
        names = ", ".join(sorted(secret)) or "none"
        what = f"has no key {key!r}" if key else "needs a key to be named"
        raise SecretError(f"The static secret {path} {what}; its keys: {names}.")
    value = secret[key]
    return value if isinstance(value, str) else json.dumps(value)
