# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests over the connections of a site: one pool per process and settings, with TLS as the settings say.

What requests does anew for each request costs half of a request's time, and is always the same here: it is done once,
and by urllib3 alone but where there is a proxy, which is for requests to understand (session.py).
Private to this collection: it may change at any time.
"""

from __future__ import annotations

import json
import os
import ssl
from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies

from ansible_collections.community.workload_credentials.plugins.module_utils._api.deadline import POOLS
from ansible_collections.community.workload_credentials.plugins.module_utils._api.errors import OptionError
from ansible_collections.community.workload_credentials.plugins.module_utils._api.settings import Settings
from ansible_collections.community.workload_credentials.plugins.module_utils._api.texts import (
    certificates,
    decoded,
    is_pem,
)

try:
    import urllib3
except ImportError:
    HAS_REQUESTS = False
else:
    HAS_REQUESTS = find_spec("requests") is not None

POOL_SIZE = 64
SITES = 4
_AUTHORITIES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")

_managers: dict[tuple[int, Settings], urllib3.PoolManager] = {}


class Wire:
    """One site's connections.

    :raises OSError: none can be made of these settings and this environment.
    :raises StateError: the environment names a proxy that is none.
    """

    def __init__(self, settings: Settings) -> None:
        self._pool, self._begin = _connection_of(settings)
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


def manager_for(settings: Settings) -> urllib3.PoolManager:
    """The connections of this process with these settings.

    :raises OptionError: ``ca_cert`` holds no usable certificate.
    """
    # Sockets must not be shared with a forked child, so the process is part of the identity.
    key = (os.getpid(), settings)
    if key not in _managers:
        manager = urllib3.PoolManager(SITES, maxsize=POOL_SIZE, block=True, **tls_options(settings))
        manager.pool_classes_by_scheme = POOLS
        _managers[key] = manager
    return _managers[key]


def tls_options(settings: Settings) -> dict[str, Any]:
    """What the settings mean to urllib3.

    :raises OptionError: ``ca_cert`` holds no usable certificate.
    """
    if not settings.validate_certs:
        urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
        return {"cert_reqs": "CERT_NONE"}
    if settings.ca_cert:
        return {"cert_reqs": "CERT_REQUIRED", "ssl_context": _tls_context(settings.ca_cert)}
    return {"cert_reqs": "CERT_REQUIRED"}


def _connection_of(settings: Settings) -> tuple[Any, str]:
    """Return urllib3's pool for the site, and what the target of each request begins with."""
    manager, trusted = manager_for(settings), _trusted(settings)
    if trusted is None or getproxies().keys() - {"no"}:
        from ansible_collections.community.workload_credentials.plugins.module_utils._api.session import connection_of

        return connection_of(settings)
    return manager.connection_from_url(settings.base_url, pool_kwargs=trusted), urlsplit(settings.base_url).path


def _trusted(settings: Settings) -> dict[str, str] | None:
    """Return whom to trust where the settings do not say it, as with requests; None: only requests knows.

    :raises OptionError: the environment names authorities that are not there.
    """
    if settings.ca_cert or not settings.validate_certs:
        return {}
    given = next(filter(None, map(os.environ.get, _AUTHORITIES)), None)
    if given is not None:
        if not os.path.exists(given):
            raise OptionError("ca_cert", f"{' or '.join(_AUTHORITIES)} names a file that does not exist.")
        return {"ca_cert_dir" if os.path.isdir(given) else "ca_certs": given}
    try:
        import certifi
    except ImportError:
        # Some distributions' requests have another bundle.
        return None
    return {"ca_certs": certifi.where()}


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
