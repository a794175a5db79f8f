# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An answer as bytes, read with a limit on its size.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from typing import Any

MAX_SIZE = 64 * 1024 * 1024
_PART = 65536


class TooLargeError(Exception):
    """The answer has more than MAX_SIZE bytes."""


class CutShortError(Exception):
    """The connection ended before the answer did."""


@dataclass(frozen=True)
class Answer:
    """``body`` is what was sent, before any content encoding. ``token``: with which it was asked for."""

    status: int
    headers: Any
    body: bytes = field(repr=False)
    token: str = field(repr=False)


def read_answer(response: Any, token: str) -> Answer:
    """The whole answer.

    :arg response: urllib3's, not read yet. Its connection serves again only if all was read.
    :raises TooLargeError: it is larger than is read.
    :raises CutShortError: it is not whole.
    """
    try:
        body = _decoded(_received(response), response.headers.get("Content-Encoding") or "")
    except BaseException:
        response.close()
        # Or the pool would count it as open for ever.
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
    # Older versions of urllib3 take less than was announced for all.
    if raw.length_remaining:
        raise CutShortError
    return b"".join(parts)


def _decoded(data: bytes, encoding: str) -> bytes:
    """The data without gzip, the one encoding that is asked for; a small answer may hold a very large one."""
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
