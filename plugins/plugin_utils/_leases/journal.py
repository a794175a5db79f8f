# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a run's notes lie, whose they are, and whether that run still lives."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import multiprocessing
import os
import platform
import shutil
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

from .._files import replace_file

FOLDER = "workload-credentials"
# Names in a journal, and in the folder of the run.
_RUN, _ALIVE, _MINTING, _POINTER, _MINTED, _CLOSED = "run.json", "alive", "minting", ".journal", "minted", "closed"
# Seconds to wait for a worker that outlives its run in the middle of a request.
_ORPHANS = 30.0
# The namespace of processes outside of containers (PROC_PID_INIT_INO in Linux' include/linux/proc_ns.h).
_FIRST_NAMESPACE = "pid:[4026531836]"
# The files that this process holds open, and locked if it is Ansible's main one; a forked child shares the lock.
_locked: dict[tuple[int, Path], int] = {}
_claiming = threading.Lock()


def collection_folders() -> list[str]:
    """Return the folders in which Ansible looks for collections, nearest first."""
    from ansible import constants

    return [*constants.COLLECTIONS_PATHS, *sys.path]


def own_journal(temporary: Path, journal_dir: str | None) -> Path:
    """Return the journal of the run with this temporary folder, whose name no other run has."""
    return Path(journal_dir).expanduser() / temporary.name if journal_dir else temporary / FOLDER


def minted_in(journal: Path) -> Path:
    """Return the folder of a journal's notes."""
    return journal / _MINTED


def has_notes(journal: Path) -> bool:
    """Return whether the journal has any note, whatever token wrote it."""
    with suppress(OSError):
        # Files with a suffix are locks, damaged notes, or notes that were never finished.
        return any(not path.suffix for path in minted_in(journal).iterdir())
    return False


def damaged_file(journal: Path) -> Path | None:
    """Return the file that should say whose journal it is, if it does not; None: it does."""
    run: Any = None
    with suppress(FileNotFoundError, ValueError):
        run = json.loads((journal / _RUN).read_text(encoding="utf-8"))
    is_whole = isinstance(run, dict) and {"pid", "started", "machine", "locked"} <= run.keys()
    return None if is_whole else journal / _RUN


def kinds_in(journal: Path) -> set[str]:
    """Return the kinds of the leases that the journal's notes name."""
    kinds: set[str] = set()
    for path in minted_in(journal).glob("*"):
        with suppress(OSError, ValueError, KeyError, TypeError):
            kinds.add(str(json.loads(path.read_bytes())["entry"]["kind"]))
    return kinds


def claim(journal: Path, temporary: Path) -> None:
    """Make the journal this run's while this process lives, and let the run's main process find it.

    :raises OSError: nothing can be written there.
    """
    with _claiming:
        if (os.getpid(), journal) not in _locked:
            _claim(journal, temporary)


def _claim(journal: Path, temporary: Path) -> None:
    journal.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    journal.mkdir(mode=0o700, exist_ok=True)
    _locked[os.getpid(), journal] = _open(journal / _ALIVE)
    is_locked = False
    if multiprocessing.parent_process() is None:
        # On a file system without locks, only the number of the process shows whether the run lives.
        with suppress(OSError):
            fcntl.flock(_locked[os.getpid(), journal], fcntl.LOCK_SH)
            is_locked = True
    _write_once(journal / _RUN, json.dumps(_this_run(is_locked=is_locked)))
    if journal.parent != temporary:
        (temporary / FOLDER).mkdir(mode=0o700, exist_ok=True)
        name = hashlib.sha256(str(journal).encode()).hexdigest()[:16]
        _write_once(temporary / FOLDER / f"{name}{_POINTER}", str(journal))


def journals_of(temporary: Path) -> list[Path]:
    """Return the journals of the run with this temporary folder."""
    pointers = sorted((temporary / FOLDER).glob(f"*{_POINTER}"))
    elsewhere = [pointer.read_text(encoding="utf-8") for pointer in pointers]
    return [temporary / FOLDER, *(Path(journal) for journal in elsewhere if journal)]


def other_journals(temporary: Path, journal_dir: str | None) -> list[Path]:
    """Return the journals with notes of other runs, dead or alive, on this machine and in the folder for journals."""
    journals = set(temporary.parent.glob(f"ansible-local-*/{FOLDER}"))
    if journal_dir:
        journals |= set(Path(journal_dir).expanduser().glob("*"))
    own = {temporary / FOLDER, own_journal(temporary, journal_dir)}
    return sorted(journal for journal in journals - own if has_notes(journal))


@contextmanager
def minting(journal: Path, temporary: Path) -> Iterator[None]:
    """Keep others from settling the journal's notes while a lease is requested, or handed to its owner.

    :raises OSError: nothing can be written there, or this is a worker that outlives its run.
    """
    _check_that_the_run_lives(temporary)
    claim(journal, temporary)
    descriptor = _open(journal / _MINTING)
    try:
        with suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_SH)
        _check_that_the_run_lives(temporary)
        yield
    finally:
        os.close(descriptor)


def close(temporary: Path) -> None:
    """Let no worker of this run mint any more, not even one that is being forked now.

    :raises OSError: nothing can be written there.
    """
    (temporary / FOLDER).mkdir(mode=0o700, exist_ok=True)
    _write_once(temporary / FOLDER / _CLOSED, "")


@contextmanager
def settled_alone(journal: Path) -> Iterator[bool]:
    """Wait for workers that are minting; yield whether nobody is, and nobody else settles the same notes."""
    with ExitStack() as stack:
        is_alone = False
        with suppress(OSError):
            descriptor = _open(journal / _MINTING)
            stack.callback(os.close, descriptor)
            # Without locks (None), it has to be enough that the run's process is dead.
            is_alone = _exclusive(descriptor, _ORPHANS) is not False
        yield is_alone


@contextmanager
def taken_over(journal: Path) -> Iterator[bool | None]:
    """Yield whether the journal's run is dead, and nobody else looks after its notes meanwhile.

    None: that cannot be known, since it ran elsewhere, and has locked nothing or there are no locks.
    """
    is_dead: bool | None = False
    # It may be another user's, or have been removed.
    with suppress(OSError):
        is_dead = _is_dead(journal)
    if not is_dead:
        yield is_dead
        return
    with settled_alone(journal) as is_alone:
        yield is_alone


def discard(journal: Path) -> None:
    """Remove a journal, unless it has notes."""
    if not has_notes(journal):
        shutil.rmtree(journal, ignore_errors=True)
        if journal.name == FOLDER:
            # Remove Ansible's own folder for the run too, if it is empty.
            with suppress(OSError):
                journal.parent.rmdir()


def _check_that_the_run_lives(temporary: Path) -> None:
    parent = multiprocessing.parent_process()
    is_orphan = parent is not None and os.getppid() != parent.pid
    if is_orphan or (temporary / FOLDER / _CLOSED).exists():
        raise OSError(errno.ESRCH, "the run has ended, and this worker is what is left of it")


def _is_dead(journal: Path) -> bool | None:
    try:
        run = json.loads((journal / _RUN).read_text(encoding="utf-8"))
        if run["machine"] == _machine():
            return bool(_started(run["pid"]) != run["started"])
        # This may be the machine that it ran on, rebooted.
        is_here = run.get("host") is not None and run["host"] == _host()
        if not run["locked"]:
            return True if is_here else None
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        # A power cut, or a full disk, has damaged it, so only the lock counts.
        is_here = False
    descriptor = _open(journal / _ALIVE)
    try:
        is_dead = _exclusive(descriptor, 0)
        return True if is_dead is None and is_here else is_dead
    finally:
        os.close(descriptor)


def _exclusive(descriptor: int, seconds: float) -> bool | None:
    """Lock the file for this process alone within this time; return whether it did. None: there are no locks here."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            if time.monotonic() >= deadline:
                return False
            time.sleep(0.05)
        except OSError:
            return None


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def _this_run(*, is_locked: bool) -> dict[str, Any]:
    parent = multiprocessing.parent_process()
    pid = os.getpid() if parent is None else int(parent.pid or 0)
    # A lock of Ansible's main process lasts as long as the run, and other machines see it too.
    return {"pid": pid, "started": _started(pid), "machine": _machine(), "host": _host(), "locked": is_locked}


def _machine() -> str:
    """Return a name for the machine, or the container, in which numbers of processes are unique until it reboots."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot} {os.readlink('/proc/self/ns/pid')}"
    except OSError:
        return platform.node()


def _host() -> str | None:
    """Return a name for the machine that outlasts a reboot; None: another may have the same name, as containers do."""
    with suppress(OSError):
        number = Path("/etc/machine-id").read_text(encoding="ascii").strip()
        if number and os.readlink("/proc/self/ns/pid") == _FIRST_NAMESPACE:
            # The number itself should not leave the machine, according to machine-id(5).
            return hashlib.sha256(f"{FOLDER} {number} {platform.node()}".encode()).hexdigest()
    return None


def _started(pid: int) -> str | None:
    """Return when a process began, in a form that only serves to compare; None: there is no such process."""
    try:
        # The second field is the program's name, which may contain spaces and parentheses.
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        fields = []
    if fields:
        # A process that has ended does nothing more, even if its parent has not collected it yet.
        return None if fields[0] in "ZX" else fields[19]
    if os.path.isdir("/proc/self"):
        return None
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return None
    except PermissionError:
        pass
    return "?"


def _write_once(path: Path, text: str) -> None:
    """Write the file unless it is there; nobody sees half of it."""
    if not path.exists():
        replace_file(path, text.encode())
