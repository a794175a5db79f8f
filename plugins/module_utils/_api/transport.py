# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Connections: pools, deadlines, a limit on the size of answers, and failures below HTTP."""

from __future__ import annotations

import io
import json
import os
import re
import socket
import ssl
import threading
import time
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPResponse
from importlib.util import find_spec
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies

from .errors import NoAnswerError, OptionError, UnexpectedAnswerError, WorkloadCredentialsError
from .request import Request
from .settings import Settings
from .text import certificates, decoded, is_pem

MAX_SIZE = 64 * 1024 * 1024
_PART = 65536
_TRUST = "Set ca_cert if a private authority signed it."


class TooLargeError(Exception):
    """The answer has more than MAX_SIZE bytes."""


class CutShortError(Exception):
    """The connection ended before the answer did."""


@dataclass(frozen=True)
class Answer:
    """An answer: ``body`` without its content encoding, and the ``token`` that the request carried."""

    status: int
    headers: Any
    body: bytes = field(repr=False)
    token: str = field(repr=False)


def read_answer(response: Any, token: str) -> Answer:
    """Return the whole answer.

    :arg response: of urllib3, not read yet. Its connection can serve again only if everything was read.
    :raises TooLargeError: it has more than MAX_SIZE bytes.
    :raises CutShortError: it is not complete.
    """
    try:
        body = _decoded(_received(response), response.headers.get("Content-Encoding") or "")
    except BaseException:
        response.close()
        # Otherwise the pool would count it as open for ever.
        response.release_conn()
        raise
    response.release_conn()
    return Answer(response.status, response.headers, body, token)


def _received(raw: Any) -> bytes:
    parts, size = [], 0
    for part in raw.stream(_PART, decode_content=False):
        size += len(part)
        if size > MAX_SIZE:
            raise TooLargeError
        parts.append(part)
    # Older versions of urllib3 accept less than the announced length.
    if raw.length_remaining:
        raise CutShortError
    return b"".join(parts)


def _decoded(data: bytes, encoding: str) -> bytes:
    """Return the data without gzip, the one encoding that requests accept; it may expand to a very large answer."""
    if encoding.strip().lower() not in ("gzip", "x-gzip") or not data:
        return data
    decoder = zlib.decompressobj(16 + zlib.MAX_WBITS)
    try:
        plain = decoder.decompress(data, MAX_SIZE + 1)
    except zlib.error:
        raise CutShortError from None
    if len(plain) > MAX_SIZE:
        raise TooLargeError
    if not decoder.eof:
        raise CutShortError
    return plain


try:
    from urllib3.connection import HTTPConnection, HTTPSConnection
    from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
except ImportError:
    # Client checks this; here these only let the classes below be defined.
    HTTPConnection = HTTPSConnection = HTTPConnectionPool = HTTPSConnectionPool = object  # type: ignore[misc, assignment]

_SENT_AT_ONCE = 16384
# A request is sent and its answer read by one thread.
_thread = threading.local()


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Let everything that this thread sends and reads in the block end within so many seconds."""
    _thread.end = time.monotonic() + seconds
    try:
        yield
    finally:
        _thread.end = None


def is_over() -> bool:
    """Return whether the time is up."""
    left = _left()
    return left is not None and left <= 0


def _left() -> float | None:
    end: float | None = getattr(_thread, "end", None)
    return None if end is None else end - time.monotonic()


def _keep_to_deadline(sock: Any) -> None:
    """Let the socket's next operation take at most the time that is left.

    :raises socket.timeout: no time is left.
    """
    left = _left()
    if left is None or sock is None:
        return
    if left <= 0:
        raise socket.timeout("timed out")
    sock.settimeout(left)


class _Incoming(io.RawIOBase):
    """The bytes that a socket receives before the deadline."""

    def __init__(self, sock: Any, stream: Any) -> None:
        super().__init__()
        self._sock = sock
        self._stream = stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        _keep_to_deadline(self._sock)
        received: int | None = self._stream.readinto(buffer)
        return received

    def close(self) -> None:
        if not self.closed:
            self._stream.close()
        super().close()


class _Response(HTTPResponse):
    """A response that reads status line, headers and body from such a stream."""

    def __init__(self, sock: Any, *args: Any, **options: Any) -> None:
        super().__init__(sock, *args, **options)
        self.fp = io.BufferedReader(_Incoming(sock, self.fp.detach()))


class _Bounded:
    """The deadline of both kinds of connection."""

    response_class: Any = _Response
    sock: Any
    timeout: Any

    def _new_conn(self) -> Any:
        left = _left()
        self.timeout = self.timeout if left is None else max(left, 0.001)
        sock = super()._new_conn()  # type: ignore[misc]
        # The handshake comes next.
        _keep_to_deadline(sock)
        return sock

    def send(self, data: Any) -> None:
        # A socket's timeout bounds each part of what is sent.
        parts = range(0, len(data), _SENT_AT_ONCE) if isinstance(data, bytes) else ()
        for start in parts:
            _keep_to_deadline(self.sock)
            super().send(data[start : start + _SENT_AT_ONCE])  # type: ignore[misc]
        if not isinstance(data, bytes):
            super().send(data)  # type: ignore[misc]


class _HttpConnection(_Bounded, HTTPConnection):
    pass


class _HttpsConnection(_Bounded, HTTPSConnection):
    pass


class _HttpPool(HTTPConnectionPool):
    ConnectionCls = _HttpConnection


class _HttpsPool(HTTPSConnectionPool):
    ConnectionCls = _HttpsConnection


# The classes of pools for a PoolManager, by scheme.
POOLS = {"http": _HttpPool, "https": _HttpsPool}


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

    :raises OSError: they cannot be made with these settings and this environment.
    :raises StateError: the environment names a proxy that cannot be used.
    """

    def __init__(self, settings: Settings) -> None:
        self._pool, self._begin = _connection_of(settings)
        # The client decides which requests are sent again.
        self._retries = urllib3.Retry(0, read=False)
        self._timeout = urllib3.Timeout(connect=settings.timeout, read=settings.timeout)

    def send(self, method: str, target: str, headers: Mapping[str, str], body: Any = None) -> Any:
        """Send a request and return urllib3's response, of which only the headers have been read.

        :arg target: follows the site's address, quoted.
        :arg body: sent as JSON, or a text as it is; None: no body is sent.
        """
        return self._pool.request(
            method,
            self._begin + target,
            body=None if body is None else _encoded(body),
            headers=headers,
            redirect=False,
            assert_same_host=False,
            preload_content=False,
            decode_content=False,
            retries=self._retries,
            timeout=self._timeout,
        )


def _encoded(body: Any) -> bytes:
    return (body if isinstance(body, str) else json.dumps(body, allow_nan=False)).encode()


def manager_for(settings: Settings) -> urllib3.PoolManager:
    """Return the connections of this process with these settings.

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
    """Return urllib3's options for these settings.

    :raises OptionError: ``ca_cert`` holds no usable certificate.
    """
    if not settings.validate_certs:
        urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
        return {"cert_reqs": "CERT_NONE"}
    if settings.ca_cert:
        return {"cert_reqs": "CERT_REQUIRED", "ssl_context": _tls_context(settings.ca_cert)}
    return {"cert_reqs": "CERT_REQUIRED"}


def _connection_of(settings: Settings) -> tuple[Any, str]:
    """Return urllib3's pool for the site, and the beginning of each request's target."""
    manager, trusted = manager_for(settings), _trusted(settings)
    if trusted is None or getproxies().keys() - {"no"}:
        from .session import connection_of

        return connection_of(settings)
    return manager.connection_from_url(settings.base_url, pool_kwargs=trusted), urlsplit(settings.base_url).path


def _trusted(settings: Settings) -> dict[str, str] | None:
    """Return the authorities to trust where the settings name none, as requests does; None: only requests knows them.

    :raises OptionError: the environment names a file that does not exist.
    """
    if settings.ca_cert or not settings.validate_certs:
        return {}
    given = os.environ.get(_AUTHORITIES[0]) or os.environ.get(_AUTHORITIES[1])
    if given:
        if not os.path.exists(given):
            raise OptionError("ca_cert", f"{' or '.join(_AUTHORITIES)} names a file that does not exist.")
        return {"ca_cert_dir" if os.path.isdir(given) else "ca_certs": given}
    try:
        import certifi
    except ImportError:
        # Some distributions patch requests to use another bundle.
        return None
    return {"ca_certs": certifi.where()}


def _tls_context(ca_cert: str) -> ssl.SSLContext:
    try:
        cafile, cadata = _authorities(ca_cert)
        context = ssl.create_default_context(cafile=cafile, cadata=cadata)
    except (ssl.SSLError, OSError, ValueError) as error:
        raise OptionError("ca_cert", f"no usable CA certificate in it ({type(error).__name__}).") from None
    if urllib3.__version__.startswith("1."):  # type: ignore[attr-defined]  # it has one in each version
        # It does not tell OpenSSL an IP address to check, and checks names itself where OpenSSL does not.
        context.check_hostname = False
    return context


def _authorities(ca_cert: str) -> tuple[str | None, str | None]:
    """Return a file for OpenSSL to read, or the certificates themselves."""
    if is_pem(ca_cert):
        return None, ca_cert
    with open(ca_cert, "rb") as stream:
        content = stream.read()
    try:
        return None, certificates(decoded(content, errors="replace"))
    except ValueError:
        # OpenSSL reads other kinds of files too.
        return ca_cert, None


try:
    from urllib3.exceptions import (
        ConnectTimeoutError,
        LocationParseError,
        NewConnectionError,
        ProxyError,
        ReadTimeoutError,
        SSLError,
    )
except ImportError:
    # Without it no request can be sent (see Client).
    pass


def no_answer(request: Request, error: Exception, settings: Settings, *, late: bool) -> WorkloadCredentialsError:
    """Return the error for a request without a complete answer.

    :arg error: of urllib3 or the connection.
    :arg late: the request's time is up.
    """
    address = settings.api_url
    unusable = _unusable(error, address)
    if unusable is not None:
        return unusable
    problem, ambiguous = _connection_problem(error, address, f"{settings.timeout:g} s (option timeout)", late=late)
    return NoAnswerError(request.method, request.target, problem, ambiguous=ambiguous)


def too_large(request: Request, status: int) -> UnexpectedAnswerError:
    """Return the error for an answer of more than MAX_SIZE bytes."""
    problem = f"and an answer of more than {MAX_SIZE // 2**20} MiB, which is not read"
    return UnexpectedAnswerError(
        request.method,
        request.target,
        status,
        problem,
        "Request less at once, for example without recursive or versions.",
    )


def _unusable(error: Exception, address: str) -> OptionError | None:
    """Return the error for an option that cannot work, so that no retry would help; None: the options may be right."""
    untrusted = re.search(r"certificate verify failed: ([^(\"']+)", str(error))
    if untrusted:
        return OptionError(
            "ca_cert", f"the certificate of {address} is not trusted: {untrusted.group(1).strip()}. {_TRUST}"
        )
    is_of_tls = isinstance(getattr(error, "reason", None), SSLError)
    if is_of_tls and "CertificateError" in str(error):
        # urllib3 1 compares names itself.
        return OptionError("ca_cert", f"the certificate of {address} is not trusted: it is for another name.")
    if is_of_tls and "WRONG_VERSION_NUMBER" in str(error):
        return OptionError("api_url", f"{address} does not speak TLS.")
    if isinstance(error, LocationParseError):
        return OptionError("api_url", f"no request can be sent to {address}.")
    return None


def _connection_problem(error: Exception, address: str, limit: str, *, late: bool) -> tuple[str, bool]:
    """Return what happened, and whether the service may have carried out the request nevertheless."""
    cause = getattr(error, "reason", None)
    # The order matters: urllib3 treats a refused connection as a kind of timeout.
    if isinstance(cause, NewConnectionError):
        return f"no connection to {address}: the host name is unknown, or nothing listens there. Check api_url.", False
    if isinstance(cause, ConnectTimeoutError):
        return f"no connection to {address} within {limit}.", False
    if isinstance(cause, ProxyError) and "Tunnel connection failed: 407" in str(error):
        return f"the proxy for {address} requires authentication (407): check HTTPS_PROXY and NO_PROXY.", False
    if isinstance(cause, ProxyError) and "Tunnel connection failed" in str(error):
        return f"the proxy for {address} refuses to connect to it: check HTTPS_PROXY and NO_PROXY.", False
    if isinstance(cause, ProxyError):
        return f"the proxy for {address} does not answer: check HTTPS_PROXY and NO_PROXY.", False
    if late or isinstance(error, ReadTimeoutError):
        return f"no complete answer from {address} within {limit}.", True
    return f"the connection to {address} ended before the answer was complete.", True
