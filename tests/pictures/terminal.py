# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a program prints in a terminal, with its colours, as SVG."""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.sax.saxutils import escape

_WIDTH, _HEIGHT, _MARGIN, _SIZE = 7.25, 17, 16, 12
_FONT = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace"
# Its own background, so that it can be read on a light page and on a dark one.
_PAPER, _INK, _LINE = "#0d1117", "#e6edf3", "#3d444d"
_COLOURS = {
    "31": "#ff7b72",
    "32": "#3fb950",
    "33": "#d29922",
    "34": "#58a6ff",
    "35": "#bc8cff",
    "36": "#39c5cf",
}
_CODE = re.compile(r"\x1b\[([0-9;]*)m")


def svg_of(command: str, output: str, title: str, words: str) -> str:
    """Return a picture of a terminal.

    :arg title: what it is; ``words`` says what is seen, for those who cannot see it.
    """
    lines = [[(_INK, f"$ {command}")], *map(_pieces, output.strip("\n").splitlines())]
    columns = max(sum(len(text) for _colour, text in line) for line in lines)
    width, height = round(columns * _WIDTH + 2 * _MARGIN), len(lines) * _HEIGHT + 2 * _MARGIN
    drawn = "\n".join(
        piece for number, line in enumerate(lines) for piece in _drawn(line, _MARGIN + _SIZE + number * _HEIGHT)
    )
    return f"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}"
  role="img" aria-labelledby="title words">
<title id="title">{escape(title)}</title>
<desc id="words">{escape(words)}</desc>
<rect x="0.5" y="0.5" width="{width - 1}" height="{height - 1}" rx="8" fill="{_PAPER}" stroke="{_LINE}"/>
<g font-family="{_FONT}" font-size="{_SIZE}" xml:space="preserve">
{drawn}
</g>
</svg>
"""


def _pieces(line: str) -> list[tuple[str, str]]:
    """Return the parts of a line, each with its colour."""
    plain, *rest = _CODE.split(line)
    coloured = zip(rest[::2], rest[1::2], strict=True)
    return [piece for piece in [(_INK, plain), *((_colour(code), text) for code, text in coloured)] if piece[1]]


def _colour(code: str) -> str:
    return next((_COLOURS[one] for one in code.split(";") if one in _COLOURS), _INK)


def _drawn(line: list[tuple[str, str]], y: int) -> Iterator[str]:
    column = 0
    for colour, text in line:
        # Whichever font there is, each part is as wide as it has columns.
        place = f'x="{_MARGIN + column * _WIDTH:g}" y="{y}" textLength="{len(text) * _WIDTH:g}"'
        yield f'<text {place} fill="{colour}" xml:space="preserve">{escape(text)}</text>'
        column += len(text)
