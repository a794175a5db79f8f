# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.community.workload_credentials.plugins.module_utils._resources._parts.json_values import (
    merged,
    patch_between,
    same_json,
)
from hypothesis import given
from hypothesis import strategies as st

SCALARS = st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
)
SECRETS = st.dictionaries(st.text(max_size=3), VALUES, max_size=4)


@given(SECRETS, SECRETS)
def test_the_patch_leads_exactly_there(current: dict[str, Any], after: dict[str, Any]) -> None:
    assert same_json(merged(current, patch_between(current, after)), after)


@given(SECRETS)
def test_no_patch_where_nothing_differs(secret: dict[str, Any]) -> None:
    assert patch_between(secret, secret) == {}


@given(SECRETS, SECRETS)
def test_merging_twice_is_merging_once(current: dict[str, Any], patch: dict[str, Any]) -> None:
    once = merged(current, patch)
    assert same_json(merged(once, patch), once)


@pytest.mark.parametrize(
    ("current", "after", "patch"),
    [
        ({"a": 1, "b": 2}, {"a": 1}, {"b": None}),
        ({"a": {"x": 1, "y": 2}}, {"a": {"x": 1, "y": 3}}, {"a": {"y": 3}}),
        ({"a": {"x": 1}}, {"a": [1]}, {"a": [1]}),
        ({"a": 1}, {"a": True}, {"a": True}),
        ({"a": 1}, {"a": 1.0}, {}),
    ],
)
def test_the_patch_is_the_smallest(current: dict[str, Any], after: dict[str, Any], patch: dict[str, Any]) -> None:
    found = patch_between(current, after)
    assert found == patch
    assert all(type(found[key]) is type(patch[key]) for key in patch)


# RFC 7396, appendix A, the cases whose target is an object.
@pytest.mark.parametrize(
    ("target", "patch", "result"),
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_merge_patch_as_the_rfc_says(target: dict[str, Any], patch: dict[str, Any], result: dict[str, Any]) -> None:
    assert merged(target, patch) == result
