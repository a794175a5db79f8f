# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What may be shown of a request. Clients make mistakes, and put tokens and values where they do not belong."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import unquote

from ..emulation import Emulation
from ..journal import Entry

HIDDEN = "•••"
# What addresses an item, or chooses among items; of any other parameter only the name is shown.
_OPEN = {"folder", "path", "recursive", "deletedOnly", "permanent", "version", "versions"}
_OF_THE_API = re.compile(r"^/site/[^/]+/")
# Shorter values are words, such as "dev", and would hide the names of items.
_SHORTEST = 6


def hiding(emulation: Emulation, *more: str) -> Callable[[str], str]:
    """Return a function that hides every token, and every value of the sites, in a text.

    :arg more: what else is secret.
    """
    known = {*more, *emulation.tokens, *_values(emulation)}
    secrets = sorted((one for one in known if len(one) >= _SHORTEST), key=len, reverse=True)
    if not secrets:
        return lambda text: text
    pattern = re.compile("|".join(re.escape(secret) for secret in secrets))
    return lambda text: pattern.sub(HIDDEN, text)


def address(entry: Entry, hide: Callable[[str], str], *, only_site: str = "") -> str:
    """Return the request's path and parameters, as far as they may be seen.

    :arg only_site: where there is no other, its id is left out.
    """
    path = unquote(entry.path) if _OF_THE_API.match(entry.path) else f"/{HIDDEN}"
    if only_site:
        path = path.removeprefix(f"/site/{only_site}")
    query = "&".join(f"{name}={_parameter(name, value)}" for name, value in entry.query.items())
    return hide(f"{path}?{query}" if query else path)


def _parameter(name: str, value: Any) -> str:
    return str(value) if name in _OPEN else HIDDEN


def _values(emulation: Emulation) -> Iterator[str]:
    for site in emulation.sites.values():
        for secret in site.static:
            for version in secret.versions:
                yield from _texts(version.value)
        yield from (one.secret for one in site.integrations.values() if one.secret)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)
