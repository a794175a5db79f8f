# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An interruption lets nothing begin, waits for what has begun, and then breaks off, once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from ansible_collections.community.workload_credentials.plugins.module_utils._api import interruption
from ansible_collections.community.workload_credentials.plugins.module_utils._api.concurrency import (
    gather_attempts,
    run_concurrently,
)


def test_what_has_begun_ends_and_nothing_else_begins() -> None:
    ended: list[int] = []
    both = threading.Barrier(2)

    def work(number: int) -> int:
        both.wait(10)
        interruption.note()
        ended.append(number)
        return number

    with interruption.listening(breaks_off=True):
        with pytest.raises(interruption.Interrupted):
            gather_attempts(work, range(20), 2)
        assert sorted(ended) == [0, 1]
        # Things are put in order now.
        assert run_concurrently(str, [1, 2]) == ["1", "2"]


def test_what_is_all_done_is_returned_before_the_work_breaks_off() -> None:
    def work(number: int) -> int:
        interruption.note()
        return number

    with interruption.listening(breaks_off=True):
        assert gather_attempts(work, [1], finishing=True) == [1]
        for again in range(2):
            if again:
                interruption.check()
            else:
                with pytest.raises(interruption.Interrupted):
                    run_concurrently(work, [2])


def test_what_a_thread_does_in_several_steps_is_not_broken_off_between_them() -> None:
    def work(number: int) -> list[int]:
        interruption.note()
        return run_concurrently(lambda one: one, [number, number + 1])

    with interruption.listening(breaks_off=True):
        assert run_concurrently(work, [1], finishing=True) == [[1, 2]]


def test_who_comes_to_his_end_is_only_told() -> None:
    with interruption.listening(breaks_off=False):
        interruption.note()
        assert interruption.is_interrupted()
        assert run_concurrently(str, [1, 2]) == ["1", "2"]
        interruption.pause(1000)
    assert not interruption.is_interrupted()


@pytest.mark.parametrize("number", [0, 1])
def test_a_thread_whose_start_was_interrupted_is_waited_for_all_the_same(
    monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    start: Callable[[Any], None] = threading.Thread.start
    goes_on, begun = threading.Event(), threading.Event()
    started: list[Any] = []
    ended: list[int] = []

    def interrupted(thread: Any) -> None:
        start(thread)
        started.append(thread)
        if len(started) == number + 1:
            assert begun.wait(10)
            threading.Timer(0.2, goes_on.set).start()
            raise KeyboardInterrupt

    def work(one: int) -> None:
        if one == number:
            begun.set()
        assert goes_on.wait(10)
        ended.append(one)

    monkeypatch.setattr(threading.Thread, "start", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run_concurrently(work, range(5), 5)
    assert sorted(ended) == list(range(number + 1))
