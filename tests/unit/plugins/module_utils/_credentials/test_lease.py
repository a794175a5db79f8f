# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one rule that says when a lease is renewed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from ansible_collections.community.workload_credentials.plugins.module_utils._credentials.lease import Lease, Margin
from hypothesis import given
from hypothesis import strategies as st

START = datetime(2026, 1, 1, tzinfo=UTC)


def lease(life: float | None) -> Lease:
    return Lease("l", "prod/aws", START, None if life is None else START + timedelta(seconds=life))


@pytest.mark.parametrize(
    ("margin", "life", "passed", "due"),
    [
        (Margin(part=0.25), 3600, 2699, False),
        (Margin(part=0.25), 3600, 2700, True),
        (Margin(part=0.5, seconds=300), 3600, 3299, False),
        (Margin(part=0.5, seconds=300), 3600, 3300, True),
        (Margin(part=0.5, seconds=300), 400, 199, False),
        (Margin(part=0.5, seconds=300), 400, 200, True),
        (Margin(part=0.5, seconds=0), 400, 399, False),
        (Margin(part=0.25), None, 10**9, False),
        (Margin(part=0.25), -5, 10, False),
    ],
)
def test_when_a_lease_is_due(margin: Margin, life: float | None, passed: float, due: bool) -> None:
    assert margin.due(lease(life), START + timedelta(seconds=passed)) is due


@pytest.mark.parametrize(("life", "interval"), [(900, 675), (3600, 2700), (43200, 32400), (1, 1)])
def test_an_interval_leaves_the_margin(life: int, interval: int) -> None:
    assert Margin(part=0.25).interval(life) == interval


@given(st.integers(2, 10**6), st.floats(0.01, 0.99), st.floats(0, 10**6))
def test_what_is_renewed_after_its_interval_never_expires_before(life: int, part: float, seconds: float) -> None:
    margin = Margin(part=part, seconds=seconds)
    interval = margin.interval(life)
    assert 0 < interval <= life
    assert not margin.due(lease(life), START + timedelta(seconds=interval - 2))
