# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the command says when something is missing: one sentence, exit code 2, no traceback."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.kubernetes.build import GO_VERSION
from tests.support.represented import represented

ROOT = Path(__file__).parents[3]


def run(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run the command with changes to the environment."""
    inherited = {name: value for name, value in os.environ.items() if name != "KUBEBUILDER_ASSETS"}
    return subprocess.run(
        [sys.executable, "-m", "tests.kubernetes", *arguments],
        cwd=ROOT,
        env={**inherited, **environ},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("command", represented(["run", "build"], by=["build"]))
def test_where_go_is_nowhere_both_ways_out_are_named(command: str, tmp_path: Path) -> None:
    nowhere = {"PATH": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path), "PIP_NO_INDEX": "1"}
    answer = run(command, **nowhere)
    assert answer.returncode == 2
    assert answer.stdout == ""
    *_progress, reason, sentence = answer.stderr.splitlines()
    assert "cannot fetch" in reason
    assert f"install Go >= {GO_VERSION}" in sentence
    assert "KUBEBUILDER_ASSETS" in sentence


def test_a_go_that_is_too_old_is_named(tmp_path: Path) -> None:
    go = tmp_path / "go"
    reason = "go.mod requires go >= 1.26.0 (running go 1.19)"
    go.write_text(f"#!/bin/sh\necho 'go: {reason}' >&2\nexit 1\n", encoding="utf-8")
    go.chmod(0o755)
    answer = run("build", PATH=f"{tmp_path}:/usr/bin:/bin")
    assert answer.returncode == 2
    (sentence,) = answer.stderr.splitlines()
    assert str(go) in sentence
    assert reason in sentence
    assert f"install Go >= {GO_VERSION}" in sentence


def test_incomplete_assets_are_named(tmp_path: Path) -> None:
    for name in ("etcd", "kube-apiserver"):
        (tmp_path / name).touch(mode=0o755)
    answer = run(KUBEBUILDER_ASSETS=str(tmp_path))
    assert answer.returncode == 2
    (sentence,) = answer.stderr.splitlines()
    assert sentence.startswith(f"KUBEBUILDER_ASSETS={tmp_path} lacks kube-controller-manager: ")


def test_a_missing_python_package_is_named(tmp_path: Path) -> None:
    (tmp_path / "cryptography.py").write_text("raise ModuleNotFoundError(name=__name__)\n", encoding="utf-8")
    answer = run(PYTHONPATH=str(tmp_path))
    assert answer.returncode == 2
    (sentence,) = answer.stderr.splitlines()
    assert sentence.startswith("The Python package cryptography is needed")


def test_a_kubeconfig_of_someone_else_is_not_replaced(tmp_path: Path) -> None:
    file = tmp_path / "config"
    file.write_text("apiVersion: v1\n", encoding="utf-8")
    answer = run("--kubeconfig", str(file))
    assert answer.returncode == 1
    assert answer.stderr == f"{file} exists and was not written by this command: it stays, name another file.\n"
    assert file.read_text(encoding="utf-8") == "apiVersion: v1\n"


def test_a_kubeconfig_needs_a_folder(tmp_path: Path) -> None:
    answer = run("--kubeconfig", str(tmp_path / "missing" / "config"))
    assert answer.returncode == 1
    assert answer.stderr.endswith(f"there is no folder {tmp_path / 'missing'}.\n")
