# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Starting, several at once, and every way in which one can end."""

from __future__ import annotations

import os
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.kubernetes.binaries import find_binaries
from tests.kubernetes.control_plane import ControlPlane, reserve_port
from tests.kubernetes.errors import ControlPlaneError

from .clients import core_of
from .waiting import processes_of, running, wait_until

ROOT = Path(__file__).parents[3]
START = (sys.executable, "-m", "tests.kubernetes")
KUBECONFIGS_OF_THE_USER = ("kubeconfig", ".kube/config")


def mode(path: Path) -> int:
    """Return the permissions of a path."""
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def command(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Return the running command, started as a script does in the background: shells ignore SIGINT there."""
    home = tmp_path / "home"
    (home / ".kube").mkdir(parents=True)
    for file in KUBECONFIGS_OF_THE_USER:
        (home / file).write_text("the user's own", encoding="utf-8")
    environ = {**os.environ, "HOME": str(home), "KUBECONFIG": str(home / "kubeconfig")}
    environ["XDG_CACHE_HOME"] = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    environ["TMPDIR"] = str(tmp_path)
    process = subprocess.Popen(
        ["sh", "-c", "trap '' INT; exec \"$@\"", "sh", *START, "--kubeconfig", str(tmp_path / "admin.kubeconfig")],
        cwd=ROOT,
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    try:
        assert process.stdout.readline() == f"ready {tmp_path / 'admin.kubeconfig'}\n"
        yield process
    finally:
        process.kill()
        process.communicate()


def folder_in(path: Path) -> Path:
    """Return the folder of the only control plane there."""
    (folder,) = path.glob("workload-credentials-kubernetes-*")
    return folder


def test_only_the_owner_can_read_what_it_writes(cluster: ControlPlane) -> None:
    assert mode(cluster.folder) == 0o700
    assert mode(cluster.kubeconfig) == 0o600
    assert cluster.kubeconfig.parent == cluster.folder


def test_ctrl_c_in_the_terminal_does_not_reach_its_processes(cluster: ControlPlane) -> None:
    sessions = {os.getsid(process) for process in processes_of(cluster.folder)}
    assert len(sessions) == 1
    assert os.getsid(0) not in sessions


def test_nobody_else_gets_a_reserved_port_while_kube_apiserver_starts() -> None:
    holders = [reserve_port() for _attempt in range(20)]
    try:
        addresses = {holder.getsockname() for holder in holders}
        assert len(addresses) == len(holders)
        with socket.socket() as other, pytest.raises(OSError, match="in use"):
            other.bind(holders[0].getsockname())
    finally:
        for holder in holders:
            holder.close()


@pytest.mark.thorough
def test_two_at_once_are_apart(cluster: ControlPlane, core: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    # etcd refuses to start when its environment contradicts its flags.
    monkeypatch.setenv("ETCD_DATA_DIR", "/nonexistent")
    with ControlPlane() as second:
        assert second.server != cluster.server
        other_core = core_of(second.kubeconfig)
        other_core.create_namespace({"metadata": {"name": "only-in-the-second"}})
        assert "only-in-the-second" not in {item.metadata.name for item in core.list_namespace().items}
        folder, processes = second.folder, processes_of(second.folder)
        assert len(processes) == 4
    assert not running(processes)
    assert not folder.exists()
    assert core.read_namespace("default").metadata.name == "default"


def test_a_process_that_dies_is_named(tmp_path: Path) -> None:
    with ControlPlane(tmp_path / "admin.kubeconfig") as cluster:
        os.kill(cluster.pids["etcd"], signal.SIGKILL)
        with pytest.raises(ControlPlaneError, match=r"^etcd was ended by signal 9; the end of its log:\n.+"):
            cluster.wait()
        processes = processes_of(cluster.folder)
        # Should the keeper be killed too, neither processes nor folder stay.
        (keeper,) = processes - set(cluster.pids.values())
        os.kill(keeper, signal.SIGKILL)
        wait_until(lambda: not running(processes), "the processes to end")
        folder = cluster.folder
    assert not folder.exists()
    assert not (tmp_path / "admin.kubeconfig").exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_command_leaves_nothing(
    command: subprocess.Popen[str], tmp_path: Path, number: signal.Signals
) -> None:
    kubeconfig = tmp_path / "admin.kubeconfig"
    assert mode(kubeconfig) == 0o600
    assert core_of(kubeconfig).read_namespace("default").status.phase == "Active"
    processes = processes_of(folder_in(tmp_path))
    assert len(processes) == 4
    # As a terminal does: to the whole process group.
    os.killpg(command.pid, number)
    assert command.wait(timeout=30) == 130
    assert not running(processes)
    assert list(tmp_path.iterdir()) == [tmp_path / "home"]
    for file in KUBECONFIGS_OF_THE_USER:
        assert (tmp_path / "home" / file).read_text(encoding="utf-8") == "the user's own"


def test_a_killed_command_leaves_no_process(command: subprocess.Popen[str], tmp_path: Path) -> None:
    folder = folder_in(tmp_path)
    processes = processes_of(folder)
    assert len(processes) == 4
    command.kill()
    wait_until(lambda: not running(processes), "the processes to end")
    assert not folder.exists()


def test_a_failing_start_shows_the_log_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = find_binaries(lambda _message: None)
    assets = tmp_path / "assets"
    assets.mkdir()
    for name in ("etcd", "kube-controller-manager"):
        (assets / name).symlink_to(real / name)
    (assets / "kube-apiserver").write_text("#!/bin/sh\necho the reason\nexit 3\n", encoding="utf-8")
    (assets / "kube-apiserver").chmod(0o755)
    monkeypatch.setenv("KUBEBUILDER_ASSETS", str(assets))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with pytest.raises(ControlPlaneError) as failure:
        ControlPlane().start()
    assert str(failure.value) == "kube-apiserver ended with exit code 3; the end of its log:\nthe reason"
    assert list(tmp_path.iterdir()) == [assets]


def test_a_binary_that_cannot_run_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("etcd", "kube-apiserver", "kube-controller-manager"):
        (tmp_path / name).write_bytes(b"for another machine")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("KUBEBUILDER_ASSETS", str(tmp_path))
    with pytest.raises(ControlPlaneError, match=r"^etcd ended with exit code 126; .*\ncannot be run: "):
        ControlPlane().start()


def test_it_starts_once_and_stops_at_any_time(cluster: ControlPlane) -> None:
    with pytest.raises(ControlPlaneError, match="runs already"):
        cluster.start()
    idle = ControlPlane()
    idle.stop()
    with pytest.raises(ControlPlaneError, match="does not run"):
        idle.folder  # noqa: B018 - the access itself is what must fail
