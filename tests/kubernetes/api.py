# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The few requests that the control plane itself makes, so that starting it needs no client library."""

from __future__ import annotations

import json
import ssl
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any, Final

_TIMEOUT_SECONDS: Final = 5


class Api:
    """A Kubernetes API server, asked with one token."""

    def __init__(self, server: str, ca_cert: Path, token: str) -> None:
        self._server = server
        self._token = token
        tls = ssl.create_default_context(cafile=str(ca_cert))
        # No proxy: the server listens on this machine.
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=tls)
        )

    def answers(self, path: str) -> bool:
        """Tell whether the path is answered with success."""
        try:
            self._open(path, None)
        except (OSError, urllib.error.URLError):
            return False
        return True

    def ask(self, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the answer to GET, or to POST when there is a body."""
        answer: dict[str, Any] = json.loads(self._open(path, body))
        return answer

    def _open(self, path: str, body: dict[str, Any] | None) -> bytes:
        request = urllib.request.Request(
            f"{self._server}{path}",
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"},
        )
        with self._opener.open(request, timeout=_TIMEOUT_SECONDS) as answer:
            content: bytes = answer.read()
        return content
