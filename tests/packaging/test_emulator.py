# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The emulator as people install it: a command, and a fixture that pytest finds by itself."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.environment.collection_tree import CHECKOUT
from tests.support.programs import finished

pytestmark = pytest.mark.one_core
TEST = """
import os

def test_a_play(secrets_api):
    assert os.environ["BEYONDTRUST_API_URL"] == secrets_api.url
    assert secrets_api.control.leases()["minted"] == 0
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what ``pip install ./emulator`` puts beside its dependencies, which are here already."""
    folder = tmp_path_factory.mktemp("installed")
    here = ["--no-index", "--no-deps", "--no-build-isolation", "--target", str(folder)]
    command = [sys.executable, "-m", "pip", "install", *here, "./emulator"]
    done = finished(command, folder=CHECKOUT, environment=dict(os.environ))
    assert done.returncode == 0, done.stdout
    return folder


def test_the_command_serves(installed: Path, tmp_path: Path) -> None:
    command = [str(installed / "bin" / "workload-credentials-emulator"), "--port", "0", "--no-tls"]
    variables = {**os.environ, "PYTHONPATH": str(installed)}
    with subprocess.Popen(command, cwd=tmp_path, env=variables, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline().startswith("ready http://127.0.0.1:")
        finally:
            process.terminate()
    assert process.returncode == 0


def test_pytest_finds_the_fixture(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "test_play.py").write_text(TEST, encoding="utf-8")
    variables = {**os.environ, "PYTHONPATH": str(installed)}
    done = finished([sys.executable, "-m", "pytest", "-q"], folder=tmp_path, environment=variables)
    assert done.returncode == 0, done.stdout
    assert "1 passed" in done.stdout


def test_everything_is_in_it(installed: Path) -> None:
    source = CHECKOUT / "emulator" / "src" / "workload_credentials_emulator"
    sources = {path.relative_to(source) for path in source.rglob("*") if path.is_file() and path.suffix != ".pyc"}
    package = installed / source.name
    assert {
        path.relative_to(package) for path in package.rglob("*") if path.is_file() and path.suffix != ".pyc"
    } == sources
