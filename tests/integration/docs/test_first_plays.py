# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The README and the guide "Getting started" work as they are typed, against an emulator with its example."""

from __future__ import annotations

import re
import subprocess
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from workload_credentials_emulator import Emulator

from tests.support.examples import ROOT, blocks_of, environment
from tests.support.plays import Plays

pytestmark = pytest.mark.one_core
README = (ROOT / "README.md").read_text(encoding="utf-8")
GETTING_STARTED = (ROOT / "docs/docsite/rst/guide_getting_started.rst").read_text(encoding="utf-8")
CALLBACK = {"ANSIBLE_CALLBACKS_ENABLED": "community.workload_credentials.leases"}
# What these tests have done already: an emulator, a virtual environment, the collection.
DONE = (
    "git clone https://github.com/ansible-collections/community.workload_credentials",
    "cd community.workload_credentials",
    "make emulator ARGS=--with-example",
    "python3 -m venv ansible",
    ". ansible/bin/activate",
    "python3 -m pip install ansible-core requests",
    "ansible-galaxy collection install community.workload_credentials",
)
# The last part needs a site of one's own.
_OWN_SITE = "6. Connect to your own site"
_STEP = re.compile(
    r"(?:Save\s+this as ``(\S+)``(?:(?!code-block).|\n)*?)?\.\. code-block:: (\w+)\n\n((?: {4}.*\n|\n)+)"
)
_CHANGING = (
    r"[-0-9]{10}T[:0-9]{8}Z",
    r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
    r"https://127\.0\.0\.1:[0-9]+",
    r"/\S+/ca\.pem",
)


@pytest.fixture
def example() -> Iterator[Emulator]:
    """What ``make emulator ARGS=--with-example`` starts."""
    with Emulator(example=True) as emulator:
        yield emulator


@pytest.fixture
def variables(example: Emulator, tmp_path: Path) -> dict[str, str]:
    """The terminal's, with what the emulator tells people to export."""
    own = {**environment(tmp_path), **example.environment, "ANSIBLE_INVENTORY_ENABLED": "yaml"}
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "deploy").symlink_to("/bin/true")
    del own["DATABASE_PASSWORD"]
    return Plays(tmp_path).variables(own)


def run(variables: dict[str, str], folder: Path, book: list[dict[str, Any]]) -> str:
    """Run the plays, and return the output."""
    outcome = Plays(folder, variables).playbook(book, environment={**variables, "DATABASE_PASSWORD": "a"})
    assert outcome.status == 0, outcome.output
    return str(outcome.output)


def typed(command: str, folder: Path, variables: dict[str, str]) -> str:
    """Type a block of commands into a shell that remembers what was exported; return the output."""
    # What a shell exports, the next one has too.
    script = f"touch exported; . ./exported; {command}\nstatus=$?; export -p > exported; exit $status"
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=folder,
        env=variables,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}"
    assert "CANARY" not in done.stdout
    assert not re.search(r"\[ERROR\]|NOT DEFINED|error \d+ - ", done.stdout), done.stdout
    return done.stdout


def plain(text: str) -> str:
    """A text in which stars, spaces and what differs between runs are always the same."""
    for number, pattern in enumerate(_CHANGING):
        text = re.sub(pattern, f"<{number}>", text)
    return " ".join(re.sub(r"\*+", "*", text).split())


def has_lines(output: str, text: str) -> bool:
    """Whether the output has the parts that a text shows of it."""
    return all(plain(part) in plain(output) for part in text.split("\n\n"))


def test_the_task_of_the_readme(example: Emulator, variables: dict[str, str], tmp_path: Path) -> None:
    (task,) = re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)
    book = [{"hosts": "localhost", "gather_facts": False, "tasks": yaml.safe_load(task)}]
    outcome = Plays(tmp_path, variables).playbook(
        book, inventory={"localhost": Plays(tmp_path).host()}, environment=CALLBACK
    )
    assert outcome.status == 0, outcome.output
    (table,) = re.findall(r"```text\n(.*?)```", README, re.DOTALL)
    # Both are minted at the same time.
    assert all(plain(line) in plain(outcome.output) for line in table.splitlines())
    assert example.control.leases()["minted"] == 2


def test_the_hello_of_the_readme_changes_nothing_the_second_time(
    example: Emulator, variables: dict[str, str], tmp_path: Path
) -> None:
    commands = [line for block in re.findall(r"```shell\n(.*?)```", README, re.DOTALL) for line in block.splitlines()]
    own = [line for line in commands if line.startswith(("export", "ansible-playbook"))]
    assert len(own) == 2
    first, second = (typed("\n".join(own), tmp_path, variables) for _time in range(2))
    assert has_lines(first, "localhost : ok=5 changed=2 unreachable=0 failed=0 skipped=0 rescued=0 ignored=0")
    assert has_lines(second, "localhost : ok=5 changed=0 unreachable=0 failed=0 skipped=0 rescued=0 ignored=0")
    assert has_lines(second, "hello/azure host localhost 2026-11-30T20:04:15Z revoked")
    leases = example.control.leases()
    assert (leases["minted"], leases["active"]) == (4, 2)


def test_getting_started_as_it_is_typed(example: Emulator, variables: dict[str, str], tmp_path: Path) -> None:
    """Each file, each command and each output that the guide shows, in its order."""
    output, shown, blocks = "", 0, _STEP.findall(GETTING_STARTED.partition(_OWN_SITE)[0])
    for name, kind, block in blocks:
        text = textwrap.dedent(block).strip("\n")
        if kind == "yaml":
            (tmp_path / name).write_text(text, encoding="utf-8")
        elif kind == "shell":
            own = [line for line in text.splitlines() if line not in DONE]
            # What the emulator prints stands for itself.
            output = typed("\n".join(own), tmp_path, variables) if own else exports(example)
        else:
            assert has_lines(output, text), f"{text}\n---\n{output}"
            shown += 1
    assert shown == 6
    assert example.control.leases()["minted"] == 1


def exports(example: Emulator) -> str:
    """The lines that the emulator prints."""
    lines = [f"export {name}={value}" for name, value in example.environment.items()]
    return "\n".join(["Point a play at it with:", *lines])


def test_the_example_is_what_the_guide_makes(example: Emulator, variables: dict[str, str], tmp_path: Path) -> None:
    """Its definitions find everything as they want it, but for the passwords that nobody can know."""
    blocks = blocks_of("guide_moment_of_use")
    book = next(yaml.safe_load(block) for block in blocks if "community.workload_credentials.folder:" in block)
    output = run(variables, tmp_path, book)
    changed = set(re.findall(r"TASK \[([^]]+)\][^\n]*\n(?:(?!TASK)[^\n]*\n)*?changed:", output))
    assert changed <= {"A password"}
