# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A stand-in for HashiCorp Vault: as much of it as the peer's reads need, served like the emulator."""

from __future__ import annotations

import threading
from pathlib import Path
from types import TracebackType
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from tests.emulator.server import listen
from tests.emulator.tls import tls_files

TOKEN = "peer-token"


class Vault:
    """Answers the KV version 2 engine's read at ``secret/data/...``, over TLS, in a thread.

    :arg folder: for its TLS files.
    """

    def __init__(self, folder: Path) -> None:
        self._files = tls_files(folder, "127.0.0.1")
        self._socket = listen("127.0.0.1", 0)
        self.url = f"https://127.0.0.1:{self._socket.getsockname()[1]}"
        config = uvicorn.Config(
            Starlette(routes=[Route("/v1/secret/data/{path:path}", _read)]),
            lifespan="off",
            log_level="error",
            ssl_certfile=str(self._files.certificate),
            ssl_keyfile=str(self._files.key),
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, args=([self._socket],), daemon=True)

    @property
    def environment(self) -> dict[str, str]:
        """The connection, as the peer's modules and lookups read it."""
        return {"VAULT_ADDR": self.url, "VAULT_TOKEN": TOKEN, "VAULT_CACERT": str(self._files.ca)}

    def __enter__(self) -> Vault:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.should_exit = self._server.force_exit = True
        self._thread.join()


async def _read(request: Request) -> JSONResponse:
    if request.headers.get("x-vault-token") != TOKEN:
        return JSONResponse({"errors": ["permission denied"]}, 403)
    metadata: dict[str, Any] = {"created_time": "2026-01-01T00:00:00Z", "version": 1, "destroyed": False}
    values = {"user": "app", "password": request.path_params["path"]}
    return JSONResponse({"request_id": "0", "data": {"data": values, "metadata": metadata}})
