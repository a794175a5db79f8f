# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from ansible_collections.community.workload_credentials.plugins.module_utils._api.times import (
    in_utc,
    parse_time,
    seconds_left,
)

NINE = datetime(2026, 9, 14, 15, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "2026-09-14T15:00:00Z",
        "2026-09-14T09:00:00-06:00",
        "2026-09-14T15:00:00.000000000Z",
        "2026-09-14T15:00:00.0+0000",
        "2026-09-14 15:00:00",
    ],
)
def test_every_way_the_api_writes_a_time(text: str) -> None:
    assert parse_time(text) == NINE


def test_nine_digits_of_a_second_are_read_to_the_microsecond() -> None:
    assert parse_time("2026-09-14T15:00:00.123456789Z") == NINE.replace(microsecond=123456)


@pytest.mark.parametrize(
    "text", [None, "", "soon", "2026-13-40T99:00:00Z", 5, "0001-01-01T00:00:00+05:00", "9999-12-31T23:59:59-06:00"]
)
def test_what_is_no_time_is_none(text: object) -> None:
    assert parse_time(text) is None


def test_seconds_left_are_whole_and_none_without_a_time() -> None:
    ahead = datetime.now(UTC) + timedelta(seconds=100.9)
    assert seconds_left(ahead.isoformat()) in (99, 100)
    assert seconds_left("2001-01-01T00:00:00Z") == 0
    assert seconds_left(None) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-09-14T09:00:00.75-06:00", "2026-09-14T15:00:00Z"),
        ("2026-09-14T15:00:00Z", "2026-09-14T15:00:00Z"),
        ("when the moon is full", "when the moon is full"),
        (None, None),
    ],
)
def test_a_time_in_utc_and_what_is_no_time_as_it_is(text: object, expected: object) -> None:
    assert in_utc(text) == expected
