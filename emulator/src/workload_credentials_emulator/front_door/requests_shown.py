# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What may be shown of a request. Clients make mistakes, and put tokens and values where they do not belong."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
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
_PROGRAM = re.compile(r"[A-Za-z][A-Za-z._-]{0,60}/[0-9][0-9.]{0,20}(?=\s|$)")
# What nobody keeps cannot be compared: signed tokens, and credentials that were generated. They look like this.
_RANDOM = re.compile(r"(?=.*[A-Z])(?=.*[a-z])(?=.*[0-9]).{16,}")


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


def names(emulation: Emulation) -> set[str]:
    """Return the names of all that the sites hold, whatever they look like."""
    found: set[str] = set()
    for site in emulation.sites.values():
        for items in (site.folders, site.static, site.dynamic):
            found.update(part for item in items for part in item.path.split("/"))
        found.update(name for _type, name in site.integrations)
    return found


def address(entry: Entry, hide: Callable[[str], str], known: Collection[str], *, only_site: str = "") -> str:
    """Return the request's path and parameters, as far as they may be seen.

    :arg known: the names of items.
    :arg only_site: where there is no other, its id is left out.
    """
    path = entry.path.removeprefix(f"/site/{only_site}") if only_site else entry.path
    shown = _seen(unquote(path), known) if _OF_THE_API.match(entry.path) else f"/{HIDDEN}"
    query = "&".join(f"{name}={_parameter(name, value, known)}" for name, value in entry.query.items())
    return hide(f"{shown}?{query}" if query else shown)


def client(entry: Entry) -> str:
    """Return the program that sent it, which is the first thing that it says of itself."""
    found = _PROGRAM.match(entry.headers.get("user-agent", ""))
    return found[0] if found else ""


def _parameter(name: str, value: Any, known: Collection[str]) -> str:
    return _seen(str(value), known) if name in _OPEN else HIDDEN


def _seen(text: str, known: Collection[str]) -> str:
    """Return the text, or what stands for it where it has more than names and words."""
    rest = "".join(part for part in text.split("/") if part not in known and not part.islower())
    return HIDDEN if _RANDOM.fullmatch(rest) else text


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
