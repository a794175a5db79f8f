# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The numbers of a lease report: each lease counts once, and the same input gives the same order."""

from __future__ import annotations

import random
from typing import Any

from ansible_collections.community.workload_credentials.plugins.module_utils._resources._parts.report.totals import (
    by_dynamic_secret,
    by_identity,
    counted,
    number_groups,
    since_previous,
)


def row(
    name: str, state: str = "living", *marks: str, path: str | None = "prod/a", by: str | None = "x"
) -> dict[str, Any]:
    ends = "2026-11-25T13:00:00Z"
    own = {"dynamic_secret_path": path, "dynamic_secret_type": "aws", "created_by": by, "created_by_name": None}
    return {"id": name, "state": state, "marks": [*marks], "expiration": ends, **own}


ROWS = [
    row("1", "living", "ends_soon"),
    row("2", path="prod/b", by="y"),
    row("3", path="prod/b", by=None),
    row("4", "expired", path="prod/b"),
    row("5", "not_listed", "held_though_ended", path=None, by=None),
]


def test_each_lease_counts_once_in_each_total() -> None:
    for totals in (by_dynamic_secret(ROWS, {}), by_identity(ROWS)):
        assert sum(one["leases"] for one in totals) == len(ROWS)
        for word, count in counted(ROWS).items():
            assert sum(one[word] for one in totals) == count, word


def test_most_active_leases_come_first_and_dynamic_secrets_without_leases_are_there() -> None:
    totals = by_dynamic_secret(ROWS, {"prod/unused": "azure", "prod/a": "aws"})
    assert [(one["dynamic_secret_path"], one["dynamic_secret_type"], one["living"]) for one in totals] == [
        ("prod/b", "aws", 2),
        ("prod/a", "aws", 1),
        (None, "aws", 0),
        ("prod/unused", "azure", 0),
    ]
    assert [one["next_expiration"] for one in totals] == ["2026-11-25T13:00:00Z"] * 2 + [None] * 2


def test_the_order_of_totals_does_not_depend_on_the_order_of_leases() -> None:
    expected = by_dynamic_secret(ROWS, {}), by_identity(ROWS)
    for seed in range(5):
        shuffled = random.Random(seed).sample(ROWS, len(ROWS))
        assert (by_dynamic_secret(shuffled, {}), by_identity(shuffled)) == expected


def test_similar_leases_are_one_group() -> None:
    rows = [row("1"), row("2", by="y"), row("3"), row("4", "living", "unheld"), row("5", "expired")]
    number_groups(rows)
    assert [one["group"] for one in rows] == [0, 1, 0, 2, 3]


def test_what_is_new_and_what_has_ended_since_the_earlier_report() -> None:
    earlier = [row("kept"), row("gone"), row("revoked"), row("long_gone", "expired")]
    rows = [row("kept"), row("new"), row("gone", "expired"), row("revoked", "ended_early"), row("long_gone", "expired")]
    assert since_previous(rows, earlier, "2026-11-25T12:00:00Z") == {
        "generated": "2026-11-25T12:00:00Z",
        "new": ["new"],
        "expired": ["gone"],
        "ended_early": ["revoked"],
    }
    assert since_previous(rows, [], None) is None
