# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When all of the emulator's own tests are known to have passed."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.environment.emulator_stamp import STAMP, has_passed, note_passed

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
