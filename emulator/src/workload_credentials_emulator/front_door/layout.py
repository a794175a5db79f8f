# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What all pages share: their frame, their look, and what a browser may load for them, which is nothing."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Sequence

from .html import Html, element, together

_STYLE = """
:root { color-scheme: light dark; --ink: #1c2128; --soft: #59636e; --line: #d5dbe1; --ground: #f6f8fa; --card: #fff;
  --link: #0a5bb5; --good: #116329; --warn: #7d4e00; --bad: #a40e26; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6edf3; --soft: #9ba6b2; --line: #353c45; --ground: #0d1117; --card: #161b22;
    --link: #6cb2ff; --good: #56d364; --warn: #e3b341; --bad: #ff8a85; }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
header, main { max-width: 1120px; margin: auto; padding: 0 16px; }
header { padding-top: 20px; }
h1 { font-size: 22px; margin: 0; }
h2 { font-size: 17px; margin: 0 0 8px; }
h3 { font-size: 15px; margin: 16px 0 4px; overflow-wrap: anywhere; }
p { margin: 4px 0; }
a { color: var(--link); }
nav { display: flex; flex-wrap: wrap; gap: 4px 20px; padding: 8px 0 12px; }
section { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 14px 16px;
  margin-bottom: 16px; }
.soft { color: var(--soft); }
.good { color: var(--good); } .warn { color: var(--warn); } .bad { color: var(--bad); }
.figures { display: flex; flex-wrap: wrap; gap: 4px 24px; margin-bottom: 8px; }
.figures b { font-size: 20px; margin-right: 6px; font-variant-numeric: tabular-nums; }
code, td.code { font: 13px/1.5 ui-monospace, monospace; overflow-wrap: anywhere; }
table { border-collapse: collapse; width: 100%; }
th { text-align: left; font-weight: 600; color: var(--soft); font-size: 13px; }
th, td { padding: 4px 12px 4px 0; border-bottom: 1px solid var(--line); vertical-align: top; }
tbody tr:last-child td { border-bottom: 0; }
td { overflow-wrap: anywhere; }
td.short, th { white-space: nowrap; }
form { display: flex; flex-wrap: wrap; gap: 8px; align-items: center; margin-top: 8px; }
button, input { font: inherit; color: inherit; background: var(--ground); border: 1px solid var(--line);
  border-radius: 6px; padding: 5px 12px; min-height: 36px; }
button { cursor: pointer; }
button:hover, button:focus-visible { border-color: var(--link); }
input { width: 7em; }
summary { cursor: pointer; overflow-wrap: anywhere; }
.method { display: inline-block; min-width: 4.2em; font-weight: 600; }
@media (max-width: 700px) {
  thead { display: none; }
  tr { display: block; padding: 6px 0; border-bottom: 1px solid var(--line); }
  tbody tr:last-child { border-bottom: 0; }
  th, td { display: block; border: 0; padding: 1px 0; }
  td.short { white-space: normal; }
  td:empty { display: none; }
  td[data-label]::before { content: attr(data-label) " "; color: var(--soft); font: 13px system-ui, sans-serif; }
}
"""
_DIGEST = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
HEADERS = {
    "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{_DIGEST}'; img-src data:; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}
_LINKS = {"/": "Status", "/docs": "API", "/openapi.json": "openapi.json"}


def page(title: str, subtitle: str, *sections: Html, with_ca: bool, refresh: int | None = None) -> str:
    """Return a whole page.

    :arg with_ca: there is a certificate authority to link to.
    :arg refresh: seconds after which the browser loads it again.
    """
    links = {**_LINKS, "/ca.pem": "ca.pem"} if with_ca else _LINKS
    head = [
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("title", title),
        # Browsers ask for an icon otherwise, and that would be a request of the API.
        element("link", rel="icon", href="data:,"),
        element("style", Html(_STYLE)),
    ]
    if refresh is not None:
        head.append(element("meta", http_equiv="refresh", content=str(refresh)))
    header = element(
        "header",
        element("h1", title),
        element("p", subtitle, class_="soft"),
        element("nav", *(element("a", name, href=address) for address, name in links.items())),
    )
    body = element("body", header, element("main", *sections))
    return f"<!doctype html>\n{element('html', element('head', *head), body, lang='en')}\n"


def table(columns: Sequence[str], rows: Iterable[Sequence[Html]]) -> Html:
    """Return a table whose rows become cards where the screen is narrow; cells come from `cell`."""
    head = element("tr", *(element("th", name, scope="col") for name in columns))
    body = [element("tr", *row) for row in rows]
    return element("table", element("thead", head), element("tbody", *body))


def cell(label: str, *content: object, kind: str | None = None) -> Html:
    """Return a cell; the label is shown where there is no room for the table's head."""
    return element("td", *content, class_=kind, data_label=label)


def figures(counts: Iterable[tuple[str, int]]) -> Html:
    """Return numbers with their names."""
    return element("div", *(element("span", element("b", number), name) for name, number in counts), class_="figures")


def section(title: str, *content: object) -> Html:
    """Return a part of the page with its heading."""
    return element("section", element("h2", title), together(*content))
