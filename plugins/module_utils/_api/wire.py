# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests over the connections that requests makes for a site: its proxies, environment and authorities count.

What requests does anew for each request costs half of a request's time, and is always the same here: it is done once.
Private to this collection: it may change at any time.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ansible_collections.community.workload_credentials.plugins.module_utils._api.errors import StateError
from ansible_collections.community.workload_credentials.plugins.module_utils._api.session import session_for
from ansible_collections.community.workload_credentials.plugins.module_utils._api.settings import Settings

try:
    import requests
    import urllib3
except ImportError:
    # session.py knows, and Client says so.
    pass


class Wire:
    """One site's connections.

    :raises OSError: requests can make none of these settings and this environment.
    :raises StateError: the environment names a proxy that is none.
    """

    def __init__(self, settings: Settings) -> None:
        session, url = session_for(settings), settings.base_url
        environment: Any = session.merge_environment_settings(url, {}, True, settings.validate_certs, None)
        verify, cert, proxies = (environment[name] for name in ("verify", "cert", "proxies"))
        adapter: Any = session.get_adapter(url)
        any_request = requests.Request("GET", url).prepare()
        try:
            if hasattr(adapter, "get_connection_with_tls_context"):
                self._pool = adapter.get_connection_with_tls_context(any_request, verify, proxies=proxies, cert=cert)
            else:
                # Versions before 2.32.
                self._pool = adapter.get_connection(any_request.url, proxies)
        except Exception as error:
            # Of the two addresses that count here, that of the site has been checked.
            if requests.utils.select_proxy(url, proxies):
                raise _no_proxy(settings, error) from None
            raise
        adapter.cert_verify(self._pool, any_request.url, verify, cert)
        # The path, or behind some proxies the whole address.
        self._begin = adapter.request_url(any_request, proxies)
        # Who sends decides whether a request is sent again.
        self._retries = urllib3.Retry(0, read=False)
        self._timeout = urllib3.Timeout(connect=settings.timeout, read=settings.timeout)

    def send(self, method: str, target: str, headers: Mapping[str, str], body: Any = None) -> Any:
        """urllib3's response, of which nothing but the headers has been read.

        :arg target: what follows the site's address, quoted; ``body``: what JSON has, None: nothing is sent.
        """
        return self._pool.request(
            method,
            self._begin + target,
            body=None if body is None else json.dumps(body, allow_nan=False).encode(),
            headers=headers,
            redirect=False,
            assert_same_host=False,
            preload_content=False,
            decode_content=False,
            retries=self._retries,
            timeout=self._timeout,
        )


def _no_proxy(settings: Settings, error: Exception) -> StateError:
    """The error for a proxy that cannot be used; its address may hold a password, so it is left out."""
    if "SOCKS" in str(error):
        problem = "is one of SOCKS, for which Python's library PySocks is missing"
    else:
        problem = "is no address of a proxy, such as http://proxy.example.com:3128"
    return StateError(
        f"No request can be sent to {settings.api_url}: the proxy for it {problem}. Check HTTPS_PROXY, ALL_PROXY and "
        "NO_PROXY."
    )
