# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Text from the wire, made fit for a message.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

import re
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
