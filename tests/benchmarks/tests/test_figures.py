# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What becomes of times: costs, ratios, verdicts."""

from __future__ import annotations

import pytest

from tests.benchmarks.table import Row, at_least, at_most, ratio, table
from tests.benchmarks.timing import cost


def test_a_round_is_compared_with_its_own_empty_play() -> None:
    # The machine is slower in each round, for both alike.
    assert cost([3.0, 5.0, 9.0], [1.0, 3.0, 7.0], items=10) == pytest.approx(0.2)


def test_one_slow_round_does_not_count() -> None:
    assert cost([2.0, 90.0, 2.0], [1.0, 1.0, 1.0], items=50) == pytest.approx(0.02)


def test_nothing_costs_less_than_nothing() -> None:
    assert cost([1.0], [1.5], items=1) == 0.0


def test_a_ratio_to_what_costs_nothing_can_be_shown() -> None:
    assert ratio(0.001, 0.0) == pytest.approx(1000)


@pytest.mark.parametrize(("times", "verdict"), [(4.0, "reached"), (3.99, "MISSED")])
def test_a_target_is_reached_or_missed_by_what_was_measured(times: float, verdict: str) -> None:
    assert at_least("b", "times less", times, 4).verdict == verdict
    assert at_most("b", "times", 8 - times, 4).verdict == verdict


def test_a_figure_without_a_target_has_no_verdict() -> None:
    assert Row("a", "debug", "3.00 ms").verdict == ""


def test_columns_stand_under_each_other() -> None:
    lines = table([Row("a", "short", "1"), Row("b", "rather longer", "20", "at least 4", True)]).splitlines()
    assert len({line.index(cell) for line, cell in zip(lines, ("figure", "1", "20"), strict=True)}) == 1
