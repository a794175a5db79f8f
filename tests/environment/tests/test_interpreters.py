# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real interpreters are found wherever a machine keeps them, and nothing else is."""

from __future__ import annotations

import platform
import sys
from pathlib import Path

import pytest

from tests.environment.interpreters import find_interpreter, folders_of_interpreters

VERSION = f"{sys.version_info[0]}.{sys.version_info[1]}"
REAL = Path(sys._base_executable).resolve()  # type: ignore[attr-defined]


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A machine without any Python: its home folder, whose ``bin`` is all of PATH."""
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.delenv("PYENV_ROOT", raising=False)
    return tmp_path


def program(path: Path, text: str = f'exec {REAL} "$@"') -> Path:
    """A program, unless told otherwise this Python under another name."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


def test_a_machine_without_python_has_none(machine: Path) -> None:
    assert find_interpreter([VERSION]) is None


@pytest.mark.parametrize(
    "place",
    [
        f"bin/python{VERSION}",
        "bin/python3",
        f".pyenv/versions/{VERSION}.1/bin/python{VERSION}",
        f".local/share/uv/python/cpython-{VERSION}.1-linux/bin/python{VERSION}",
    ],
)
def test_an_interpreter_is_found_where_it_lies(machine: Path, place: str) -> None:
    program(machine / place)
    found = find_interpreter(["3.99", VERSION])
    assert found is not None
    assert (found.path, found.version) == (REAL, platform.python_version())


def test_a_shim_for_a_python_that_is_not_chosen_is_none(machine: Path) -> None:
    program(machine / "bin" / f"python{VERSION}", "echo 'command not found' >&2; exit 127")
    assert find_interpreter([VERSION]) is None


def test_a_python_of_another_version_is_none(machine: Path) -> None:
    program(machine / "bin" / "python3.99")
    assert find_interpreter(["3.99"]) is None


def test_a_python_without_venv_is_none(machine: Path) -> None:
    (machine / "stripped").mkdir()
    (machine / "stripped" / "ensurepip.py").write_text("raise ImportError", encoding="utf-8")
    code = "import sys; sys.path.insert(0, sys.argv.pop(1)); exec(sys.argv[-1])"
    program(machine / "bin" / "python3", f"exec {REAL} -c '{code}' {machine}/stripped \"$@\"")
    assert find_interpreter([VERSION]) is None


def test_shims_give_way_to_the_interpreters_behind_them(
    machine: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    shims = tmp_path / "elsewhere" / "shims"
    monkeypatch.setenv("PATH", f"{shims}:{machine}/bin")
    real = program(tmp_path / "elsewhere" / "versions" / f"{VERSION}.1" / "bin" / f"python{VERSION}")
    assert folders_of_interpreters() == [machine / "bin", real.parent]
