# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""HTML from values: whatever is not HTML already is escaped, so that no page can forget to."""

from __future__ import annotations

from html import escape

_EMPTY = {"input", "link", "meta"}


class Html(str):
    """Text that is HTML."""

    __slots__ = ()


def element(tag: str, *content: object, **attributes: str | bool | None) -> Html:
    """Return the element; a name such as ``class_`` or ``data_label`` stands for ``class`` or ``data-label``.

    >>> element("a", "1 < 2", href='"')
    '<a href="&quot;">1 &lt; 2</a>'
    """
    given = "".join(_attribute(name, value) for name, value in attributes.items())
    opened = f"<{tag}{given}>"
    return Html(opened if tag in _EMPTY else f"{opened}{together(*content)}</{tag}>")


def together(*content: object) -> Html:
    """Return all of it, in order."""
    return Html("".join(one if isinstance(one, Html) else escape(str(one)) for one in content))


def _attribute(name: str, value: str | bool | None) -> str:
    if value is None or value is False:
        return ""
    name = name.rstrip("_").replace("_", "-")
    return f" {name}" if value is True else f' {name}="{escape(value)}"'
