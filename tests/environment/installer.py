# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One installer for all environments: uv, whose wheel is all that pip installs."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from tests.environment.cache import cache_folder, made_once
from tests.environment.interpreters import Interpreter
from tests.environment.package_index import for_pip, for_uv
from tests.environment.problem import MissingPrerequisiteError
from tests.environment.progress import report, run_long

_WHEEL = Path(__file__).resolve().parents[1] / "requirements" / "installer.txt"


def pip(python: Path) -> list[str]:
    """Return the command of this Python's pip, to which arguments are added."""
    return [str(python), "-m", "pip", "--disable-pip-version-check", "--no-input"]


def virtual_environment(
    name: str, lock: Path, interpreter: Interpreter, *, what: str, keep_downloads: bool = True
) -> Path:
    """Return the folder of an environment that holds what the lock file names, built if this is its first use.

    :arg what: the environment as a phrase.
    :arg keep_downloads: for the next environment, which may share packages with this one.
    :raises MissingPrerequisiteError: a package cannot be had.
    """

    def make(folder: Path) -> None:
        report(f"Building the environment {what}, once: about 10 s where the network is quick.")
        log = folder / "build.log"
        venv = [str(interpreter.path), "-m", "venv", str(folder)]
        run_long(venv, "making a virtual environment", log=log, environment=for_pip())
        install(folder, lock, log=log, keep_downloads=keep_downloads)

    key = (lock.read_text(encoding="utf-8"), str(interpreter.path), interpreter.version)
    return made_once(cache_folder(name, *key), make)


def install(folder: Path, lock: Path, *, log: Path, keep_downloads: bool = True) -> None:
    """Put exactly what the lock file names into a virtual environment, which goes in with the pip it was made with.

    :raises MissingPrerequisiteError: a package cannot be had, or is not the one whose hash is in the lock file.
    """
    python = folder / "bin" / "python"
    variables = for_uv(pip(python))
    uv = find_uv(python, log=log)
    # The lock file names everything: nothing is left to resolve, and nothing can drift.
    cache = [] if keep_downloads else ["--no-cache"]
    command = [str(uv), "--color", "never", "--no-progress", *cache, "pip"]
    sync = [*command, "sync", "--require-hashes", "--python", str(python), str(lock)]
    run_long(sync, "installing its packages", log=log, environment=variables)
    if not re.search(r"^pip==", lock.read_text(encoding="utf-8"), re.MULTILINE):
        # uv leaves it alone, as what virtual environments begin with.
        uninstall = [*command, "uninstall", "--quiet", "--python", str(python), "pip"]
        subprocess.run(uninstall, env=variables, check=True)


def find_uv(python: Path, *, log: Path) -> Path:
    """Return uv's program, which this Python's pip fetches where it is not in the cache."""
    pinned = _WHEEL.read_text(encoding="utf-8")
    folder = made_once(cache_folder("uv", pinned), lambda folder: _fetch(folder, python, log))
    return folder / "bin" / "uv"


def _fetch(folder: Path, python: Path, log: Path) -> None:
    quiet = ["--progress-bar", "off", "--no-warn-script-location"]
    hashed = ["--require-hashes", "--no-deps", "--only-binary=:all:", "--no-cache-dir", "-r", str(_WHEEL)]
    command = [*pip(python), "install", *quiet, *hashed, "--target", str(folder)]
    try:
        run_long(command, "fetching the installer uv, 20 MB", log=log, environment=for_pip())
    except MissingPrerequisiteError:
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
        reason = next((line for line in lines if line.startswith("ERROR: ")), "ERROR: no message")
        version = next(line.split()[0] for line in _WHEEL.read_text(encoding="utf-8").splitlines() if "==" in line)
        raise MissingPrerequisiteError(
            f"pip cannot fetch {version}, which installs everything else, from the package index that it is set up"
            f" with: {reason.partition(' ')[2]}"
        ) from None
