# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``python3 -m tests.environment.lock``: write the lock files anew, with the newest versions and their hashes."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tests.environment.flavours import REQUIREMENTS, available
from tests.environment.installer import find_uv, pip
from tests.environment.package_index import for_pip, for_uv
from tests.environment.problem import MissingPrerequisiteError
from tests.environment.progress import report

_EMULATOR = "../../emulator/pyproject.toml"


@dataclass(frozen=True)
class Lock:
    """A lock file: its name, the oldest Python that it is for, and what it is made from."""

    name: str
    python: str
    sources: tuple[str, ...]


LOCKS = (
    Lock("newest", "3.12", ("newest.in", _EMULATOR)),
    Lock("core-2.16", "3.11", ("core-2.16.in", _EMULATOR)),
    # What people run is what was tested.
    Lock("emulator", "3.11", (_EMULATOR, "--constraint", "newest.txt")),
    Lock("go", "3.9", ("go.in",)),
    Lock("installer", "3.9", ("installer.in",)),
)


def main(arguments: list[str]) -> int:
    """Return uv's exit status, of the lock that failed first.

    :arg arguments: for ``uv pip compile``: ``--upgrade``, or nothing to lock only what is new in the files.
    """
    try:
        interpreter = next(iter(available().values()))
        with tempfile.TemporaryDirectory() as scratch:
            venv = [str(interpreter.path), "-m", "venv", scratch]
            subprocess.run(venv, env=for_pip(), check=True)
            python = Path(scratch, "bin", "python")
            uv, variables = find_uv(python, log=Path(scratch, "log")), for_uv(pip(python))
            return next(filter(None, (_write(lock, uv, variables, arguments) for lock in LOCKS)), 0)
    except MissingPrerequisiteError as problem:
        report(str(problem))
        return 2


def _write(lock: Lock, uv: Path, variables: dict[str, str], arguments: list[str]) -> int:
    report(f"locking {lock.name}")
    what = ["--universal", "--generate-hashes", "--python-version", lock.python, *lock.sources]
    how = ["--quiet", "--no-annotate", "--no-emit-index-url", "--custom-compile-command", "make lock"]
    command = [str(uv), "pip", "compile", *what, *how, *arguments, "--output-file", f"{lock.name}.txt"]
    return subprocess.run(command, cwd=REQUIREMENTS, env=variables, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
