# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How much of each suite is run: by marks, and of the emulator's own tests by what has passed before."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.environment import suites
from tests.environment.environments import Environment
from tests.environment.flavours import NEWEST
from tests.environment.interpreters import Interpreter
from tests.environment.process import Finished
from tests.environment.suites import Scope
from tests.support.represented import represented

HERE = Environment(NEWEST, Interpreter(Path("python3.13"), "3.13.1"), Path("bin"), Path("collections"))


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


def test_of_values_that_are_represented_the_others_are_thorough() -> None:
    first, second, third = represented([("a", 1), ("b", 2), "c"], by=[("b", 2)])
    assert second == ("b", 2)
    assert [(one.values, [mark.name for mark in one.marks]) for one in (first, third)] == [
        (("a", 1), ["thorough"]),
        (("c",), ["thorough"]),
    ]
    with pytest.raises(ValueError, match="nothing is represented by"):
        represented(["a"], by=["b"])
