# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What people copy works: the EXAMPLES of modules and lookups. For guides see test_empty_site.py."""

from __future__ import annotations

import ast
import os
import re
from pathlib import Path

import pytest
from ansible_collections.community.workload_credentials.plugins.module_utils._resources.index import MODULES, spec_of

from tests.support.definitions import ROLE, UUIDS, do
from tests.support.documentation import LOOKUPS, ON_HOSTS
from tests.support.examples import ROOT, SECRET, environment, machine, playbook_of
from tests.support.plays import Plays
from tests.support.represented import represented
from tests.support.site import Site

# Each runs with every ansible-core in tests of modules and lookups. Those of a cluster's modules and of its lookup are
# in tests/integration/service_accounts, those of the administration site's modules in tests/integration/access.
PLUGINS = [
    *(f"modules/{name}" for name in MODULES if spec_of(name).connect is None and not spec_of(name).administers),
    *(f"modules/{name}" for name in ON_HOSTS),
    *(f"lookup/{name}" for name in LOOKUPS if name != "service_account_token"),
]
REPRESENTATIVE = (
    "modules/dynamic_secret",
    "modules/folder",
    "modules/credentials_file",
    "lookup/dynamic_credentials",
    "lookup/static_secret",
)
# Who runs the tests stands for a user of the example.
OWNERS = (("owner", os.getuid()), ("group", os.getgid()))
LEASE = "b7e6f8a1-9c2d-4e3a-8b7a-2d6e4f1c9a2b"


@pytest.fixture
def example_values(site: Site, tmp_path: Path) -> dict[str, str]:
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
    (tmp_path / "web").mkdir()
    own = {"/etc/web": str(tmp_path / "web"), "/home/deploy": str(tmp_path)}
    return {
        **machine(site, tmp_path),
        **own,
        **{f"{option}: deploy": f"{option}: '{number}'" for option, number in OWNERS},
        LEASE: do(site, "dynamic_credentials", path="prod/azure/app")["lease_id"],
    }


@pytest.mark.newest_core
@pytest.mark.parametrize("plugin", represented(PLUGINS, by=REPRESENTATIVE))
def test_the_examples_of_a_plugin_run(
    plays: Plays, example_values: dict[str, str], tmp_path: Path, plugin: str
) -> None:
    tree = ast.parse((ROOT / "plugins" / f"{plugin}.py").read_text(encoding="utf-8"))
    texts = {
        node.targets[0].id: ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
    }
    run(plays, example_values, tmp_path, texts["EXAMPLES"])


def run(plays: Plays, example_values: dict[str, str], home: Path, text: str) -> None:
    """Run tasks and plays as they stand in a text; a part of a task or play is none, and does not count."""
    minted = {"results": [{"lease_id": example_values[LEASE]}]}
    values = {"azure_client_secret": SECRET, "app_password": SECRET, "minted": minted, "mfa_code": "071946"}
    book = playbook_of(text, example_values, values)
    if not book:
        return
    outcome = plays.playbook(
        book,
        inventory={"localhost": plays.host()},
        environment=environment(home),
    )
    assert outcome.status == 0, f"{text}\n{outcome.output}"
    # A play for hosts that are not there has no recap.
    assert "failed=0" in outcome.output or "no hosts matched" in outcome.output
    assert not re.search("(failed|rescued)=[1-9]", outcome.output)
    assert "canary" not in outcome.output
