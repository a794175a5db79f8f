# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Waiting for what happens in other processes."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from pathlib import Path


def wait_until(check: Callable[[], bool], waiting_for: str, seconds: float = 60) -> None:
    """Return once the check holds; fail when it never does."""
    deadline = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < deadline, f"waited {seconds} s in vain for {waiting_for}"
        time.sleep(0.05)


def processes_of(folder: Path) -> set[int]:
    """Return the process ids of the keeper of a folder and of what it keeps."""
    rows = process_table()
    keepers = {pid for pid, _parent, command in rows if "keeper.py" in command and str(folder) in command}
    return keepers | {pid for pid, parent, _command in rows if parent in keepers}


def running(pids: set[int]) -> set[int]:
    """Return those of the process ids that still run."""
    return pids & {pid for pid, _parent, _command in process_table()}


def process_table() -> list[tuple[int, int, str]]:
    """Return process id, parent and command of all processes."""
    table = subprocess.run(
        ["ps", "-ww", "-Ao", "pid=,ppid=,stat=,args="], capture_output=True, text=True, check=True
    ).stdout
    rows = [line.split(None, 3) for line in table.splitlines()]
    # A zombie has ended; only its parent has not noticed yet.
    return [(int(row[0]), int(row[1]), row[3]) for row in rows if not row[2].startswith("Z")]
