# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import os
import signal
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.community.workload_credentials.plugins.plugin_utils._run import journal
from ansible_collections.community.workload_credentials.plugins.plugin_utils._run.journal import (
    FOLDER,
    claim,
    close,
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
    assert said_of(run, machine="another", locked=False) is None


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


def test_journals_without_notes_and_damaged_ones_are_nobodys(run: Path, tmp_path: Path) -> None:
    other = tmp_path / "ansible-local-2" / FOLDER
    (other / "minted").mkdir(parents=True)
    assert other_journals(run, None) == []
    (other / "minted" / "note").write_text("")
    assert other_journals(run, None) == [other]
    for content in ("", "[]", "{}"):
        (other / "run.json").write_text(content)
        with taken_over(other) as is_dead:
            assert is_dead is False
