# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where the three binaries come from: KUBEBUILDER_ASSETS, else the cache, else one build with Go."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.environment.cache import cache_folder

from .build import FLAGS, GO_FOLDER, Toolchain, build_all, find_toolchain
from .errors import MissingPrerequisiteError
from .report import Report

NAMES = ("kube-apiserver", "kube-controller-manager", "etcd")
MANIFEST = "manifest.json"


def find_binaries(report: Report, environ: Mapping[str, str] | None = None) -> Path:
    """Return a folder with the three binaries, building them when there is no other way."""
    environ = os.environ if environ is None else environ
    assets = environ.get("KUBEBUILDER_ASSETS")
    if assets:
        return _checked_assets(Path(assets).expanduser().resolve())
    toolchain = find_toolchain(environ)
    folder = cache_folder("kubernetes", *cache_key(toolchain))
    if not is_complete(folder):
        _build_once(folder, toolchain, report)
    return folder


def cache_key(toolchain: Toolchain) -> tuple[str, ...]:
    """Return everything that a build is made of: the pinned modules, the flags, the compiler and the platform."""
    modules = tuple((GO_FOLDER / name).read_text(encoding="utf-8") for name in ("go.mod", "go.sum"))
    return (*modules, "\n".join(FLAGS), toolchain.version, toolchain.platform)


def is_complete(folder: Path) -> bool:
    """Tell whether the folder holds the binaries that its own manifest names, byte for byte."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        return bool(manifest == _checksums(folder))
    except (OSError, ValueError):
        return False


def _checked_assets(folder: Path) -> Path:
    missing = [name for name in NAMES if not os.access(folder / name, os.X_OK)]
    if missing:
        raise MissingPrerequisiteError(
            f"KUBEBUILDER_ASSETS={folder} lacks {', '.join(missing)}: put {'it' if len(missing) == 1 else 'them'} there"
            " (setup-envtest does not bring kube-controller-manager), or unset the variable to build all with Go."
        )
    return folder


def _build_once(folder: Path, toolchain: Toolchain, report: Report) -> None:
    with _locked(folder.with_name(f"{folder.name}.lock"), report):
        if is_complete(folder):
            return
        prefix = f"{folder.name}.building-"
        # Whoever left these was killed: it held the lock that is ours now.
        for leftover in folder.parent.glob(f"{prefix}*"):
            shutil.rmtree(leftover)
        building = Path(tempfile.mkdtemp(prefix=prefix, dir=folder.parent))
        try:
            build_all(building, toolchain, report)
            (building / MANIFEST).write_text(json.dumps(_checksums(building), indent=1), encoding="utf-8")
            if folder.exists():
                folder.rename(building / "replaced")
            building.rename(folder)
        finally:
            shutil.rmtree(building, ignore_errors=True)
        shutil.rmtree(folder / "replaced", ignore_errors=True)


@contextmanager
def _locked(path: Path, report: Report) -> Iterator[None]:
    """Hold the lock file, so that two starts at once build once."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            report("waiting for another process that builds the Kubernetes control plane")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _checksums(folder: Path) -> dict[str, str]:
    """Hash the binaries: 230 MB take a few tenths of a second, and no damage passes."""
    return {name: _checksum(folder / name) for name in NAMES}


def _checksum(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as binary:
        while block := binary.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
