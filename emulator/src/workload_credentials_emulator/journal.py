# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What was asked, in order: enough to count requests and to see what a client does, without tokens and values."""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

_HEADERS = ("content-type", "content-length", "accept", "bt-secrets-api-version", "bt-wlc-api-version", "user-agent")
_LONGEST = 100_000
# Bodies sent to these hold no secret value, unless they are sent there by mistake.
_OPEN_ADDRESS = re.compile(
    r"/((folders|dynamic)/[^/]+|(folders|dynamic|static)/[^/]+/metadata/tags|platform/auth/workload-identities(/[^/]+)?)$"
)
_POLICY = re.compile(r"/platform/iam/policies/[^/]+$")
_SECRET_FIELDS = {"secret", "clientSecret"}


@dataclass
class Entry:
    """One request and its answer; ``status`` is None where the connection was dropped.

    :arg refused: why the token of a workload was not taken, which the answer does not say.
    """

    seq: int
    connection: int
    method: str
    path: str
    query: dict[str, Any]
    headers: dict[str, str]
    token_id: str | None
    body_keys: list[str] = field(default_factory=list)
    body: Any = None
    status: int | None = None
    fault: str | None = None
    refused: str | None = None

    def read_body(self, raw: bytes) -> None:
        """Keep the names in the body, and the body itself where it holds no value."""
        if _POLICY.search(self.path):
            self.body = raw.decode("utf-8", "replace") or None
            return
        try:
            body = json.loads(raw) if raw else None
        except (ValueError, RecursionError):
            return
        self.body_keys = list(_names(body))
        if _OPEN_ADDRESS.search(self.path) and not _SECRET_FIELDS.intersection(self.body_keys):
            self.body = body


class Journal:
    """The latest requests."""

    def __init__(self) -> None:
        self._entries: deque[Entry] = deque(maxlen=_LONGEST)
        self._seq = 0

    def open(self, **request: Any) -> Entry:
        """Note a request; its entry is completed while it is worked on."""
        self._seq += 1
        entry = Entry(seq=self._seq, **request)
        self._entries.append(entry)
        return entry

    def clear(self) -> None:
        """Forget everything; numbers go on."""
        self._entries.clear()

    def newest(self) -> Iterator[Entry]:
        """The entries, the newest first."""
        return reversed(self._entries)

    def shown(self, site: str = "") -> list[dict[str, Any]]:
        """The entries, the oldest first.

        :arg site: only requests to this site.
        """
        return [asdict(entry) for entry in self._entries if not site or f"/site/{site}/" in entry.path.lower()]


def kept_headers(headers: dict[str, str]) -> dict[str, str]:
    """The headers that say how a client behaves; never Authorization."""
    return {name: value for name, value in headers.items() if name in _HEADERS or name.startswith("x-bt-")}


def _names(value: Any, prefix: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield f"{prefix}{key}"
            yield from _names(inner, f"{prefix}{key}.")
