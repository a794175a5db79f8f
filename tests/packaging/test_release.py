# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A release is one command: changelog, version, archive, checksum, commit and tag."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.environment.collection_tree import CHECKOUT
from tests.environment.sanity import known_files
from tests.support.programs import finished

pytestmark = pytest.mark.one_core
AUTHOR = {f"GIT_{role}_{what}": "x@example.com" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A repository with what this one has."""
    folder = tmp_path / "ansible_collections" / "community" / "workload_credentials"
    for path in known_files():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(CHECKOUT / path, folder / path, follow_symlinks=False)
    (folder / "changelogs" / "fragments" / "news.yml").write_text("minor_changes:\n  - Everything - is new.\n")
    for command in (("init", "--quiet"), ("add", "--all"), ("commit", "--quiet", "--message", "All of it")):
        git(folder, *command)
    return folder


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", *arguments], cwd=folder, env={**os.environ, **AUTHOR}, capture_output=True, text=True, check=True
    )
    return done.stdout


def release(folder: Path, *arguments: str) -> tuple[int, str]:
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = finished([str(folder / ".ci" / "release"), *arguments], {**os.environ, **AUTHOR, "PATH": path})
    return done.returncode, done.stdout


def test_a_release_is_complete(checkout: Path) -> None:
    status, output = release(checkout, "7.8.9")
    assert status == 0, output
    archive = checkout / "dist" / "community-workload_credentials-7.8.9.tar.gz"
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    assert (checkout / "dist" / "SHA256SUMS").read_text() == f"{digest}  ./{archive.name}\n"
    assert git(checkout, "tag", "--points-at", "HEAD") == "7.8.9\n"
    assert git(checkout, "status", "--porcelain") == ""
    changelog = (checkout / "CHANGELOG.rst").read_text()
    assert "v7.8.9" in changelog
    assert "Everything - is new." in changelog
    assert list((checkout / "changelogs" / "fragments").glob("*")) == []
    # What was released is not released again.
    status, output = release(checkout, "7.8.9")
    assert (status, output) == (2, "release: the tag 7.8.9 is there already.\n")


@pytest.mark.parametrize(
    ("version", "spoil", "said"),
    [
        ("1.2", "", "say which"),
        ("v1.2.3", "", "say which"),
        ("", "", "say which"),
        ("7.8.9", "galaxy.yml", "commit or put away"),
        ("7.8.9", "new.txt", "commit or put away"),
    ],
)
def test_what_cannot_be_released_changes_nothing(checkout: Path, version: str, spoil: str, said: str) -> None:
    if spoil:
        with (checkout / spoil).open("a") as file:
            file.write("# more\n")
    before = git(checkout, "status", "--porcelain"), git(checkout, "rev-parse", "HEAD")
    status, output = release(checkout, version)
    assert status == 2
    assert said in output
    assert (git(checkout, "status", "--porcelain"), git(checkout, "rev-parse", "HEAD")) == before


def test_a_failure_leaves_nothing_half_done(checkout: Path) -> None:
    (checkout / "changelogs" / "fragments" / "bad.yml").write_text("nothing_like_this:\n  - Oh.\n")
    git(checkout, "add", "--all")
    git(checkout, "commit", "--quiet", "--message", "A fragment that is none")
    head = git(checkout, "rev-parse", "HEAD")
    status, output = release(checkout, "7.8.9")
    assert status != 0
    assert output.endswith("release: nothing was released.\n")
    assert (git(checkout, "rev-parse", "HEAD"), git(checkout, "status", "--porcelain"), git(checkout, "tag")) == (
        head,
        "",
        "",
    )
