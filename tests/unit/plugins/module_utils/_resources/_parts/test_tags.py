# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.community.workload_credentials.plugins.module_utils._api.errors import OptionError
from ansible_collections.community.workload_credentials.plugins.module_utils._api.paths import ResourcePath
from ansible_collections.community.workload_credentials.plugins.module_utils._resources._parts.tags import (
    tag_requests,
    tags_after,
    wanted_tags,
)

PATH = ResourcePath("prod", "app")


def written(current: dict[str, str], wanted: dict[str, Any], *, purge: bool) -> list[tuple[str, Any]]:
    after = tags_after(current, wanted_tags({"tags": wanted}), purge=purge)
    return [(one.method, one.body) for one in tag_requests("static", PATH, current, after, purge=purge)]


@pytest.mark.parametrize(
    ("current", "wanted", "purge", "writes"),
    [
        ({}, {}, False, []),
        ({"a": "1"}, {}, False, []),
        ({"a": "1"}, {}, True, [("DELETE", None)]),
        ({"a": "1"}, {"A": "1"}, False, []),
        ({"a": "1"}, {"A": "1"}, True, []),
        ({"a": "1"}, {"A": "2"}, False, [("PATCH", {"a": "2"})]),
        ({"a": "1", "b": "2"}, {"a": None, "c": 3}, False, [("PATCH", {"a": None, "c": "3"})]),
        ({"a": "1", "b": "2"}, {"b": "2"}, True, [("PUT", {"b": "2"})]),
        ({"a": "1"}, {"z": None}, False, []),
    ],
)
def test_the_one_write_that_is_needed(
    current: dict[str, str], wanted: dict[str, Any], purge: bool, writes: list[tuple[str, Any]]
) -> None:
    assert written(current, wanted, purge=purge) == writes


@pytest.mark.parametrize(
    "tags",
    [{"a": "1", "A": "2"}, {"a": True}, {"a": ["1"]}, {"a": {"b": "1"}}, {"": "1"}, {"a": "v" * 257}],
)
def test_tags_that_the_api_cannot_hold(tags: dict[str, Any]) -> None:
    with pytest.raises(OptionError, match="^tags: "):
        wanted_tags({"tags": tags})


def test_fifty_tags_fit_and_one_more_is_refused_before_any_request() -> None:
    current = {f"k{number}": "v" for number in range(49)}
    assert len(tags_after(current, {"last": "v"}, purge=False)) == 50
    with pytest.raises(OptionError, match="51 tags"):
        tags_after(current, {"last": "v", "more": "v"}, purge=False)
