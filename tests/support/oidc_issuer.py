# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An issuer of tokens on this machine: it publishes its keys over TLS as OpenID Connect has it, and signs."""

from __future__ import annotations

import contextlib
import json
import ssl
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import jwt
import trustme
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key

_DISCOVERY, _KEYS = "/.well-known/openid-configuration", "/keys"


class OidcIssuer:
    """What an issuer has, as its server answers.

    :ivar url: the issuer's address, which its tokens name.
    :ivar ca: the file of the CA to trust.
    :ivar asked: the paths that were asked for, in order.
    """

    def __init__(self, url: str, ca: Path) -> None:
        self.url = url
        self.ca = ca
        self.asked: list[str] = []
        self._key = new_key()
        self._number = 0

    def rotate(self) -> None:
        """Sign with another key, and publish only that one."""
        self._key = new_key()
        self._number += 1

    def sign(self, *, key: RSAPrivateKey | None = None, **claims: Any) -> str:
        """A token that is good for ten minutes; the audience is to be among the claims.

        :arg key: another key, under the name of the issuer's.
        """
        now = int(time.time())
        headers = {"kid": f"key-{self._number}"}
        given = {"iss": self.url, "iat": now, "exp": now + 600, "sub": "job", **claims}
        return jwt.encode(given, key or self._key, "RS256", headers=headers)

    def key_set(self) -> dict[str, Any]:
        """The published keys."""
        key: dict[str, Any] = jwt.algorithms.RSAAlgorithm.to_jwk(self._key.public_key(), as_dict=True)
        return {"keys": [{**key, "kid": f"key-{self._number}", "alg": "RS256", "use": "sig"}]}

    def answer(self, path: str) -> dict[str, Any] | None:
        """The document at this path."""
        self.asked.append(path)
        found = {_DISCOVERY: {"issuer": self.url, "jwks_uri": self.url + _KEYS}, _KEYS: self.key_set()}
        return found.get(path)


def new_key() -> RSAPrivateKey:
    """A key to sign with."""
    return generate_private_key(public_exponent=65537, key_size=2048)


@contextlib.contextmanager
def oidc_issuer(folder: Path) -> Iterator[OidcIssuer]:
    """An issuer that answers until the end of the block.

    :arg folder: where its CA is put.
    """
    authority = trustme.CA()
    ca = folder / "issuer-ca.pem"
    authority.cert_pem.write_to_path(str(ca))
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    issuer = OidcIssuer(f"https://127.0.0.1:{server.server_port}", ca)
    server.RequestHandlerClass = type("Handler", (_Handler,), {"issuer": issuer})
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield issuer
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    issuer: OidcIssuer

    def do_GET(self) -> None:
        found = self.issuer.answer(self.path)
        body = json.dumps(found or {}).encode()
        self.send_response(404 if found is None else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: Any) -> None:
        """Say nothing."""
