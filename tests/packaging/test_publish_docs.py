# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The site has a folder for each release, one for main, and "latest" for the newest release."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.environment.collection_tree import CHECKOUT

pytestmark = pytest.mark.one_core
AUTHOR = {f"GIT_{role}_{what}": "x@example.com" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
Publish = Callable[[str, str], str]


def git(folder: Path, *arguments: str) -> str:
    command = ["git", *arguments]
    done = subprocess.run(command, cwd=folder, env={**os.environ, **AUTHOR}, capture_output=True, text=True, check=True)
    return done.stdout


@pytest.fixture
def origin(tmp_path: Path) -> Path:
    """The repository that the site is pushed to, with a checkout beside it."""
    origin, checkout = tmp_path / "origin.git", tmp_path / "checkout"
    git(tmp_path, "init", "--quiet", "--bare", str(origin))
    git(tmp_path, "clone", "--quiet", str(origin), str(checkout))
    (checkout / ".ci").mkdir()
    shutil.copy2(CHECKOUT / ".ci" / "publish-docs", checkout / ".ci")
    git(checkout, "add", "--all")
    git(checkout, "commit", "--quiet", "--message", "A checkout")
    return origin


@pytest.fixture
def publish(origin: Path, tmp_path: Path) -> Publish:
    """Publish a site of one page under a name; returns what was said."""

    def publish(name: str, text: str) -> str:
        site = tmp_path / "site"
        site.mkdir(exist_ok=True)
        (site / "index.html").write_text(text, encoding="utf-8")
        command = [str(origin.parent / "checkout" / ".ci" / "publish-docs"), name, str(site)]
        done = subprocess.run(command, env={**os.environ, **AUTHOR}, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return publish


def page(origin: Path, path: str) -> str:
    return git(origin, "show", f"gh-pages:{path}")


def test_latest_is_main_until_there_is_a_release_and_then_the_newest(origin: Path, publish: Publish) -> None:
    publish("devel", "main before")
    assert page(origin, "latest/index.html") == "main before"
    publish("1.0.0", "one")
    publish("devel", "main after")
    publish("1.10.0", "ten")
    publish("1.9.1", "nine")
    found = {name: page(origin, f"{name}/index.html") for name in ("1.0.0", "1.9.1", "1.10.0", "latest", "devel")}
    assert found == {"1.0.0": "one", "1.9.1": "nine", "1.10.0": "ten", "latest": "ten", "devel": "main after"}
    listed = re.findall(r'href="([^"]+)/"', page(origin, "versions.html"))
    assert listed == ["latest", "1.10.0", "1.9.1", "1.0.0", "devel"]
    assert "url=latest/" in page(origin, "index.html")


def test_the_branch_has_the_site_alone_and_the_checkout_stays_as_it_is(origin: Path, publish: Publish) -> None:
    publish("devel", "main")
    files = git(origin, "ls-tree", "--name-only", "gh-pages").split()
    assert files == [".nojekyll", "devel", "index.html", "latest", "versions.html"]
    checkout = origin.parent / "checkout"
    assert git(checkout, "status", "--porcelain") == ""
    assert git(checkout, "worktree", "list").count("\n") == 1


def test_the_same_site_again_is_no_commit(origin: Path, publish: Publish) -> None:
    publish("devel", "main")
    before = git(origin, "rev-parse", "gh-pages")
    assert publish("devel", "main") == "The site is published as it is.\n"
    assert git(origin, "rev-parse", "gh-pages") == before


def test_another_name_is_refused(origin: Path) -> None:
    command = [str(origin.parent / "checkout" / ".ci" / "publish-docs"), "../x", str(origin)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "neither a version nor devel" in done.stderr
