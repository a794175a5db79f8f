# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a person sees who starts something, most of all where something is missing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.environment import run_tests
from tests.environment.collection_tree import CHECKOUT
from tests.environment.environments import Environment
from tests.environment.flavours import NEWEST, OLDEST, Flavour
from tests.environment.interpreters import Interpreter
from tests.environment.problem import MissingPrerequisiteError
from tests.environment.suites import Outcome

HERE = NEWEST if sys.version_info[:2] >= (3, 13) else OLDEST


def run(*command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=CHECKOUT,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def in_environment(*command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return run(sys.executable, "-m", "tests.environment", HERE.name, *command, **environment)


def bare(tmp_path: Path) -> dict[str, str]:
    """Variables of a machine that has no Python."""
    return {"HOME": str(tmp_path), "PATH": str(tmp_path), "PYENV_ROOT": str(tmp_path)}


@pytest.fixture
def one_python(monkeypatch: pytest.MonkeyPatch) -> Interpreter:
    """A machine with a Python for the newest ansible-core only, and environments that need not be built."""

    def environment(flavour: Flavour, interpreter: Interpreter) -> Environment:
        return Environment(flavour, interpreter, Path("bin"), Path("collections"))

    interpreter = Interpreter(Path("python3.13"), "3.13.1")
    monkeypatch.setattr(run_tests, "available", lambda: {NEWEST: interpreter})
    monkeypatch.setattr(run_tests, "environment", environment)
    monkeypatch.delenv("CI", raising=False)
    return interpreter


def test_the_persons_own_settings_stay_outside() -> None:
    foreign = {"BEYONDTRUST_ACCESS_TOKEN": "x", "KUBECONFIG": "x", "K8S_AUTH_HOST": "x", "ANSIBLE_STDOUT_CALLBACK": "x"}
    seen = in_environment("--", "env", **foreign).stdout.splitlines()
    assert [line for line in seen if line.split("=")[0] in foreign] == []
    kept = in_environment("--keep", "KUBECONFIG", "--", "env", **foreign).stdout.splitlines()
    assert "KUBECONFIG=x" in kept


def test_the_command_sees_the_checkout_as_a_collection() -> None:
    listed = in_environment("--", "ansible-galaxy", "collection", "list").stdout
    assert "community.workload_credentials" in listed
    assert "kubernetes.core" in listed


def test_the_commands_exit_status_is_the_answer() -> None:
    assert in_environment("--", "sh", "-c", "exit 7").returncode == 7


def test_the_command_has_the_process_to_itself() -> None:
    shell = in_environment("--", "sh", "-c", "echo $PPID")
    assert shell.stdout.strip() == str(os.getpid())


def test_a_missing_command_is_named() -> None:
    done = in_environment("--", "no-such-command")
    assert (done.returncode, done.stderr) == (127, "no-such-command: No such file or directory\n")


@pytest.mark.parametrize("module", ["tests.environment", "tests.environment.run_tests"])
def test_a_machine_without_python_is_told_which_it_needs(tmp_path: Path, module: str) -> None:
    command = ["--", "true"] if module == "tests.environment" else []
    done = run(sys.executable, "-m", module, *command, **bare(tmp_path))
    assert done.returncode == 2
    assert f"ansible-core {NEWEST.core} needs Python 3.13 or 3.14 or 3.12" in done.stderr
    assert "Traceback" not in done.stderr


def test_make_without_python_is_one_sentence() -> None:
    done = run("make", "demo", "PYTHON=no-such-python")
    assert done.returncode == 2
    assert done.stderr.splitlines()[0].startswith("no-such-python was not found: install Python 3.11")
    assert done.stdout == ""


@pytest.mark.usefixtures("one_python")
def test_one_python_is_tested_and_the_other_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert [environment.flavour for environment in run_tests._environments()] == [NEWEST]
    assert f"Not testing core-2.16, as CI does: ansible-core {OLDEST.core} needs Python 3.11" in capsys.readouterr().err


@pytest.mark.usefixtures("one_python")
def test_ci_demands_both(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    with pytest.raises(MissingPrerequisiteError, match=f"ansible-core {OLDEST.core} needs Python 3.11"):
        run_tests._environments()


def test_a_failed_suite_fails_the_run_and_is_counted(
    one_python: Interpreter, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    outcomes = [
        Outcome("unit", "here", True, "3 passed, 1 skipped in 1 s", {"passed": 3, "skipped": 1}),
        Outcome("integration", "here", False, "1 failed, 2 passed in 1 s", {"passed": 2, "failed": 1}),
    ]
    monkeypatch.setattr(run_tests, "_run", lambda suites, environments, thorough: outcomes)
    assert run_tests.main([]) == 1
    assert capsys.readouterr().out.splitlines()[-2:] == [
        "pytest in all: 5 passed, 1 failed, 1 skipped",
        "1 of 2 suites failed",
    ]
