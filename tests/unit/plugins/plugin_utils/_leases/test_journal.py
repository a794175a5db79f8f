# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import errno
import fcntl
import json
import os
import signal
from multiprocessing import get_context
from pathlib import Path
from stat import S_ISDIR
from typing import Any

import pytest
from ansible_collections.community.workload_credentials.plugins.plugin_utils._leases import journal
from ansible_collections.community.workload_credentials.plugins.plugin_utils._leases.journal import (
    FOLDER,
    claim,
    close,
    damaged_file,
    minting,
    other_journals,
    own_journal,
    taken_over,
)


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """The temporary folder of a run."""
    folder = tmp_path / "ansible-local-1"
    folder.mkdir()
    return folder


def said_of(run: Path, **changes: Any) -> bool | None:
    """Whether the run is dead, if what is written of it were so."""
    file = own_journal(run, None) / "run.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), **changes}))
    with taken_over(own_journal(run, None)) as is_dead:
        return is_dead


def _claimed_and_killed(run: str) -> None:
    with minting(own_journal(Path(run), None), Path(run)):
        os.kill(os.getpid(), signal.SIGKILL)


def test_a_run_lives_as_long_as_its_process(run: Path) -> None:
    worker = get_context("fork").Process(target=_claimed_and_killed, args=(str(run),))
    worker.start()
    worker.join()
    # This process is the run's, and the worker was killed while it minted.
    assert said_of(run) is False
    assert said_of(run, started="before") is True
    assert said_of(run, pid=2**22 + 1) is True


def test_a_run_of_another_machine_is_known_by_its_lock(run: Path) -> None:
    claim(own_journal(run, None), run)
    assert said_of(run, machine="another") is False
    descriptor = journal._locked.pop((os.getpid(), own_journal(run, None)))
    os.close(descriptor)
    assert said_of(run, machine="another") is True
    assert said_of(run, machine="another", locked=False, host=None) is None


def test_without_locks_nobody_knows_whether_a_run_of_another_machine_lives(
    run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_locks(_descriptor: int, _operation: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    claim(own_journal(run, None), run)
    with monkeypatch.context() as patch:
        patch.setattr(fcntl, "flock", no_locks)
        # The number of its process tells on the same machine, and its lock, which it could have, nobody can see here.
        assert said_of(run, started="before") is True
        assert said_of(run, machine="another", host=None) is None
    os.close(journal._locked.pop((os.getpid(), own_journal(run, None))))
    (own_journal(run, None) / "run.json").unlink()
    with monkeypatch.context() as patch:
        patch.setattr(fcntl, "flock", no_locks)
        claim(own_journal(run, None), run)
    assert said_of(run, machine="another", host=None) is None


def test_no_run_outlives_a_start_of_its_machine(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "_host", lambda: "number name")
    claim(own_journal(run, None), run)
    assert said_of(run, machine="before the start", locked=False) is True
    assert said_of(run, machine="before the start", locked=False, host="number another") is None
    # The host of containers is not known, and may be any.
    monkeypatch.setattr(journal, "_host", lambda: None)
    assert said_of(run, machine="before the start", locked=False, host=None) is None


def test_only_one_settles_and_nobody_while_a_worker_mints(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "_ORPHANS", 0)
    with minting(own_journal(run, None), run):
        assert said_of(run, started="before") is False
    with taken_over(own_journal(run, None)) as mine:
        assert (mine, said_of(run)) == (True, False)


def _mints(run: str) -> bool:
    try:
        with minting(own_journal(Path(run), None), Path(run)):
            return True
    except OSError:
        return False


def test_once_the_end_has_begun_nobody_mints(run: Path) -> None:
    assert _mints(str(run))
    close(run)
    assert not _mints(str(run))


@pytest.mark.parametrize("content", [None, "", "\0\0", "[]", "{}", '{"pid": 1, "sta'])
def test_a_damaged_journal_is_judged_by_its_lock(tmp_path: Path, run: Path, content: str | None) -> None:
    other = tmp_path / "ansible-local-2" / FOLDER
    (other / "minted").mkdir(parents=True)
    assert other_journals(run, None) == []
    (other / "minted" / "note").write_text("")
    assert other_journals(run, None) == [other]
    if content is not None:
        (other / "run.json").write_text(content)
    assert damaged_file(other) == other / "run.json"
    with (other / "alive").open("w") as alive:
        fcntl.flock(alive, fcntl.LOCK_SH)
        with taken_over(other) as is_dead:
            assert is_dead is False
    with taken_over(other) as is_dead:
        assert is_dead is True


def test_what_is_written_is_on_the_disk_before_its_name_is(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []
    replace, fsync = os.replace, os.fsync
    monkeypatch.setattr(os, "replace", lambda *paths: (done.append("replace"), replace(*paths)))
    monkeypatch.setattr(
        os, "fsync", lambda one: (done.append("folder" if S_ISDIR(os.fstat(one).st_mode) else "file"), fsync(one))
    )
    claim(own_journal(run, None), run)
    assert done == ["file", "replace", "folder"]
    assert damaged_file(own_journal(run, None)) is None


def test_nothing_half_written_stays(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left") as caught:
        claim(own_journal(run, None), run)
    assert caught.value.filename == str(own_journal(run, None) / "run.json")
    assert sorted(one.name for one in own_journal(run, None).iterdir()) == ["alive"]
