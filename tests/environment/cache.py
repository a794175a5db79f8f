# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where slow results are kept, under a key of what they were made from."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.environment.progress import report

MARKER = "complete"


def cache_root() -> Path:
    """Return the folder that holds them all; it need not exist."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "workload-credentials"


def cache_folder(name: str, *key_parts: str) -> Path:
    """Return the folder for a result made from the key parts; it need not exist."""
    digest = hashlib.sha256()
    for part in key_parts:
        digest.update(f"{len(part)}:{part}".encode())
    return cache_root() / f"{name}-{digest.hexdigest()[:16]}"


def made_once(folder: Path, make: Callable[[Path], None]) -> Path:
    """Return the folder, filled by ``make`` unless an earlier call did so to the end."""
    marker = folder / MARKER
    if marker.exists():
        return folder
    with only_user_of(folder):
        if not marker.exists():
            # Made where it stays, as virtual environments cannot move; what an interrupted run left goes first.
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            make(folder)
            marker.touch()
    return folder


@contextmanager
def only_user_of(folder: Path) -> Iterator[None]:
    """Keep other processes that want the same folder waiting."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with (folder.parent / f"{folder.name}.lock").open("w", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            report(f"waiting for another process that uses {folder}")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
