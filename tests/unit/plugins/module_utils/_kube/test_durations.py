# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Durations as Go writes them."""

from __future__ import annotations

import pytest
from ansible_collections.community.workload_credentials.plugins.module_utils._api.errors import OptionError
from ansible_collections.community.workload_credentials.plugins.module_utils._kube.durations import seconds, written
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("duration", "length"), [("45m", 2700.0), ("1h30m", 5400.0), ("1.5h", 5400.0), ("90s", 90.0), ("100ms", 0.1)]
)
def test_durations_of_go(duration: str, length: float) -> None:
    assert seconds(duration, "x") == pytest.approx(length)


@pytest.mark.parametrize("duration", ["", "1d", "45", "0s", "-5m", "45 m", "1h 30m", "m"])
def test_what_is_no_duration_of_go_is_refused(duration: str) -> None:
    with pytest.raises(OptionError, match="not a duration above zero"):
        seconds(duration, "refresh_interval")


def test_no_seconds_are_written_as_such() -> None:
    assert written(0) == "0s"


@given(st.integers(1, 10**7))
def test_what_is_written_is_read_as_the_same(length: int) -> None:
    assert seconds(written(length), "x") == length
