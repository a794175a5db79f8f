# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``python3 -m tests.environment.emulator ...``: the emulator, in an environment that has what it needs and no more."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from tests.environment.collection_tree import EMULATOR
from tests.environment.flavours import REQUIREMENTS
from tests.environment.installer import virtual_environment
from tests.environment.interpreters import find_interpreter
from tests.environment.problem import MissingPrerequisiteError
from tests.environment.progress import report
from tests.environment.variables import for_command

_PYTHONS = ("3.13", "3.14", "3.12", "3.11")


def main(arguments: list[str]) -> int:
    """Become the emulator; return 2 where its environment cannot be had."""
    try:
        programs = _environment() / "bin"
    except MissingPrerequisiteError as problem:
        report(str(problem))
        return 2
    except KeyboardInterrupt:
        return 130
    command = [str(programs / "python"), "-m", "workload_credentials_emulator", *arguments]
    try:
        os.execve(command[0], command, for_command(programs, {"PYTHONPATH": [EMULATOR]}, ()))
    except OSError as error:
        report(f"{command[0]}: {error.strerror}")
        return 127


def _environment() -> Path:
    interpreter = find_interpreter(_PYTHONS)
    if interpreter is None:
        pythons = " or ".join(_PYTHONS)
        raise MissingPrerequisiteError(f"The emulator needs Python {pythons} with venv and ensurepip.")
    what = f"of the emulator (Python {interpreter.version}, 85 MB)"
    lock = REQUIREMENTS / "emulator.txt"
    # What it has downloaded nobody else needs, and it would take a tenth more of the disk.
    return virtual_environment("emulator", lock, interpreter, what=what, keep_downloads=False)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
