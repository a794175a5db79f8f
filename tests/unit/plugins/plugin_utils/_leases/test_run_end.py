# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import errno
import os
import signal
from multiprocessing import get_context
from typing import Any

import pytest
from ansible_collections.community.workload_credentials.plugins.plugin_utils._leases import run_end
from ansible_collections.community.workload_credentials.plugins.plugin_utils._leases.run_end import Orders, RunEnd


def test_where_no_process_can_be_started_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOMEM, "Cannot allocate memory")

    monkeypatch.setattr(run_end.subprocess, "Popen", refused)
    report = run_end._carried_out({})
    assert "could not be started: Cannot allocate memory." in report["warnings"][0]
    assert (report["own"], report["dead"], report["done"]) == ([], [], [])


def _terminated() -> None:
    end = RunEnd(Orders(True, None, None), lambda _report: None)
    end.end = lambda: {}["wrong"]  # type: ignore[method-assign]
    end._terminated(signal.SIGTERM, None)


def _closed(_number: int, _frame: Any) -> None:
    # What ansible-core's own handler does while a worker is being made.
    raise ValueError("process object is closed")


def _terminated_while_a_worker_is_made() -> None:
    signal.signal(signal.SIGTERM, _closed)
    end = RunEnd(Orders(True, None, None), lambda _report: None)
    end.begin()
    os.kill(os.getpid(), signal.SIGTERM)


def test_a_signal_ends_the_run_while_ansible_makes_a_worker() -> None:
    run = get_context("fork").Process(target=_terminated_while_a_worker_is_made)
    run.start()
    run.join()
    assert run.exitcode == -signal.SIGTERM


def _interrupted_while_a_worker_is_made() -> None:
    end = RunEnd(Orders(True, None, None), lambda _report: None)
    end._at_interrupt = _closed
    try:
        end._interrupted(signal.SIGINT, None)
    except KeyboardInterrupt:
        os._exit(42)


def test_ctrl_c_is_one_while_ansible_makes_a_worker() -> None:
    run = get_context("fork").Process(target=_interrupted_while_a_worker_is_made)
    run.start()
    run.join()
    assert run.exitcode == 42


def test_a_signal_ends_the_run_whatever_goes_wrong_with_its_leases() -> None:
    run = get_context("fork").Process(target=_terminated)
    run.start()
    run.join()
    assert run.exitcode == -signal.SIGTERM
