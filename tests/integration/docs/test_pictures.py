# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a terminal becomes a picture; the pictures themselves are checked by whoever remakes them."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from tests.pictures import __main__ as pictures
from tests.pictures.terminal import svg_of

pytestmark = pytest.mark.one_core


def test_each_part_has_its_colour_and_its_column() -> None:
    drawn = svg_of("run", "\x1b[0;33mchanged\x1b[0m <a> & b\n\nend\n", "title", "words")
    picture = ElementTree.fromstring(drawn)  # noqa: S314  # what was just drawn
    texts = [(one.text, one.get("fill"), one.get("x"), one.get("y")) for one in picture.iter() if one.get("textLength")]
    assert [text for text, *_rest in texts] == ["$ run", "changed", " <a> & b", "end"]
    colours = [colour for _text, colour, *_rest in texts]
    assert colours[0] == colours[2] == colours[3] != colours[1]
    assert texts[1][3] == texts[2][3] != texts[3][3]
    assert float(texts[2][2] or 0) > float(texts[1][2] or 0)


def test_without_a_browser_one_sentence_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", "")
    assert pictures.main() == 2
    assert capsys.readouterr().err.splitlines() == [
        "The picture of the lease report needs Chromium or Chrome: install one, or keep the picture."
    ]
