# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The archive, built once for all that look at it."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

from tests.environment.collection_tree import CHECKOUT
from tests.environment.sanity import known_files
from tests.support.programs import finished

# What tools, editors and earlier builds leave in a checkout.
LITTER = (
    ".ansible/collections/x.py",
    ".hypothesis/examples/x",
    ".mypy_cache/x.json",
    ".pytest_cache/v/x",
    ".ruff_cache/x",
    ".venv/bin/python",
    ".vscode/settings.json",
    "community-workload_credentials-0.9.0.tar.gz",
    "plugins/modules/__pycache__/folder.cpython-313.pyc",
    "tests/output/x.json",
)


def ansible_galaxy(*arguments: str, folder: Path, **environment: str) -> None:
    program = str(Path(sys.executable).with_name("ansible-galaxy"))
    done = finished(
        [program, "collection", *arguments],
        folder=folder,
        environment={**os.environ, **environment},
    )
    assert done.returncode == 0, done.stdout


@pytest.fixture(scope="session")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The archive, built from a checkout in which people work."""
    checkout = tmp_path_factory.mktemp("checkout")
    for path in known_files():
        (checkout / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(CHECKOUT / path, checkout / path)
    for name in LITTER:
        (checkout / name).parent.mkdir(parents=True, exist_ok=True)
        (checkout / name).write_text("litter", encoding="utf-8")
    built = tmp_path_factory.mktemp("built")
    ansible_galaxy("build", "--output-path", str(built), folder=checkout)
    (one,) = built.glob("*.tar.gz")
    return one
