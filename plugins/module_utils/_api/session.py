# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Connections that requests makes, for environments with a proxy.

Only requests understands all of an environment's proxies. Its import takes longer than everything else that a request
needs, so only this file loads it.
"""

from __future__ import annotations

import os
import ssl
from http.cookiejar import DefaultCookiePolicy
from typing import Any

from .errors import OptionError, StateError
from .settings import Settings
from .transport import POOL_SIZE, POOLS, SITES, tls_options

try:
    import requests
    from requests.adapters import HTTPAdapter
except ImportError:
    # Client checks this; here it only lets the classes below be defined.
    HTTPAdapter = object  # type: ignore[misc, assignment]

_sessions: dict[tuple[int, Settings], requests.Session] = {}


def connection_of(settings: Settings) -> tuple[Any, str]:
    """Return urllib3's pool for the site, and the beginning of each request's target.

    :raises OSError: requests cannot connect with these settings and this environment.
    :raises OptionError: the address cannot be used.
    :raises StateError: the environment names a proxy that cannot be used.
    """
    session, url = _session_for(settings), settings.base_url
    environment: Any = session.merge_environment_settings(url, {}, True, settings.validate_certs, None)
    verify, cert, proxies = (environment[name] for name in ("verify", "cert", "proxies"))
    adapter: Any = session.get_adapter(url)
    try:
        any_request = requests.Request("GET", url).prepare()
        if hasattr(adapter, "get_connection_with_tls_context"):
            pool = adapter.get_connection_with_tls_context(any_request, verify, proxies=proxies, cert=cert)
        else:
            # Versions before 2.32.
            pool = adapter.get_connection(any_request.url, proxies)
    except Exception as error:
        # The site's address has been checked, so a proxy's is wrong if there is one.
        if requests.utils.select_proxy(url, proxies):
            raise _no_proxy(settings, error) from None
        if not isinstance(error, (requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema)):
            raise
        raise OptionError("api_url", f"no request can be sent to {settings.api_url}.") from None
    adapter.cert_verify(pool, any_request.url, verify, cert)
    # The path, or behind some proxies the whole address.
    return pool, adapter.request_url(any_request, proxies)


def _no_proxy(settings: Settings, error: Exception) -> StateError:
    """Return the error for an unusable proxy, without its address, which may hold a password."""
    if "SOCKS" in str(error):
        problem = "is a SOCKS proxy, which needs Python's library PySocks"
    else:
        problem = "does not have a proxy's address, such as http://proxy.example.com:3128"
    return StateError(
        f"No request can be sent to {settings.api_url}: the proxy for it {problem}. Check HTTPS_PROXY, ALL_PROXY and "
        "NO_PROXY."
    )


class _Adapter(HTTPAdapter):
    """An adapter of requests whose connections keep to a deadline, also through a proxy."""

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        """Make the pools of direct connections."""
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = POOLS

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        """Return the pools of one proxy; with SOCKS the deadline only bounds each read."""
        manager = super().proxy_manager_for(proxy, **options)
        if not proxy.lower().startswith("socks"):
            manager.pool_classes_by_scheme = POOLS
        return manager


class _CaAdapter(_Adapter):
    """An adapter that trusts one CA and nothing else, in all versions of requests."""

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


def _session_for(settings: Settings) -> requests.Session:
    """Return the session of this process for these settings."""
    # Sockets must not be shared with a forked child, so the process is part of the identity.
    key = (os.getpid(), settings)
    if key not in _sessions:
        _sessions[key] = _new_session(settings)
    return _sessions[key]


def _new_session(settings: Settings) -> requests.Session:
    session = requests.Session()
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    pool: dict[str, Any] = {"pool_connections": SITES, "pool_maxsize": POOL_SIZE, "pool_block": True}
    context = tls_options(settings).get("ssl_context")
    session.mount("https://", _CaAdapter(context, **pool) if context else _Adapter(**pool))
    session.mount("http://", _Adapter(**pool))
    return session
