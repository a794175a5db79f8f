# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The part on the host: a file is replaced as a whole, and a kill between any steps leaves what the next run reads."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import signal
import stat
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ansible_collections.community.workload_credentials.plugins.module_utils import _host_files
from ansible_collections.community.workload_credentials.plugins.module_utils._host_files import (
    HostError,
    HostFile,
    file_facts,
    looked,
    note_path,
    noted_path,
)

OLD, NEW = b"canary-old-value\n", b"canary-new-value\n"
STEP = {"note": {"lease": "second"}}


def module(*, check_mode: bool = False, **params: Any) -> Any:
    """As much of AnsibleModule as a step needs."""

    def set_attributes(arguments: Any, changed: bool, diff: Any = None) -> bool:
        wanted = int(arguments["mode"], 8)
        differs = stat.S_IMODE(os.stat(arguments["path"]).st_mode) != wanted
        if differs and diff is not None:
            diff.setdefault("after", {})["mode"] = arguments["mode"]
        elif differs:
            os.chmod(arguments["path"], wanted)
        return changed or differs

    return SimpleNamespace(
        check_mode=check_mode,
        params={"mode": "0640", "validate": None, **params},
        load_file_common_arguments=lambda given, path: {"path": path, "mode": given["mode"]},
        set_fs_attributes_if_different=set_attributes,
        selinux_enabled=lambda: False,
        run_command=lambda command, **_more: (0 if "ok" in command else 1, "", ""),
    )


def on_host(path: Path, **params: Any) -> HostFile:
    return HostFile(module(**params), str(path))


def written(path: Path, content: bytes, note: dict[str, Any]) -> None:
    seen = looked(str(path))["note"]
    on_host(path).write({"note": note, "seen": seen}, content)


def noted(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(Path(note_path(str(path))).read_text())
    return found


def signature(path: Path) -> dict[str, int]:
    facts = file_facts(str(path)) or {}
    return {"size": facts["size"], "mtime_ns": facts["mtime_ns"]}


def test_a_note_has_the_name_and_the_permissions_of_its_file(tmp_path: Path) -> None:
    path = tmp_path / "app.env"
    written(path, OLD, {"lease": "first"})
    note = Path(note_path(str(path)))
    assert note.name == ".app.env.workload-credentials"
    assert noted_path(str(note)) == str(path)
    assert {stat.S_IMODE(one.stat().st_mode) for one in (path, note)} == {0o640}
    assert (noted(path)["file"], noted(path)["former"]) == (signature(path), None)


def test_what_was_written_is_known_without_its_note_and_what_somebody_changed_is_not(tmp_path: Path) -> None:
    path = tmp_path / "app.env"
    written(path, OLD, {"lease": "first"})
    assert (file_facts(str(path)) or {})["is_marked"]
    path.write_bytes(NEW)
    assert not (file_facts(str(path)) or {})["is_marked"]


KILLED = """
import os, signal, sys
from pathlib import Path
from tests.unit.plugins.module_utils import test_host_files as tests
left = int(sys.argv[2])
def count(event, arguments):
    global left
    if event.split(".")[0] == "os" or event == "open":
        if sys.argv[1] in str(arguments[0]) or event in ("os.utime", "os.chmod", "os.chown"):
            left -= 1
            if left < 0:
                os.kill(os.getpid(), signal.SIGKILL)
path = Path(sys.argv[1]) / "app.env"
seen = tests.looked(str(path))["note"]
host_file = tests.on_host(path, validate="ok %s")
sys.addaudithook(count)
host_file.look()
host_file.write({**tests.STEP, "seen": seen}, tests.NEW)
"""


def killed_after(folder: Path, steps: int) -> bool:
    """Write the file in a process that is killed after so many calls of the system; return whether it was."""
    root = Path(__file__).parents[4]
    done = subprocess.run([sys.executable, "-c", KILLED, str(folder), str(steps)], cwd=root, check=False)
    assert done.returncode in (0, -signal.SIGKILL)
    return done.returncode != 0


@pytest.mark.one_core
@pytest.mark.parametrize("is_first", [True, False])
def test_after_a_kill_between_any_two_steps_the_note_says_what_the_file_is(tmp_path: Path, is_first: bool) -> None:
    start = tmp_path / "start"
    start.mkdir()
    if not is_first:
        written(start / "app.env", OLD, {"lease": "first"})
    steps, was_killed = 0, True
    while was_killed:
        folder = tmp_path / f"after-{steps}"
        # With the times of change, which the note knows.
        shutil.copytree(start, folder)
        was_killed = killed_after(folder, steps)
        steps += 1
        path = folder / "app.env"
        content = path.read_bytes() if path.exists() else None
        assert content in ((None, NEW) if is_first else (OLD, NEW))
        for other in folder.iterdir():
            assert stat.S_IMODE(other.stat().st_mode) & 0o007 == 0
        note = noted(path) if Path(note_path(str(path))).exists() else None
        if content == NEW:
            assert note is not None
            assert (note["lease"], note["file"]) == ("second", signature(path))
        elif note is not None and note["lease"] == "second":
            # The controller sees that the file was not replaced.
            assert note["former"] == (signature(path) if content else None)
        # The next run leaves nothing of the killed one, and writes.
        on_host(path).look()
        assert {one.name for one in folder.iterdir()} <= {"app.env", ".app.env.workload-credentials"}
        written(path, NEW, {"lease": "third"})
        assert (noted(path)["lease"], path.read_bytes()) == ("third", NEW)
    assert steps > 8


def test_a_refused_file_leaves_everything_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "app.env"
    written(path, OLD, {"lease": "first"})
    before = {one.name: one.read_bytes() for one in tmp_path.iterdir()}
    seen = looked(str(path))["note"]
    with pytest.raises(HostError, match="status 1"):
        on_host(path, validate="no %s").write({**STEP, "seen": seen}, NEW)
    assert {one.name: one.read_bytes() for one in tmp_path.iterdir()} == before


def test_a_file_that_cannot_be_replaced_keeps_its_note(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "app.env"
    written(path, OLD, {"lease": "first"})
    before = {one.name: one.read_bytes() for one in tmp_path.iterdir()}
    rename = os.rename

    def refuse(source: str, target: str) -> None:
        if target == str(path):
            raise PermissionError(1, "Operation not permitted")
        rename(source, target)

    monkeypatch.setattr(_host_files.os, "rename", refuse)
    with pytest.raises(PermissionError):
        written(path, NEW, STEP["note"])
    assert {one.name: one.read_bytes() for one in tmp_path.iterdir()} == before


def test_a_full_disk_leaves_everything_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "app.env"
    written(path, OLD, {"lease": "first"})
    before = {one.name: one.read_bytes() for one in tmp_path.iterdir()}

    def fail(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(_host_files.os, "fsync", fail)
    with pytest.raises(OSError, match="No space left"):
        written(path, NEW, STEP["note"])
    assert {one.name: one.read_bytes() for one in tmp_path.iterdir()} == before


def test_two_runs_do_not_write_the_same_file(tmp_path: Path) -> None:
    path = tmp_path / "app.env"
    written(path, OLD, {"lease": "first"})
    with pytest.raises(HostError, match="another run has written this file"):
        on_host(path).write({**STEP, "seen": "what it was before"}, NEW)
    fresh = Path(note_path(str(path)) + ".new")
    with fresh.open("wb") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(HostError, match="is writing this file at this moment"):
            written(path, NEW, STEP["note"])
        assert fresh.exists()
    assert path.read_bytes() == OLD


def test_nothing_is_written_through_a_link(tmp_path: Path) -> None:
    path, victim = tmp_path / "app.env", tmp_path / "victim"
    victim.write_text("mine")
    Path(note_path(str(path)) + ".new").symlink_to(victim)
    Path(note_path(str(path)) + ".note.new").symlink_to(victim)
    on_host(path).look()
    written(path, NEW, STEP["note"])
    assert (victim.read_text(), path.read_bytes()) == ("mine", NEW)


@pytest.mark.parametrize("interpreter", ["python3.9", "python3.13"])
def test_the_hosts_python_needs_nothing(interpreter: str) -> None:
    # pyenv's own commands only lead to versions that a folder has chosen.
    version = interpreter.removeprefix("python")
    installed = [
        *Path.home().glob(f".pyenv/versions/{version}*/bin/python3"),
        *filter(None, [shutil.which(interpreter)]),
    ]
    found = next(iter(installed), None)
    if found is None:
        pytest.skip(f"there is no {interpreter}")
    code = f"import runpy; runpy.run_path({_host_files.__file__!r})"
    subprocess.run([str(found), "-I", "-S", "-c", code], check=True)
