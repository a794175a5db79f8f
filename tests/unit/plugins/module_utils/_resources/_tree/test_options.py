# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.community.workload_credentials.plugins.module_utils._api.errors import OptionError
from ansible_collections.community.workload_credentials.plugins.module_utils._resources._tree.wanted import typed


@pytest.mark.parametrize(
    ("kind", "given", "value"),
    [
        ("str", "a", "a"),
        ("str", 3, "3"),
        ("int", 900, 900),
        ("int", "900", 900),
        ("list", ["a", 3], ["a", "3"]),
        ("list", "a, b", ["a", "b"]),
        ("json", {"Version": "1"}, '{"Version": "1"}'),
        ("json", '{"Version": 1}', '{"Version": 1}'),
        ("dict", {"a": 1}, {"a": 1}),
        ("dict", None, None),
    ],
)
def test_values_become_what_the_options_of_modules_are(kind: str, given: Any, value: Any) -> None:
    assert typed("option", {"type": kind}, given) == value


@pytest.mark.parametrize(
    ("kind", "given"),
    [("str", True), ("str", ["canary"]), ("int", "canary"), ("int", True), ("list", {"canary": 1}), ("dict", "canary")],
)
def test_other_values_are_refused_and_not_repeated(kind: str, given: Any) -> None:
    with pytest.raises(OptionError, match="option: the value is no ") as error:
        typed("option", {"type": kind}, given)
    assert "canary" not in str(error.value)


def test_a_choice_is_one_of_the_choices() -> None:
    with pytest.raises(OptionError, match="it must be one of aws, azure"):
        typed("type", {"type": "str", "choices": ["aws", "azure"]}, "gcp")
