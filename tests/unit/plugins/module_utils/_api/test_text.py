# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Text from the wire in messages: one short line that no terminal acts upon."""

from __future__ import annotations

import pytest
from ansible_collections.community.workload_credentials.plugins.module_utils._api.text import LONGEST, one_line
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("Größe 10 €, 名前", "Größe 10 €, 名前"),
        (" a\r\n\tb\x00c ", "a b c"),
        ("\x1b[1;31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07after", "after"),
        ("\x9b31mred", "red"),
        ("abc\u202edef\u2066\u200bghi\u2028jkl\ufeff", "abc def ghi jkl"),
        ("\ud800", ""),
        ("x" * 600, "x" * (LONGEST - 3) + "..."),
        (None, "None"),
        (5, "5"),
    ],
)
def test_what_is_shown(text: object, shown: str) -> None:
    assert one_line(text) == shown


@given(st.text(alphabet=st.characters(), max_size=200) | st.text(max_size=20).map(lambda text: text * 500))
def test_any_text_is_a_short_printable_line(text: str) -> None:
    shown = one_line(text)
    assert shown.isprintable()
    assert len(shown) <= LONGEST
    assert one_line(shown) == shown
