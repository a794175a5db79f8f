# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A request as a value, and the one place that decides which requests may be sent again."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from .paths import ResourcePath, segment
from .text import texts_in

MERGE_PATCH = "application/merge-patch+json"
# Top-level fields of bodies that hold secret values.
_SECRET_FIELDS = ("secret", "clientSecret")
_RETRIED_STATUSES = (429, 502, 503, 504)


class Replay(enum.Enum):
    """Whether a request may be sent again when nobody knows how it ended (design, section 7)."""

    ALWAYS = "reads, replacements and deletions: the second time changes nothing more"
    CREATE = "creations and restores: a 409 at the second time is settled by reading"
    NEVER = "generate and revoke: a second time is a second lease, or hides what the first did"


@dataclass(frozen=True)
class Request:
    """One request below the site's address.

    :arg path: with its segments quoted.
    :arg query: values that are None or "" are left out.
    :arg body: sent as JSON, or a text as it is.
    :arg may_be_denied: a 403 is an answer and not a failure.
    :arg settling: API codes of failures that may pass while a cloud's permissions spread.
    :arg may_exist: a 409 because the resource exists counts as success.
    :arg loss: what this request removes for good, for the message of a later failure (Change.with_losses).
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
        """Return path and query, as sent."""
        query = {
            name: str(value).lower() if isinstance(value, bool) else value
            for name, value in self.query.items()
            if value not in (None, "", False)
        }
        return f"{self.path}?{urlencode(query)}" if query else self.path

    @property
    def content_type(self) -> str | None:
        """Return the body's media type: those of PATCH are merge patches (RFC 7396). None: there is no body."""
        if self.body is None:
            return None
        if isinstance(self.body, str):
            return "text/plain"
        return MERGE_PATCH if self.method == "PATCH" else "application/json"

    def secret_values(self) -> set[str]:
        """Return every secret value in the body, as text."""
        body = self.body if isinstance(self.body, Mapping) else {}
        return {text for name in _SECRET_FIELDS for text in texts_in(body.get(name)) if text}


def item(method: str, kind: str, path: ResourcePath, action: str = "", **options: Any) -> Request:
    """Return a request for one folder, static or dynamic secret: its name in the path, its folder in the query.

    :arg kind: ``folders``, ``static``, ``dynamic`` or ``leases``.
    :arg action: follows the name, such as ``metadata/tags``.
    :arg options: ``query`` (added to the folder) and the other fields of Request.
    """
    query = {"folder": path.folder, **options.pop("query", {})}
    tail = f"/{action}" if action else ""
    return Request(method, f"/{kind}/{segment(path.name)}{tail}", query=query, **options)


def may_retry_status(request: Request, status: int) -> bool:
    """Return whether the same request may be sent again after an answer with this status."""
    if request.replay is Replay.NEVER:
        return status == 429
    return status in _RETRIED_STATUSES


def may_retry_lost(request: Request, *, sent: bool) -> bool:
    """Return whether a request without an answer may be sent again.

    :arg sent: it may have reached the service.
    """
    return not sent or request.replay is not Replay.NEVER
