# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Links of the documentation: the site's own address within the site, and links that lead nowhere."""

from __future__ import annotations

import os
import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

SITE = "https://ansible-collections.github.io/community.workload_credentials"
_OWN = re.compile(rf"`([^`<]+?)\s*<{re.escape(SITE)}/latest/([\w/]+)\.html(#[\w-]+)?>`__")


def within_the_site(text: str, folder: str) -> str:
    """Return a page's source whose links to the latest site lead to the same version.

    Guides have full addresses, which work on a code forge too. A link to a page becomes Sphinx' own, which checks it.

    :arg folder: the page's, "" at the top.
    """

    def own(link: re.Match[str]) -> str:
        words, page, fragment = link.groups()
        if fragment is None:
            return f":doc:`{words} </{page}>`"
        return f"`{words} <{os.path.relpath(page, folder or '.')}.html{fragment}>`__"

    return _OWN.sub(own, text)


def dead_links(built: Path) -> list[str]:
    """Return the links between the pages of a built site that lead to no file, or to no place in it."""
    pages = {path: _Page(path) for path in sorted(built.rglob("*.html"))}
    return [
        f"{path.relative_to(built)}: {link}"
        for path, page in pages.items()
        for link in sorted(page.links)
        if not _leads_somewhere(path, link, pages)
    ]


def _leads_somewhere(path: Path, link: str, pages: dict[Path, _Page]) -> bool:
    parts = urlsplit(link)
    if parts.scheme or parts.netloc:
        return True
    target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
    if target not in pages:
        return target.is_file()
    return not parts.fragment or unquote(parts.fragment) in pages[target].places


class _Page(HTMLParser):
    """The places and links of a page."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.places: set[str] = set()
        self.links: set[str] = set()
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Collect what the tag says."""
        said = dict(attrs)
        self.places.add(said.get("id") or "")
        # A use refers to a symbol of the page's own.
        if tag != "use":
            self.links.update(filter(None, (said.get("href"), said.get("src"))))
