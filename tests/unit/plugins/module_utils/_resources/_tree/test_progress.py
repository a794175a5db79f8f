# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from ansible_collections.community.workload_credentials.plugins.module_utils._resources._tree.progress import Progress


@pytest.mark.parametrize(
    ("times", "lines"),
    [
        ([0, 1, 2, 4.9], []),
        ([0, 5], ["tree: 1 of 4 written"]),
        ([0, 5, 6, 9.9, 10], ["tree: 1 of 4 written", "tree: 4 of 4 written"]),
    ],
)
def test_a_line_comes_from_five_seconds_on_and_every_five_seconds(times: list[float], lines: list[str]) -> None:
    shown: list[str] = []
    clock = iter(times)
    client: Any = SimpleNamespace(progress=shown.append)
    count = Progress(client, "written", 4, lambda: next(clock)).counting(lambda item: item)
    for item in times[1:]:
        assert count(item) == item
    assert shown == lines


def test_nobody_who_watches_is_no_problem() -> None:
    client: Any = SimpleNamespace(progress=None)
    assert Progress(client, "written", 1).counting(str)(3) == "3"
