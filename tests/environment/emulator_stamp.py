# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether all of the emulator's own tests have passed with the emulator as it is.

They are many, and say nothing new while the emulator, they and the packages that they run with are what they were. So
``make test-all`` notes in a file, which is checked in, what it has tested. While that is what is there, ``make test``
runs a few of them.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from tests.environment.collection_tree import CHECKOUT
from tests.environment.flavours import NEWEST
from tests.environment.sanity import known_files

STAMP = Path("tests", "emulator", "passed.txt")
_ABOUT = "# All of the emulator's tests have passed with this state of it. make test-all writes this file."
_FOLDERS = ("emulator/", "tests/emulator/")


def has_passed(root: Path = CHECKOUT) -> bool:
    """Return whether all tests have passed with what is there now."""
    stamp = root / STAMP
    return stamp.is_file() and stamp.read_text(encoding="utf-8").splitlines()[1:] == [_digest(root)]


def note_passed(root: Path = CHECKOUT) -> None:
    """Take note that all tests have passed with what is there now."""
    (root / STAMP).write_text(f"{_ABOUT}\n{_digest(root)}\n", encoding="utf-8")


def _digest(root: Path) -> str:
    """Return the digest of the emulator, its tests and the versions of all packages: names and contents."""
    found = hashlib.sha256()
    lock = NEWEST.lock.relative_to(CHECKOUT)
    for path in [*_files(root), lock]:
        content = hashlib.sha256((root / path).read_bytes()).hexdigest()
        found.update(f"{content}  {path.as_posix()}\n".encode())
    return found.hexdigest()


def _files(root: Path) -> list[Path]:
    """Return what git knows of these folders, without the note itself: paths from the root."""
    return [path for path in known_files(root) if path != STAMP and path.as_posix().startswith(_FOLDERS)]
