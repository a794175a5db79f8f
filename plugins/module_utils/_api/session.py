# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pooled sessions: one per process and connection identity, with TLS as the settings say.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

import os
import ssl
from http.cookiejar import DefaultCookiePolicy
from typing import Any

from ansible_collections.community.workload_credentials.plugins.module_utils._api.deadline import BoundedAdapter
from ansible_collections.community.workload_credentials.plugins.module_utils._api.errors import OptionError
from ansible_collections.community.workload_credentials.plugins.module_utils._api.settings import Settings
from ansible_collections.community.workload_credentials.plugins.module_utils._api.texts import (
    certificates,
    decoded,
    is_pem,
)

try:
    import requests
    import urllib3
except ImportError:
    HAS_REQUESTS = False
else:
    HAS_REQUESTS = True

# Lookups run several terms at once over one session: more connections than this are never open.
POOL_SIZE = 64

_sessions: dict[tuple[int, Settings], requests.Session] = {}


def session_for(settings: Settings) -> requests.Session:
    """The session of this process for these settings.

    :raises OptionError: ``ca_cert`` holds no usable certificate.
    """
    # Sockets must not be shared with a forked child, so the process is part of the identity.
    key = (os.getpid(), settings)
    if key not in _sessions:
        _sessions[key] = _new_session(settings)
    return _sessions[key]


class _CaAdapter(BoundedAdapter):
    """Trusts one CA, given as file or as text, and nothing else; works alike in all versions of requests."""

    def __init__(self, context: ssl.SSLContext, **options: Any) -> None:
        self._context = context
        super().__init__(**options)

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, ssl_context=self._context, **options)

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        return super().proxy_manager_for(proxy, ssl_context=self._context, **options)

    def build_connection_pool_key_attributes(self, request: Any, verify: Any, cert: Any = None) -> Any:
        host, _tls = super().build_connection_pool_key_attributes(request, True, cert)
        return host, {"ssl_context": self._context, "cert_reqs": "CERT_REQUIRED"}

    def cert_verify(self, conn: Any, url: Any, verify: Any, cert: Any) -> None:
        # requests would add its own bundle to the context here.
        conn.cert_reqs = "CERT_REQUIRED"


def _new_session(settings: Settings) -> requests.Session:
    session = requests.Session()
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    pool: dict[str, Any] = {"pool_connections": 4, "pool_maxsize": POOL_SIZE, "pool_block": True}
    if settings.validate_certs and settings.ca_cert:
        session.mount("https://", _CaAdapter(_tls_context(settings.ca_cert), **pool))
    else:
        session.mount("https://", BoundedAdapter(**pool))
    session.mount("http://", BoundedAdapter(**pool))
    if not settings.validate_certs:
        urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
    return session


def _tls_context(ca_cert: str) -> ssl.SSLContext:
    try:
        cafile, cadata = _authorities(ca_cert)
        context = ssl.create_default_context(cafile=cafile, cadata=cadata)
    except (ssl.SSLError, OSError, ValueError) as error:
        raise OptionError("ca_cert", f"no usable CA certificate in it ({type(error).__name__}).") from None
    if urllib3.__version__.startswith("1."):  # type: ignore[attr-defined]  # it has one in each version
        # It names no IP address to OpenSSL, which then cannot check it; where OpenSSL does not check, it does itself.
        context.check_hostname = False
    return context


def _authorities(ca_cert: str) -> tuple[str | None, str | None]:
    """A file for OpenSSL to read, or else the certificates themselves."""
    if is_pem(ca_cert):
        return None, ca_cert
    with open(ca_cert, "rb") as stream:
        content = stream.read()
    try:
        return None, certificates(decoded(content, errors="replace"))
    except ValueError:
        # OpenSSL reads forms of files that have no name here.
        return ca_cert, None
