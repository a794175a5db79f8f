# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Suites run at once, and read as if they ran one after another."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from tests.environment.side_by_side import say, side_by_side

SECONDS = 30


def test_jobs_run_at_once_and_print_in_their_order(capsys: pytest.CaptureFixture[str]) -> None:
    second_is_done = threading.Event()

    def first() -> Iterator[int]:
        say.get()("first begins\n")
        assert second_is_done.wait(SECONDS)
        say.get()("first ends\n")
        yield 1

    def second() -> Iterator[int]:
        say.get()("second\n")
        yield 2
        second_is_done.set()

    assert list(side_by_side([first, second], 2)) == [1, 2]
    assert capsys.readouterr().out == "first begins\nfirst ends\nsecond\n"


def test_no_more_at_once_than_asked_for() -> None:
    running: list[int] = []

    def job() -> Iterator[int]:
        running.append(1)
        yield len(running)
        running.pop()

    assert list(side_by_side([job] * 5, 1)) == [1] * 5


def test_what_one_raises_is_raised_and_stops_the_others() -> None:
    ran: list[str] = []

    def first() -> Iterator[int]:
        ran.append("first")
        yield 1
        raise ValueError("canary")

    def second() -> Iterator[int]:
        ran.append("second")
        yield 2

    with pytest.raises(ValueError, match="canary"):
        list(side_by_side([first, second], 1))
    assert ran == ["first"]
