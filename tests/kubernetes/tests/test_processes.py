# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the keeper promises for any processes; here they are small ones."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kubernetes.errors import ControlPlaneError
from tests.kubernetes.keeper import Keeper
from tests.kubernetes.processes import Processes

from .waiting import running, wait_until

WAITS = [sys.executable, "-c", "import signal; signal.pause()"]


@pytest.fixture
def processes() -> Iterator[Processes]:
    """Return an empty set of processes."""
    started = Processes()
    yield started
    started.stop()


class Recorded:
    """A process that notes when it is killed and waited for."""

    def __init__(self, name: str, events: list[str]) -> None:
        self.name = name
        self.events = events

    def kill(self) -> None:
        """Note it."""
        self.events.append(f"kill {self.name}")

    def wait(self) -> None:
        """Note it."""
        self.events.append(f"wait {self.name}")


def test_the_last_one_started_has_ended_before_the_next_is_killed(tmp_path: Path) -> None:
    events: list[str] = []
    (tmp_path / "own").mkdir()
    keeper = Keeper(tmp_path / "own")
    keeper.__dict__["_processes"] = {name: Recorded(name, events) for name in ("etcd", "kube-apiserver")}
    keeper.end()
    assert events == ["kill kube-apiserver", "wait kube-apiserver", "kill etcd", "wait etcd"]
    assert list(tmp_path.iterdir()) == []


def test_a_forked_child_of_ours_does_not_delay_the_end(processes: Processes) -> None:
    processes.start("waits", WAITS)
    child = os.fork()
    if child == 0:
        # Holds the keeper's input open, as the workers of a play do.
        signal.pause()
    try:
        processes.stop()
        assert not running(set(processes.pids.values()))
        assert not processes.folder.exists()
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def test_nothing_of_our_environment_is_passed_on(processes: Processes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BEYONDTRUST_ACCESS_TOKEN", "canary")
    processes.start("prints", [sys.executable, "-c", "import os; print(sorted(os.environ)); print('done')"])
    log = processes.folder / "prints.log"
    wait_until(lambda: "done" in log.read_text(encoding="utf-8"), "the environment")
    assert "BEYONDTRUST" not in log.read_text(encoding="utf-8")
    assert "PATH" in log.read_text(encoding="utf-8")


def test_waiting_in_vain_shows_what_the_processes_said(processes: Processes) -> None:
    processes.start("speaks", [sys.executable, "-uc", "print('the reason'); import signal; signal.pause()"])
    log = processes.folder / "speaks.log"
    wait_until(lambda: bool(log.read_text(encoding="utf-8")), "its output")
    with pytest.raises(ControlPlaneError) as failure:
        processes.wait_until(lambda: False, seconds=0.1, waiting_for="what never comes")
    assert str(failure.value) == "waited 0.1 s in vain for what never comes\nspeaks.log:\nthe reason"


def test_a_lost_keeper_is_an_error(processes: Processes) -> None:
    processes.start("waits", WAITS)
    (keeper,) = {os.getsid(process) for process in processes.pids.values()}
    os.kill(keeper, signal.SIGKILL)
    with pytest.raises(ControlPlaneError, match="was ended from outside"):
        processes.wait()
    wait_until(lambda: not running(set(processes.pids.values())), "the kept process to end with it")
