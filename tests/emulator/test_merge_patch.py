# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The examples of RFC 7396, appendix A, and the same at a secret's depth."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from workload_credentials_emulator.merge_patch import merge_patch

from .client import Api


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
        (["a", "b"], ["c", "d"], ["c", "d"]),
        ({"a": "b"}, ["c"], ["c"]),
        ({"a": "foo"}, None, None),
        ({"a": "foo"}, "bar", "bar"),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_the_examples_of_the_rfc(target: Any, patch: Any, result: Any) -> None:
    given = copy.deepcopy((target, patch))
    assert merge_patch(target, patch) == result
    assert (target, patch) == given


def test_a_static_secret_is_patched_at_every_depth(api: Api) -> None:
    api.static("app", user="u", nested={"keep": 1, "drop": 2, "list": [{"a": 1}]}, gone="x")
    patch = {
        "user": "v",
        "gone": None,
        "nested": {"drop": None, "list": [None], "new": {"deep": None}},
        "text": {"a": 1},
    }
    api.done("PATCH", "/static/app", {"secret": patch})
    assert api.get("/static/app")["secret"] == {
        "user": "v",
        "nested": {"keep": 1, "list": [None], "new": {}},
        "text": {"a": 1},
    }
