# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who may use the page, and that no other site uses it through a visitor's browser."""

from __future__ import annotations

import base64
import ipaddress
from collections.abc import Collection
from secrets import compare_digest
from urllib.parse import urlsplit

from starlette.datastructures import Headers

from ..admission import bearer


def has_token(headers: Headers, token: str) -> bool:
    """Whether the request brings the control token: as the password that browsers ask for, or as a bearer."""
    return compare_digest((_password(headers) or bearer(headers) or "").encode(), token.encode())


def names_this_machine(headers: Headers, names: Collection[str]) -> bool:
    """Whether the browser knows the emulator by an address, or by one of its names.

    A name that somebody else chose, and let point to this machine, would make their pages the same site as this one.

    :arg names: the emulator's names, in lower case.
    """
    try:
        host = urlsplit(f"//{headers.get('host', '')}").hostname or ""
    except ValueError:
        return False
    return host == "localhost" or host.endswith(".localhost") or host in names or _is_address(host)


def is_from_another_site(headers: Headers) -> bool:
    """Whether a page of another site has sent the request; programs that are no browser send none of these headers."""
    if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        return True
    origin = headers.get("origin")
    return origin is not None and origin.partition("://")[2] != headers.get("host")


def _password(headers: Headers) -> str | None:
    scheme, _space, value = headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        return base64.b64decode(value, validate=True).decode().partition(":")[2]
    except ValueError:
        return None


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
