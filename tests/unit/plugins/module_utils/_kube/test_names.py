# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names, labels and annotations as Kubernetes takes them, at their limits."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from ansible_collections.community.workload_credentials.plugins.module_utils._kube import names


@pytest.mark.parametrize(
    ("check", "good", "bad"),
    [
        (names.is_object_name, ("a", "a.b-c.0", "a" * 253), ("", "A", "a..b", "-a", "a.", "a" * 254, "a\n")),
        (names.is_namespace, ("a", "0-a", "a" * 63), ("", "a.b", "a-", "a" * 64, "a\n")),
        (names.is_data_key, ("a", ".a", "A_b-c.d", "a" * 253), ("", ".", "..", "..a", "a b", "a" * 254)),
        (names.is_label_value, ("", "a", "A_b.c-d", "a" * 63), ("-a", "a-", "a b", "a" * 64, "a\n")),
        (
            names.is_qualified_name,
            ("a", "A_b", "example.com/a", f"{'a' * 253}/{'b' * 63}"),
            ("", "/a", "a/", "A.com/a", "a/b/c", f"{'a' * 254}/b", f"a/{'b' * 64}"),
        ),
    ],
)
def test_names_at_their_limits(check: Callable[[str], bool], good: tuple[str, ...], bad: tuple[str, ...]) -> None:
    assert [text for text in good if not check(text)] == []
    assert [text for text in bad if check(text)] == []


def test_numbers_and_booleans_become_texts() -> None:
    assert names.texts({"a": True, 1: 2, "b": "True"}) == {"a": "true", "1": "2", "b": "True"}
    assert names.texts(None) == {}
