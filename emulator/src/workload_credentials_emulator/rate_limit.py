# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How many requests a token has left, and what its answers say about that."""

from __future__ import annotations

import math
from dataclasses import dataclass

from .behaviour import Behaviour
from .errors import GatewayError
from .real_time import real_seconds


@dataclass
class _Window:
    ends: float
    used: int = 0


class RateLimit:
    """The windows of all tokens of one site; each begins with a request."""

    def __init__(self) -> None:
        self._windows: dict[str, _Window] = {}

    def take(self, token_id: str, behaviour: Behaviour) -> dict[str, str]:
        """Count one request; return the headers of its answer.

        :raises GatewayError: there was one too many.
        """
        if not behaviour.rate_limit:
            return {}
        now = real_seconds()
        window = self._windows.get(token_id)
        if window is None or window.ends <= now:
            window = self._windows[token_id] = _Window(now + behaviour.rate_window)
        window.used += 1
        headers = {
            "x-ratelimit-limit": str(behaviour.rate_limit),
            "x-ratelimit-remaining": str(max(0, behaviour.rate_limit - window.used)),
            "x-ratelimit-reset": str(max(1, math.ceil(window.ends - now))),
        }
        if window.used > behaviour.rate_limit:
            raise GatewayError(429, "Too many requests", headers=headers)
        return headers
