# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Connections that keep to a deadline for the whole request, whatever the other side does.

A socket's own timeout bounds one read only: whoever sends a byte now and then would keep a task for ever.
Private to this collection: it may change at any time.
"""

from __future__ import annotations

import io
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPResponse
from typing import Any

try:
    from urllib3.connection import HTTPConnection, HTTPSConnection
    from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
except ImportError:
    # wire.py says so; these are only so that the classes below can be defined.
    HTTPConnection = HTTPSConnection = HTTPConnectionPool = HTTPSConnectionPool = object  # type: ignore[misc, assignment]

_SENT_AT_ONCE = 16384
# A request is sent and its answer read by one thread.
_thread = threading.local()


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """What this thread sends and reads inside must end within that time."""
    _thread.end = time.monotonic() + seconds
    try:
        yield
    finally:
        _thread.end = None


def is_over() -> bool:
    """Whether the time is up."""
    left = _left()
    return left is not None and left <= 0


def _left() -> float | None:
    end: float | None = getattr(_thread, "end", None)
    return None if end is None else end - time.monotonic()


def _keep_to_it(sock: Any) -> None:
    """Let the socket's next operation take no longer than what is left.

    :raises socket.timeout: nothing is left.
    """
    left = _left()
    if left is None or sock is None:
        return
    if left <= 0:
        raise socket.timeout("timed out")
    sock.settimeout(left)


class _Incoming(io.RawIOBase):
    """What a socket receives."""

    def __init__(self, sock: Any, stream: Any) -> None:
        super().__init__()
        self._sock = sock
        self._stream = stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        _keep_to_it(self._sock)
        received: int | None = self._stream.readinto(buffer)
        return received

    def close(self) -> None:
        if not self.closed:
            self._stream.close()
        super().close()


class _Response(HTTPResponse):
    """Reads status line, headers and body from such a stream."""

    def __init__(self, sock: Any, *args: Any, **options: Any) -> None:
        super().__init__(sock, *args, **options)
        self.fp = io.BufferedReader(_Incoming(sock, self.fp.detach()))


class _Bounded:
    """What both kinds of connection have in common."""

    response_class: Any = _Response
    sock: Any
    timeout: Any

    def _new_conn(self) -> Any:
        left = _left()
        self.timeout = self.timeout if left is None else max(left, 0.001)
        sock = super()._new_conn()  # type: ignore[misc]
        # The handshake comes next.
        _keep_to_it(sock)
        return sock

    def send(self, data: Any) -> None:
        # A socket's timeout bounds each part of what is sent.
        parts = range(0, len(data), _SENT_AT_ONCE) if isinstance(data, bytes) else ()
        for start in parts:
            _keep_to_it(self.sock)
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


# Those of a PoolManager, by scheme.
POOLS = {"http": _HttpPool, "https": _HttpsPool}
