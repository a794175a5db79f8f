# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What people copy, as plays that run on this machine: blocks of guides, and the things that they presuppose of it."""

from __future__ import annotations

import re
import sys
import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from tests.support.site import TOKEN, Site

ROOT = Path(__file__).parents[2]
# Without the one about a cluster alone, and the one whose recipes run with their consumers (test_use_it_with.py).
GUIDES = sorted(
    path.stem
    for path in (ROOT / "docs" / "docsite" / "rst").glob("*.rst")
    if path.stem not in ("guide_service_accounts", "guide_use_it_with")
)
# Programs that examples call.
PROGRAMS = ("aws", "deploy", "report", "terraform")
SECRET = "canary-value-of-examples"
_BLOCK = re.compile(r"^( *)\.\. code-block:: yaml\n((?:\n|\1 +.*\n)+)", re.MULTILINE)


def blocks_of(guide: str) -> list[str]:
    """A guide's blocks of YAML, in their order."""
    return blocks_in((ROOT / "docs" / "docsite" / "rst" / f"{guide}.rst").read_text(encoding="utf-8"))


def blocks_in(text: str) -> list[str]:
    """The blocks of YAML in a text of a guide."""
    return [textwrap.dedent(block) for _indent, block in _BLOCK.findall(text)]


def machine(site: Site, home: Path) -> dict[str, str]:
    """What examples presuppose of the machine; returns what stands for what in their text."""
    for folder in ("app", ".aws"):
        (home / folder).mkdir()
    programs(home)
    (home / "token").write_text(TOKEN, encoding="utf-8")
    keys = f"aws_access_key_id = AKIAADMIN\naws_secret_access_key = {SECRET}\n"
    (home / ".aws" / "config").write_text(f"[profile admin]\n{keys}", encoding="utf-8")
    return {
        "/etc/app": str(home / "app"),
        "~/.aws": str(home / ".aws"),
        "/run/secrets/id-token": str(home / "token"),
        "/run/secrets/other-site-token": str(home / "token"),
        "/run/secrets/workload-token": str(home / "token"),
        "/usr/local/bin": str(home / "bin"),
        "a1b2c3d4-e5f6-4890-abcd-ef1234567890": site.site_id,
        "b1b2c3d4-e5f6-4890-abcd-ef1234567890": site.site_id,
    }


def programs(home: Path) -> None:
    """The programs that examples call, which do nothing."""
    (home / "bin").mkdir()
    for name in PROGRAMS:
        (home / "bin" / name).symlink_to("/bin/true")


def environment(home: Path) -> dict[str, str]:
    """The variables that examples read."""
    return {
        "HOME": str(home),
        "PATH": f"{home / 'bin'}:{Path(sys.executable).parent}:/usr/bin:/bin",
        "AZURE_CLIENT_SECRET": SECRET,
        "DATABASE_PASSWORD": SECRET,
    }


def playbook_of(text: str, meanings: Mapping[str, str], values: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Tasks and plays of a text as plays; a part of a task or play is none, and there are none then.

    :arg meanings: what stands for what in the text.
    :arg values: variables that examples use.
    """
    for said, meant in meanings.items():
        text = text.replace(said, meant)
    entries = yaml.safe_load(text)
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        return []
    tasks = [_without_the_internet(entry) for entry in entries if "hosts" not in entry]
    # In an order of their own, as a play changes what the next one finds.
    book = [{"hosts": "localhost", "gather_facts": False, "vars": dict(values), "tasks": tasks}] if tasks else []
    for play in (entry for entry in entries if "hosts" in entry):
        own = [_without_the_internet(task) for task in play.get("tasks", [])]
        book.append({**play, "vars": {**values, **play.get("vars", {})}, "tasks": own})
    return book


def _without_the_internet(task: dict[str, Any]) -> dict[str, Any]:
    """The same task, that looks at the password with which it would call a web site."""
    changed: dict[str, Any] = {}
    changed |= {key: [*map(_without_the_internet, task[key])] for key in ("block", "rescue", "always") if key in task}
    if call := task.get("ansible.builtin.uri"):
        rest = {key: value for key, value in task.items() if key != "ansible.builtin.uri"}
        return {**rest, "ansible.builtin.assert": {"that": "password is match('canary')"}} | {
            "vars": {**task.get("vars", {}), "password": call["url_password"]}
        }
    return {**task, **changed}
