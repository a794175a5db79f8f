# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What people copy works: the EXAMPLES of modules and lookups, the README's play and the guides' tasks and plays."""

from __future__ import annotations

import ast
import re
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.community.workload_credentials.plugins.module_utils._resources.index import MODULES

from tests.support.definitions import ROLE, UUIDS, do
from tests.support.plays import Plays
from tests.support.site import TOKEN, Site

ROOT = Path(__file__).parents[3]
PLUGINS = [*(f"modules/{name}" for name in MODULES), "lookup/dynamic_credentials", "lookup/static_secret"]
GUIDES = sorted(path.stem for path in (ROOT / "docs" / "docsite" / "rst").glob("*.rst"))
# Programs that examples call.
PROGRAMS = ("aws", "deploy", "report")
SECRET = "canary-value-of-examples"
LEASE = "b7e6f8a1-9c2d-4e3a-8b7a-2d6e4f1c9a2b"


@pytest.fixture
def world(site: Site, tmp_path: Path) -> dict[str, str]:
    """What examples presuppose, on the site and on the machine; returns what stands for what in their text."""
    for path in ("prod/aws", "prod/azure", "prod/db"):
        do(site, "folder", path=path)
    do(site, "integration", type="aws", name="main", role_arn=ROLE)
    azure = {"tenant_id": UUIDS[0], "client_id": UUIDS[1], "client_secret": SECRET}
    for name in ("main-azure", "second-azure"):
        do(site, "integration", type="azure", name=name, **azure)
    for name in ("app", "web", "batch"):
        aws = {"integration_name": "main", "role_arn": ROLE, "ttl": 3600}
        do(site, "dynamic_secret", path=f"prod/aws/{name}", type="aws", **aws)
    azure = {"integration_name": "main-azure", "application_object_id": UUIDS[2], "ttl": 3600}
    do(site, "dynamic_secret", path="prod/azure/app", type="azure", **azure)
    for password in (SECRET, f"{SECRET}-2", f"{SECRET}-3"):
        do(site, "static_secret", path="prod/db/app", secret={"username": "app", "password": password})
    for folder in ("bin", "app", ".aws"):
        (tmp_path / folder).mkdir()
    for name in PROGRAMS:
        (tmp_path / "bin" / name).symlink_to("/bin/true")
    (tmp_path / "token").write_text(TOKEN, encoding="utf-8")
    return {
        "/etc/app": str(tmp_path / "app"),
        "~/.aws": str(tmp_path / ".aws"),
        "/run/secrets/other-site-token": str(tmp_path / "token"),
        "/run/secrets/workload-token": str(tmp_path / "token"),
        "/usr/local/bin": str(tmp_path / "bin"),
        "a1b2c3d4-e5f6-4890-abcd-ef1234567890": site.site_id,
        "b1b2c3d4-e5f6-4890-abcd-ef1234567890": site.site_id,
        LEASE: do(site, "dynamic_credentials", path="prod/azure/app")["lease_id"],
    }


@pytest.mark.parametrize("plugin", PLUGINS)
def test_the_examples_of_a_plugin_run(plays: Plays, world: dict[str, str], tmp_path: Path, plugin: str) -> None:
    tree = ast.parse((ROOT / "plugins" / f"{plugin}.py").read_text(encoding="utf-8"))
    texts = {
        node.targets[0].id: ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
    }
    run(plays, world, tmp_path, texts["EXAMPLES"])


@pytest.mark.one_core
@pytest.mark.parametrize("guide", GUIDES)
def test_what_a_guide_shows_runs(plays: Plays, world: dict[str, str], tmp_path: Path, guide: str) -> None:
    text = (ROOT / "docs" / "docsite" / "rst" / f"{guide}.rst").read_text(encoding="utf-8")
    for block in re.findall(r"\.\. code-block:: yaml\n((?:\n| +.*\n)+)", text):
        run(plays, world, tmp_path, textwrap.dedent(block))


def test_the_play_of_the_readme_runs(plays: Plays, world: dict[str, str], tmp_path: Path) -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    run(plays, world, tmp_path, block)


def run(plays: Plays, world: dict[str, str], home: Path, text: str) -> None:
    """Run tasks and plays as they stand in a text; a part of a task or play is none, and does not count."""
    for said, meant in world.items():
        text = text.replace(said, meant)
    entries = yaml.safe_load(text)
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        return
    tasks = [without_the_internet(entry) for entry in entries if "hosts" not in entry]
    minted = {"results": [{"lease_id": world[LEASE]}]}
    values = {"azure_client_secret": SECRET, "app_password": SECRET, "minted": minted}
    # In an order of their own, as a play changes what the next one finds.
    book = [{"hosts": "localhost", "gather_facts": False, "vars": values, "tasks": tasks}] if tasks else []
    for play in (entry for entry in entries if "hosts" in entry):
        own = [without_the_internet(task) for task in play.get("tasks", [])]
        book.append({**play, "vars": {**values, **play.get("vars", {})}, "tasks": own})
    outcome = plays.playbook(
        book,
        inventory={"localhost": plays.host()},
        environment={
            "HOME": str(home),
            "PATH": f"{home / 'bin'}:{Path(sys.executable).parent}:/usr/bin:/bin",
            "AZURE_CLIENT_SECRET": SECRET,
        },
    )
    assert outcome.status == 0, f"{text}\n{outcome.output}"
    # A play for hosts that are not there has no recap.
    assert "failed=0" in outcome.output or "no hosts matched" in outcome.output
    assert not re.search("(failed|rescued)=[1-9]", outcome.output)
    assert "canary" not in outcome.output


def without_the_internet(task: dict[str, Any]) -> dict[str, Any]:
    """The same task, that looks at the password with which it would call a web site."""
    changed = {key: [*map(without_the_internet, task[key])] for key in ("block", "rescue", "always") if key in task}
    if call := task.get("ansible.builtin.uri"):
        rest = {key: value for key, value in task.items() if key != "ansible.builtin.uri"}
        return {**rest, "ansible.builtin.assert": {"that": "password is match('canary')"}} | {
            "vars": {**task.get("vars", {}), "password": call["url_password"]}
        }
    return {**task, **changed}
