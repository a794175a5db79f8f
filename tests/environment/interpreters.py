# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Pythons of this machine: on PATH, or where pyenv and uv keep theirs."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.environment.problem import MissingPrerequisiteError

# Asked of the interpreter itself, as a version manager's shim or a virtual environment stands for another one.
_QUESTION = "import ensurepip, platform, sys, venv; print(sys._base_executable, platform.python_version())"


@dataclass(frozen=True)
class Interpreter:
    """A real interpreter, one that can make virtual environments."""

    path: Path
    version: str


def find_interpreter(versions: Sequence[str]) -> Interpreter | None:
    """Return an interpreter of the first of these versions, such as ``3.13``, that this machine has."""
    for version in versions:
        for candidate in _candidates(version):
            found = _ask(candidate)
            if found and found.version.startswith(f"{version}."):
                return found
    return None


def own_interpreter() -> Interpreter:
    """Return the interpreter that runs this, or the one behind it, if this is a virtual environment's.

    :raises MissingPrerequisiteError: it cannot make virtual environments.
    """
    found = _ask(Path(sys.executable))
    if found is None:
        raise MissingPrerequisiteError(f"{sys.executable} lacks venv or ensurepip.")
    return found


def folders_of_interpreters() -> list[Path]:
    """Return PATH with the real interpreters in place of a version manager's shims."""
    on_path = [folder for folder in _path() if folder.name != "shims"]
    return [*on_path, *(path.parent for path in _managed("3.*"))]


def _candidates(version: str) -> Iterator[Path]:
    # The system's own comes last: it is the one that may lack pip and venv.
    yield from reversed(_managed(version))
    for folder in _path():
        for name in (f"python{version}", "python3"):
            if os.access(folder / name, os.X_OK):
                yield folder / name


def _managed(version: str) -> list[Path]:
    shims = [folder.parent for folder in _path() if folder.name == "shims"]
    roots = [os.environ.get("PYENV_ROOT"), *shims, Path.home() / ".pyenv"]
    places = [Path(root, "versions") for root in roots if root] + [Path.home() / ".local" / "share" / "uv" / "python"]
    return sorted({path for place in places for path in place.glob(f"*/bin/python{version}") if _is_plain(path.name)})


def _is_plain(name: str) -> bool:
    """Tell ``python3.13`` from ``python3.13-config``."""
    return name[len("python3.") :].isdigit()


def _path() -> list[Path]:
    return [Path(folder) for folder in os.environ.get("PATH", os.defpath).split(os.pathsep) if folder]


def _ask(candidate: Path) -> Interpreter | None:
    answer = subprocess.run(
        [str(candidate), "-I", "-c", _QUESTION], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if answer.returncode != 0:
        return None
    path, version = answer.stdout.strip().rsplit(" ", 1)
    return Interpreter(Path(path).resolve(), version)
