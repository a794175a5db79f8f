# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The first plays work as they are typed, against an emulator that was started with its example."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from workload_credentials_emulator import Emulator

from tests.support.examples import ROOT, blocks_of, environment
from tests.support.plays import Plays

pytestmark = pytest.mark.one_core


@pytest.fixture
def example() -> Iterator[Emulator]:
    """What ``make emulator ARGS=--with-example`` starts."""
    with Emulator(example=True) as emulator:
        yield emulator


def run(example: Emulator, folder: Path, book: list[dict[str, Any]]) -> str:
    """Run the plays with what the emulator tells people to export, and return the output."""
    variables = {**environment(folder), **example.environment}
    outcome = Plays(folder, variables).playbook(book, environment=variables)
    assert outcome.status == 0, outcome.output
    return str(outcome.output)


def yaml_of(path: str) -> list[Any]:
    text = (ROOT / path).read_text(encoding="utf-8")
    return [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)]


def has_lines(output: str, text: str) -> bool:
    """Whether the output has the lines that a text shows of it, where stars and spaces are as many as there are."""

    def plain(one: str) -> str:
        return " ".join(re.sub(r"\*+", "*", one).split())

    return all(plain(part) in plain(output) for part in text.split("\n\n"))


def test_the_play_of_the_readme(example: Emulator, tmp_path: Path) -> None:
    (play,) = yaml_of("README.md")
    output = run(example, tmp_path, play)
    assert "CANARY" not in output
    (shown,) = re.findall(r"```text\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    assert has_lines(output, shown)
    assert example.control.leases()["minted"] == 1


def test_getting_started_reads_before_it_writes(example: Emulator, tmp_path: Path) -> None:
    first = yaml.safe_load(blocks_of("guide_getting_started")[0])
    output = run(example, tmp_path, first)
    guide = (ROOT / "docs/docsite/rst/guide_getting_started.rst").read_text(encoding="utf-8")
    (shown,) = re.findall(r"code-block:: text\n\n((?: {4}.*\n|\n)+)", guide)
    assert has_lines(output, shown.strip("\n"))
    assert {entry["method"] for entry in example.control.journal()} == {"GET"}


@pytest.mark.parametrize("guide", ["guide_getting_started", "guide_moment_of_use"])
def test_the_example_is_what_a_guide_makes(example: Emulator, tmp_path: Path, guide: str) -> None:
    """Its definitions find everything as they want it, but for the passwords that nobody can know."""
    book = next(
        yaml.safe_load(block) for block in blocks_of(guide) if "community.workload_credentials.folder:" in block
    )
    output = run(example, tmp_path, book)
    changed = set(re.findall(r"TASK \[([^]]+)\][^\n]*\n(?:(?!TASK)[^\n]*\n)*?changed:", output))
    assert changed <= {"A password", "A password, which does not expire"}
