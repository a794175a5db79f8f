# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Strict JSON: what everybody reads alike is read, the rest is refused in few words that repeat nothing."""

from __future__ import annotations

import json

import pytest
from ansible_collections.community.workload_credentials.plugins.module_utils._api.responses import MAX_DEPTH, parse_json
from hypothesis import example, given
from hypothesis import strategies as st

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)


@given(VALUES)
@example(["[" * 200, "{" * 200])
@example([[] for _number in range(300)])
def test_what_json_can_say_is_read_as_it_is(value: object) -> None:
    assert parse_json(json.dumps(value, ensure_ascii=False).encode()) == value
    assert parse_json(json.dumps(value)) == value


@given(st.binary() | st.text())
def test_anything_is_read_or_refused(text: bytes | str) -> None:
    try:
        parse_json(text)
        said = "it is fine"
    except ValueError as error:
        said = str(error)
    assert said.startswith(("it is ", "a ", "NaN"))


@pytest.mark.parametrize("depth", [MAX_DEPTH, MAX_DEPTH + 1])
@pytest.mark.parametrize(("opens", "closes"), [("[", "]"), ('{"a":', "}")])
def test_depth_has_an_edge(depth: int, opens: str, closes: str) -> None:
    text = opens * depth + ("" if opens == "[" else "1") + closes * depth
    if depth <= MAX_DEPTH:
        assert parse_json(text)
    else:
        with pytest.raises(ValueError, match="nested too deeply"):
            parse_json(text)
