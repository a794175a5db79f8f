# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Text that comes from the wire, or that people carry from place to place: messages, tokens and certificates."""

from __future__ import annotations

import base64
import binascii
import codecs
import re
import textwrap
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

LONGEST = 500
# A terminal's commands: escape sequences as a whole, or what is left of them would be shown.
_ESCAPES = re.compile(r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?|(?:\x1b\]|\x9d)[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?")


# Shorter secret values occur in any sentence by chance.
_SURELY_A_VALUE = 6


def one_line(text: object, longest: int = LONGEST) -> str:
    """Return the text as a printable line that is cut to the length."""
    whole = str(text)
    # The start of a long text is enough.
    line = printable_line(whole[: 8 * longest])
    if len(line) <= longest and len(whole) <= 8 * longest:
        return line
    return f"{line[: longest - 3].rstrip()}..."


def printable_line(text: str) -> str:
    """Return the text as one line, without characters that a terminal obeys or that hide or reverse other text."""
    plain = _ESCAPES.sub(" ", text)
    return " ".join("".join(character if _is_shown(character) else " " for character in plain).split())


def repeats_a_value(text: str, values: Iterable[str]) -> bool:
    """Return whether the text repeats one of the secret values, as it is or as a printable line.

    Line ends, spaces and control characters do not count, since a message may have lost them. A short value counts
    only as a word of its own.
    """
    line = printable_line(text)
    bare_text, bare_line = _bare(text), _bare(line)
    for value in values:
        shown = printable_line(value)
        if _occurs(value, text, bare_text) or _occurs(shown, line, bare_line):
            return True
    return False


def _occurs(value: str, text: str, bare_text: str) -> bool:
    bare = _bare(value)
    if len(bare) >= _SURELY_A_VALUE:
        return bare in bare_text
    return bool(value) and re.search(rf"(?<!\w){re.escape(value)}(?!\w)", text) is not None


def _bare(text: str) -> str:
    return "".join(character for character in text if character.isprintable() and not character.isspace())


def texts_in(value: Any) -> Iterator[str]:
    """Yield every text and number in a nested value as text."""
    if isinstance(value, Mapping):
        for inner in value.values():
            yield from texts_in(inner)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from texts_in(inner)
    elif value is not None and not isinstance(value, bool):
        yield str(value)


def _is_shown(character: str) -> bool:
    # Control and format characters (bidirectional marks too), surrogates, private and unassigned ones, line ends.
    return (character.isascii() and character.isprintable()) or unicodedata.category(character)[0] not in "CZ"


_BLOCK = re.compile(r"-----BEGIN (X509 )?CERTIFICATE-----(.*?)-----END (X509 )?CERTIFICATE-----", re.DOTALL)
# A line end that a shell or a CI system wrote as two characters, perhaps more than once.
_WRITTEN_LINE_END = re.compile(r"\\+[nrt]")
_SPACE = re.compile("[\\s\ufeff\u200b]+")
_BEGIN = "-----BEGIN"


def decoded(content: bytes, *, errors: str = "strict") -> str:
    """Return the text of a file that may begin with a byte order mark.

    :arg errors: how to treat bytes that are not text, as for ``bytes.decode``.
    :raises UnicodeDecodeError: the content is not text.
    """
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return content.decode("utf-16", errors)
    return content.decode("utf-8-sig", errors)


def is_pem(text: str) -> bool:
    """Return whether this is meant as PEM text, not as the path of a file."""
    return _BEGIN in text


def certificates(text: str) -> str:
    """Return only the certificates of a text, in the form that OpenSSL reads: ASCII, lines of 64.

    :raises ValueError: there is none, or one is damaged; the message says which.
    """
    text = _WRITTEN_LINE_END.sub("\n", text)
    blocks = [block.group(2) for block in _BLOCK.finditer(text)]
    if not blocks:
        raise ValueError("no complete certificate is in it (BEGIN CERTIFICATE to END CERTIFICATE)")
    if text.count("CERTIFICATE-----") != 2 * len(blocks):
        raise ValueError("a certificate in it is not complete (BEGIN CERTIFICATE to END CERTIFICATE)")
    return "".join(_rewritten(block, number) for number, block in enumerate(blocks, 1))


def _rewritten(block: str, number: int) -> str:
    encoded = _SPACE.sub("", block)
    try:
        base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        raise ValueError(f"certificate {number} in it is damaged: it is not base64") from None
    return "\n".join(["-----BEGIN CERTIFICATE-----", *textwrap.wrap(encoded, 64), "-----END CERTIFICATE-----", ""])
