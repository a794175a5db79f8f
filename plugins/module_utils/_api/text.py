# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Text that comes from the wire, or that people carry from place to place: tokens and certificates."""

from __future__ import annotations

import base64
import binascii
import codecs
import re
import textwrap
import unicodedata

LONGEST = 500
# A terminal's commands: escape sequences as a whole, or what is left of them would be shown.
_ESCAPES = re.compile(r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?|(?:\x1b\]|\x9d)[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?")


def one_line(text: object, longest: int = LONGEST) -> str:
    """The text as one line without characters that a terminal acts upon or that hide or turn other text, cut."""
    # Nobody needs more than the start of a long text to be looked at.
    whole = str(text)
    start = _ESCAPES.sub(" ", whole[: 8 * longest])
    line = " ".join("".join(one if _is_shown(one) else " " for one in start).split())
    return line if len(line) <= longest and len(whole) <= 8 * longest else f"{line[: longest - 3].rstrip()}..."


def _is_shown(character: str) -> bool:
    # Control and format characters (bidirectional marks too), surrogates, private and unassigned ones, line ends.
    return (character.isascii() and character.isprintable()) or unicodedata.category(character)[0] not in "CZ"


_BLOCK = re.compile(r"-----BEGIN (X509 )?CERTIFICATE-----(.*?)-----END (X509 )?CERTIFICATE-----", re.DOTALL)
# A line end that a shell or a CI system wrote as two characters, perhaps more than once.
_WRITTEN_LINE_END = re.compile(r"\\+[nrt]")
_SPACE = re.compile("[\\s\ufeff\u200b]+")
_BEGIN = "-----BEGIN"


def decoded(content: bytes, *, errors: str = "strict") -> str:
    """The text of a file that may begin with a byte order mark.

    :arg errors: what becomes of bytes that are no text, as for ``bytes.decode``.
    :raises UnicodeDecodeError: it is no text.
    """
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return content.decode("utf-16", errors)
    return content.decode("utf-8-sig", errors)


def is_pem(text: str) -> bool:
    """Whether this is meant as PEM text, not as the path of a file."""
    return _BEGIN in text


def certificates(text: str) -> str:
    """The certificates in a text and nothing else of it, as OpenSSL reads them: ASCII, lines of 64.

    :raises ValueError: there is none, or one is damaged; the text says which.
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
