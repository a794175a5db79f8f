# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What happens where ansible-core lacks an interface that it does not promise to keep."""

from __future__ import annotations

import multiprocessing
import os
import sys
from multiprocessing import get_context
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ansible import constants
from ansible.executor.process.worker import WorkerProcess
from ansible.playbook.block import Block
from ansible.playbook.play import Play
from ansible.playbook.task import Task
from ansible_collections.community.workload_credentials.plugins.module_utils._api import option_values
from ansible_collections.community.workload_credentials.plugins.plugin_utils import (
    _bytecode,
    _core_internals,
    _options,
    _worker,
)

MODULE = "community.workload_credentials.folder"


def task_of(play: Any) -> Any:
    return Task(block=Block(play=play))


def test_the_groups_of_a_module_are_those_of_its_play() -> None:
    play = Play()
    play._action_groups = {MODULE: ["community.workload_credentials.all"]}
    assert _core_internals.action_groups(task_of(play), MODULE) == ("community.workload_credentials.all",)
    assert _core_internals.action_groups(task_of(play), "another") == ()


@pytest.mark.parametrize("task", [SimpleNamespace(), SimpleNamespace(_parent=None), task_of(SimpleNamespace())])
def test_without_its_play_a_module_is_in_no_group(task: Any) -> None:
    assert _core_internals.action_groups(task, MODULE) == ()


def test_a_worker_knows_its_tasks_check_mode(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(multiprocessing.current_process(), "_task", SimpleNamespace(check_mode=True), raising=False)
    assert _worker.in_check_mode({"ansible_check_mode": False}, None) is True


def test_without_its_task_a_worker_goes_by_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(multiprocessing.current_process(), "_task", raising=False)
    assert _core_internals.check_mode_of_worker() is None
    assert _worker.in_check_mode({"ansible_check_mode": True}, None) is True


def test_without_the_controllers_stderr_ansible_shows_the_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getppid", lambda: 0)
    assert _core_internals.controller_stderr() is None
    shown: list[str] = []
    monkeypatch.setattr(_worker, "Display", lambda: SimpleNamespace(warning=shown.append))
    stderr = _worker.ControllerStderr()
    stderr.say("a lease lives on")
    stderr.close()
    assert shown == ["a lease lives on"]


def test_ansibles_workers_are_known_by_their_name() -> None:
    assert _core_internals.is_worker(WorkerProcess.__new__(WorkerProcess))
    assert not _core_internals.is_worker(get_context("fork").Process())


def evaluated(error: type[Exception]) -> Any:
    """What a template gives whose value cannot be had for this reason."""

    def template(_value: Any) -> None:
        raise error

    return _options._evaluated("{{ omit }}", SimpleNamespace(template=template))


def test_an_omitted_value_is_none_or_a_failure() -> None:
    # ansible-core before 2.19 has no such error.
    assert evaluated(type("AnsibleValueOmittedError", (Exception,), {})) is None
    with pytest.raises(_options._Unevaluated, match="AnotherName"):
        evaluated(type("AnotherName", (Exception,), {}))


def test_an_unknown_mark_of_omission_is_a_value() -> None:
    assert option_values.is_omitted("__omit_place_holder__0123")
    # ansible-core before 2.19 has no such type.
    assert option_values.is_omitted(type("_OmitType", (), {})())
    assert not option_values.is_omitted(type("AnotherName", (), {})())


def _print_run_folder(home: str, found: Any) -> None:
    os.environ["HOME"] = home
    found.put(_core_internals.run_folder())


def test_without_ansibles_folder_the_processes_of_a_run_share_another(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert _core_internals.run_folder() == Path(constants.DEFAULT_LOCAL_TMP)
    monkeypatch.delattr(constants, "DEFAULT_LOCAL_TMP")
    monkeypatch.setenv("HOME", str(tmp_path))
    folder = _core_internals.run_folder()
    assert folder == tmp_path / ".ansible" / "tmp" / f"ansible-local-{os.getpid()}"
    assert folder.stat().st_mode & 0o777 == 0o700
    fork = get_context("fork")
    found = fork.SimpleQueue()
    worker = fork.Process(target=_print_run_folder, args=(str(tmp_path), found))
    worker.start()
    worker.join()
    assert found.get() == folder


def test_without_ansibles_finder_nothing_comes_before_it(monkeypatch: pytest.MonkeyPatch) -> None:
    class Finder:
        pass

    monkeypatch.setattr(sys, "meta_path", [Finder()])
    _bytecode._come_before("_AnsibleCollectionFinder")
    assert len(sys.meta_path) == 1
    _bytecode._come_before("Finder")
    assert len(sys.meta_path) == 2
