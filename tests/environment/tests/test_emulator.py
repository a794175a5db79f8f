# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``make emulator`` on a machine that has a Python and nothing else."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from tests.environment.collection_tree import CHECKOUT
from tests.environment.flavours import REQUIREMENTS

COMMAND = [sys.executable, "-m", "tests.environment.emulator", "--port", "0", "--no-tls"]
MOST = 85_000_000


def used(folder: Path) -> int:
    """Bytes of disk, of which linked files take theirs once."""
    blocks = {status.st_ino: status.st_blocks for path in folder.rglob("*") for status in [path.lstat()]}
    return 512 * sum(blocks.values())


def pins(lock: str) -> dict[str, str]:
    """The versions that a lock file names."""
    text = (REQUIREMENTS / lock).read_text(encoding="utf-8")
    return dict(re.findall(r"^([a-z0-9-]+)==(\S+)", text, re.MULTILINE))


def test_it_serves_from_an_empty_cache_that_stays_small(tmp_path: Path) -> None:
    variables = {**os.environ, "XDG_CACHE_HOME": str(tmp_path)}
    with subprocess.Popen(COMMAND, cwd=CHECKOUT, env=variables, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline().startswith("ready http://127.0.0.1:")
        finally:
            process.terminate()
    assert process.returncode == 0
    assert used(tmp_path) < MOST


def test_it_is_what_the_tests_run_against() -> None:
    tested = pins("newest.txt")
    assert pins("emulator.txt").items() <= tested.items()


def test_a_machine_without_python_is_told_what_it_needs(tmp_path: Path) -> None:
    variables = {"HOME": str(tmp_path), "PATH": str(tmp_path), "PYENV_ROOT": str(tmp_path)}
    done = subprocess.run(COMMAND, cwd=CHECKOUT, env=variables, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr == "The emulator needs Python 3.13 or 3.14 or 3.12 or 3.11 with venv and ensurepip.\n"
