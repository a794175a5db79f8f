# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When all of the emulator's own tests run, and when a few of them."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.environment import suites
from tests.environment.emulator_stamp import STAMP, has_passed, note_passed
from tests.environment.environments import Environment
from tests.environment.flavours import NEWEST
from tests.environment.interpreters import Interpreter
from tests.environment.process import Finished
from tests.environment.suites import Scope

HERE = Environment(NEWEST, Interpreter(Path("python3.13"), "3.13.1"), Path("bin"), Path("collections"))
COUNTS = ("emulator/server.py", "tests/emulator/test_server.py", "tests/requirements/newest.txt")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """One whose emulator has passed."""
    for name in (*COUNTS, "README.md"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)
    note_passed(tmp_path)
    return tmp_path


def test_what_has_passed_is_known_whatever_changes_elsewhere(checkout: Path) -> None:
    (checkout / "README.md").write_text("more")
    assert has_passed(checkout)


@pytest.mark.parametrize(
    "name", ["emulator/server.py", "tests/emulator/test_server.py", "tests/requirements/newest.txt"]
)
def test_a_change_of_emulator_tests_or_packages_has_not_passed(checkout: Path, name: str) -> None:
    (checkout / name).write_text("more")
    assert not has_passed(checkout)
    note_passed(checkout)
    assert has_passed(checkout)


@pytest.mark.parametrize("name", ["emulator/new.py", "tests/emulator/test_new.py"])
def test_a_new_file_has_not_passed_and_one_that_git_ignores_counts_for_nothing(checkout: Path, name: str) -> None:
    (checkout / name).write_text("")
    assert not has_passed(checkout)
    (checkout / ".gitignore").write_text(name)
    assert has_passed(checkout)


def test_without_the_note_nothing_has_passed(checkout: Path) -> None:
    (checkout / STAMP).unlink()
    assert not has_passed(checkout)


@pytest.mark.parametrize(
    ("passed", "thorough", "selected", "noted"),
    [(True, False, ["-m", "smoke"], 0), (False, False, [], 0), (True, True, [], 1), (False, True, [], 1)],
)
@pytest.mark.parametrize("status", [0, 1])
def test_all_run_unless_they_have_passed_and_only_what_was_thorough_is_noted(
    monkeypatch: pytest.MonkeyPatch, status: int, passed: bool, thorough: bool, selected: list[str], noted: int
) -> None:
    notes: list[bool] = []
    commands: list[list[str]] = []

    def finished(_environment: Environment, command: list[str]) -> Finished:
        commands.append(command)
        return Finished(status, ["3 passed in 1 s"])

    monkeypatch.setattr(suites, "has_passed", lambda: passed)
    monkeypatch.setattr(suites, "note_passed", lambda: notes.append(True))
    monkeypatch.setattr(suites, "_in_environment", finished)
    (outcome,) = suites._emulator(HERE, Scope(best=True, thorough=thorough))
    assert commands[0][1:] == ["-m", "pytest", "--color=no", *selected, "tests/emulator"]
    assert len(notes) == (noted if outcome.passed else 0)


@pytest.mark.parametrize(
    ("best", "thorough", "marks"),
    [
        (True, True, ""),
        (True, False, "not thorough"),
        (False, True, "not one_core"),
        (False, False, "not thorough and not one_core and not newest_core"),
    ],
)
def test_marks_select_what_each_scope_runs(best: bool, thorough: bool, marks: str) -> None:
    assert Scope(best, thorough).marks() == marks
