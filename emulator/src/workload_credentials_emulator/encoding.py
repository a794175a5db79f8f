# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Percent-encoding (RFC 3986, 2.1) read strictly, where Python would guess what was meant."""

from __future__ import annotations

import re
from urllib.parse import unquote

from .errors import InvalidRequest

_BROKEN = re.compile(r"%(?![0-9a-fA-F]{2})")


def decoded(text: str, where: str) -> str:
    """The text without its percent-encoding.

    :arg where: what the text is, for the message.
    :raises InvalidRequest: a ``%`` without two digits, or bytes that are no UTF-8 (an overlong form is none).
    """
    if _BROKEN.search(text):
        raise InvalidRequest(f"{where} holds a % that two hexadecimal digits do not follow.")
    try:
        return unquote(text, errors="strict")
    except UnicodeDecodeError:
        raise InvalidRequest(f"{where} is not UTF-8 once it is decoded.") from None
