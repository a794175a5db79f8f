# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The folder that holds ``ansible_collections``: this checkout under its collection's name, and what it works with."""

from __future__ import annotations

import contextlib
import tempfile
import zipfile
from pathlib import Path

from tests.environment.cache import cache_folder, made_once
from tests.environment.installer import pip
from tests.environment.package_index import for_pip
from tests.environment.progress import report, run_long

CHECKOUT = Path(__file__).resolve().parents[2]
# Where the emulator's package is: tests import it as anybody does who has installed it.
EMULATOR = CHECKOUT / "emulator" / "src"
# These collections come in the wheel of the community package, from where the Python packages come too.
_WHEEL = CHECKOUT / "tests" / "requirements" / "collections.txt"
# The second is the peer of the benchmarks; the others use credentials (docs/docsite/rst/guide_use_it_with.rst).
_FETCHED = ("kubernetes/core", "community/hashi_vault", "amazon/aws", "azure/azcollection")


def fetched_collections(python: Path) -> Path:
    """Return the folder with the collections that this one works with."""
    folder = cache_folder("collections", _WHEEL.read_text(encoding="utf-8"), *_FETCHED)
    return made_once(folder, lambda folder: _fetch(folder, python))


def collection_tree(fetched: Path) -> Path:
    """Return a folder with links to this checkout and to the fetched collections."""
    tree = cache_folder("tree", str(CHECKOUT), str(fetched))
    targets = {name: fetched / "ansible_collections" / name for name in _FETCHED}
    for name, target in {"community/workload_credentials": CHECKOUT, **targets}.items():
        link = tree / "ansible_collections" / name
        link.parent.mkdir(parents=True, exist_ok=True)
        # Where it is there already it is right, as the targets are in the folder's key.
        with contextlib.suppress(FileExistsError):
            link.symlink_to(target)
    return tree


def _fetch(folder: Path, python: Path) -> None:
    report(f"Fetching {', '.join(_FETCHED)}, once.")
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        command = _download(python, scratch)
        run_long(command, "downloading 50 MB", log=folder / "build.log", environment=for_pip())
        (wheel,) = Path(scratch).glob("*.whl")
        prefixes = tuple(f"ansible_collections/{name}/" for name in _FETCHED)
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(folder, [name for name in archive.namelist() if name.startswith(prefixes)])


def _download(python: Path, folder: str) -> list[str]:
    # The wheel asks for a newer Python than its collections do.
    any_python = ["--no-deps", "--only-binary=:all:", "--python-version", "3.13"]
    return [
        *pip(python),
        "download",
        "--progress-bar",
        "off",
        *any_python,
        "--require-hashes",
        "-r",
        str(_WHEEL),
        "--dest",
        folder,
    ]
