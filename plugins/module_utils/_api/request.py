# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A request as a value, and the one place that decides what may be sent again."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from .paths import ResourcePath, segment

MERGE_PATCH = "application/merge-patch+json"
# Top-level fields of bodies that hold secret values.
_SECRET_FIELDS = ("secret", "clientSecret")
_RETRIED_STATUSES = (429, 502, 503, 504)


class Replay(enum.Enum):
    """May a request be sent again when its end is unknown? (design, section 7)"""

    ALWAYS = "reads, replacements and deletions: the second time changes nothing more"
    CREATE = "creations and restores: a 409 at the second time is settled by reading"
    NEVER = "generate and revoke: a second time is a second lease, or hides what the first did"


@dataclass(frozen=True)
class Request:
    """One request below the site's address.

    ``path`` has its segments quoted; ``query`` leaves out what is None or ""; ``may_be_denied``: a 403 is an answer,
    not a failure; ``settling`` are API codes that may pass while a cloud's permissions spread.
    ``may_exist``: a 409 that says that it is there already is as good as having made it.
    ``loss`` says what is gone for good once this is done: who is left without it is told (Change.with_losses).
    """

    method: str
    path: str
    query: Mapping[str, Any] = field(default_factory=dict)
    body: Any = None
    replay: Replay = Replay.ALWAYS
    may_be_denied: bool = False
    settling: tuple[str, ...] = ()
    may_exist: bool = False
    loss: str = ""

    @property
    def target(self) -> str:
        """Path and query, as sent."""
        query = {
            name: str(value).lower() if isinstance(value, bool) else value
            for name, value in self.query.items()
            if value not in (None, "", False)
        }
        return f"{self.path}?{urlencode(query)}" if query else self.path

    @property
    def content_type(self) -> str | None:
        """PATCH bodies are merge patches (RFC 7396)."""
        if self.body is None:
            return None
        return MERGE_PATCH if self.method == "PATCH" else "application/json"

    def secret_values(self) -> set[str]:
        """Every secret value that the body carries, as text."""
        body = self.body if isinstance(self.body, Mapping) else {}
        return {text for name in _SECRET_FIELDS for text in _leaves(body.get(name))}


def item(method: str, kind: str, path: ResourcePath, action: str = "", **options: Any) -> Request:
    """A request for one folder, static or dynamic secret: the name in the path, its folder in the query.

    :arg kind: ``folders``, ``static``, ``dynamic`` or ``leases``.
    :arg action: what follows the name, such as ``metadata/tags``.
    :arg options: ``query`` (added to the folder) and the other fields of Request.
    """
    query = {"folder": path.folder, **options.pop("query", {})}
    tail = f"/{action}" if action else ""
    return Request(method, f"/{kind}/{segment(path.name)}{tail}", query=query, **options)


def may_retry_status(request: Request, status: int) -> bool:
    """Whether an answer with this status may be followed by the same request."""
    if request.replay is Replay.NEVER:
        return status == 429
    return status in _RETRIED_STATUSES


def may_retry_lost(request: Request, *, sent: bool) -> bool:
    """Whether a request without an answer may be sent again; ``sent``: it may have reached the service."""
    return not sent or request.replay is not Replay.NEVER


def _leaves(value: Any) -> set[str]:
    if isinstance(value, Mapping):
        return {leaf for inner in value.values() for leaf in _leaves(inner)}
    if isinstance(value, (list, tuple)):
        return {leaf for inner in value for leaf in _leaves(inner)}
    if value is None or isinstance(value, bool) or value == "":
        return set()
    return {str(value)}
