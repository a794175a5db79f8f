# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One server for both: the emulator, which also answers the reads of HashiCorp Vault's KV version 2 engine."""

from __future__ import annotations

import json
from typing import Any

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from workload_credentials_emulator.admission import API_VERSION, VERSION_HEADER
from workload_credentials_emulator.server import DEMO_SITE, Emulator

from tests.support.site import TOKEN

_READS = "/v1/secret/data/"
_CREATED = "2026-01-01T00:00:00Z"


class BothApis(Emulator):
    """A Secrets API whose static secrets can be read as Vault's, too, at ``secret/data/...``.

    Each of Vault's requests passes all that the Secrets API's pass (journal, token, permissions, checks of names,
    the store): a server that did less would make the peer look faster than it is.
    """

    @property
    def vault_environment(self) -> dict[str, str]:
        """The connection, as the peer's modules and lookups read it."""
        return {"VAULT_ADDR": self.url, "VAULT_TOKEN": TOKEN, "VAULT_CACERT": str(self.ca_cert)}

    def _application(self) -> ASGIApp:
        return _Translation(super()._application())


class _Translation:
    """Makes a read of the Secrets API from one of Vault, and Vault's answer from its answer."""

    def __init__(self, secrets_api: ASGIApp) -> None:
        self._secrets_api = secrets_api

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(_READS):
            await self._secrets_api(scope, receive, send)
            return
        answer = _Answer()
        await self._secrets_api(_as_secrets_api(scope), receive, answer.note)
        await answer.as_vault()(scope, receive, send)


class _Answer:
    """What the Secrets API says."""

    def __init__(self) -> None:
        self._status = 0
        self._body = b""

    async def note(self, message: Message) -> None:
        """An ASGI ``send``."""
        self._status = message.get("status", self._status)
        self._body += message.get("body", b"")

    def as_vault(self) -> JSONResponse:
        """The same from Vault, which has no 401 and tells of a missing path by the status alone."""
        if self._status == 200:
            metadata = {"created_time": _CREATED, "deletion_time": "", "destroyed": False, "version": 1}
            data: dict[str, Any] = {"data": json.loads(self._body)["secret"], "metadata": metadata}
            return JSONResponse({"request_id": "0", "lease_id": "", "renewable": False, "data": data})
        if self._status == 404:
            return JSONResponse({"errors": []}, 404)
        if self._status in (401, 403):
            return JSONResponse({"errors": ["permission denied"]}, 403)
        return JSONResponse({"errors": [self._body.decode()]}, self._status)


def _as_secrets_api(scope: Scope) -> Scope:
    folder, _slash, name = scope["path"].removeprefix(_READS).rpartition("/")
    address = f"/site/{DEMO_SITE}/secrets/static/{name}"
    token = Headers(scope=scope).get("x-vault-token", "")
    headers = [
        *((key, value) for key, value in scope["headers"] if key != b"x-vault-token"),
        (b"authorization", f"Bearer {token}".encode("latin-1")),
        (VERSION_HEADER.encode("latin-1"), API_VERSION.encode("latin-1")),
    ]
    query = f"folder={folder}".encode("latin-1")
    return {**scope, "path": address, "raw_path": address.encode("latin-1"), "query_string": query, "headers": headers}
