# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Signals in a worker: noted while something is under way, and let do their work afterwards."""

from __future__ import annotations

import os
import signal
from typing import Any

import pytest
from ansible_collections.community.workload_credentials.plugins.module_utils._api import interruption
from ansible_collections.community.workload_credentials.plugins.plugin_utils._worker import (
    defer_signals,
    raise_on_signal,
)


class TimeIsOverError(Exception):
    """As Ansible raises one from its handler of a task's timeout."""


def raises(_number: int, _frame: Any) -> None:
    raise TimeIsOverError


@raise_on_signal()
def be_timed(done: list[bool]) -> None:
    os.kill(os.getpid(), signal.SIGALRM)
    done.append(interruption.is_interrupted())


@raise_on_signal()
def be_interrupted(seen: list[bool]) -> None:
    with defer_signals() as is_interrupted:
        os.kill(os.getpid(), signal.SIGINT)
        seen.append(is_interrupted())
    interruption.check()


def test_an_alarm_of_the_task_waits_for_what_is_under_way() -> None:
    before = signal.signal(signal.SIGALRM, raises)
    try:
        done: list[bool] = []
        with pytest.raises(TimeIsOverError):
            be_timed(done)
        assert done == [True]
        assert signal.getsignal(signal.SIGALRM) is raises
    finally:
        signal.signal(signal.SIGALRM, before)


def test_a_signal_inside_reaches_what_is_around_it() -> None:
    seen: list[bool] = []
    with pytest.raises(KeyboardInterrupt):
        be_interrupted(seen)
    assert seen == [True]
    assert not interruption.is_interrupted()
