# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Workflows: actions named by their commit, no permission that is not needed, no complaint of actionlint."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections import defaultdict
from pathlib import Path

import pytest
import yaml

pytestmark = pytest.mark.one_core
ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
# Files of actions and examples name actions too.
FILES = [*WORKFLOWS, *sorted(ROOT.rglob("action.yml"))]
PINNED = re.compile(r"([\w.-]+/[\w./-]+)@([0-9a-f]{40}) # (v\d+\.\d+\.\d+)")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_each_action_is_named_by_its_commit_and_says_its_version(path: Path) -> None:
    used = re.findall(r"^[ -]*uses: *(.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    others = [name for name in used if not name.startswith(("./", "../"))]
    assert [name for name in others if not PINNED.fullmatch(name)] == []


def test_an_action_has_one_version_everywhere() -> None:
    versions = defaultdict(set)
    for path in FILES:
        for name, commit, version in PINNED.findall(path.read_text(encoding="utf-8")):
            versions[name].add((commit, version))
    assert versions
    assert {name: found for name, found in versions.items() if len(found) > 1} == {}


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_has_no_permission_but_those_that_it_names_and_leaves_no_token_in_the_checkout(path: Path) -> None:
    workflow = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert workflow["permissions"] in ({}, {"contents": "read"})
    for job in workflow["jobs"].values():
        assert job.get("permissions", workflow["permissions"]), "a job says which"
        for step in job.get("steps", ()):
            if step.get("uses", "").startswith("actions/checkout@"):
                assert step["with"]["persist-credentials"] is False


def test_a_workflow_gives_arguments_only_to_targets_that_use_them() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    recipes = dict(re.findall(r"^([a-z-]+):.*\n((?:\t.*\n)+)", makefile, re.MULTILINE))
    given = [pair for path in WORKFLOWS for pair in re.findall(r"\bmake ([a-z-]+) ([A-Z]+)=", path.read_text("utf-8"))]
    assert given
    assert [(target, name) for target, name in given if f"$({name})" not in recipes[target]] == []


@pytest.mark.skipif(shutil.which("actionlint") is None, reason="actionlint is not installed")
def test_actionlint_has_no_complaint() -> None:
    command = ["actionlint", "-no-color", *map(str, WORKFLOWS)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")
