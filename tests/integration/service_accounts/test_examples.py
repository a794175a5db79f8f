# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What people copy works: the EXAMPLES of each plugin, and the guide in its order."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from kubernetes import client, config

from tests.support.documentation import documented
from tests.support.examples import blocks_of, environment, playbook_of, programs
from tests.support.plays import Plays

PLUGINS = (
    ("module", "service_account_token"),
    ("module", "service_account_lease_info"),
    ("module", "service_account_lease"),
    ("lookup", "service_account_token"),
)


@pytest.fixture
def world(cluster: Any) -> None:
    """The namespaces and service accounts that examples name; other tests may have some of them too."""
    core = client.CoreV1Api(config.new_client_from_config(str(cluster.kubeconfig)))
    for name in ("apps", "shop"):
        with suppress(client.exceptions.ConflictException):
            core.create_namespace({"metadata": {"name": name}})
    for name in ("deployer", "viewer"):
        core.create_namespaced_service_account("apps", {"metadata": {"name": name}})


@pytest.mark.thorough
@pytest.mark.one_core
@pytest.mark.usefixtures("world")
def test_examples_and_guide_run(cluster: Any, tmp_path: Path) -> None:
    programs(tmp_path)
    (tmp_path / "app").mkdir()
    texts = [str(documented(kind, name)["examples"]) for kind, name in PLUGINS]
    meanings = {
        "/etc/kubernetes/ca.crt": str(cluster.ca_cert),
        "/etc/app": str(tmp_path / "app"),
        "/usr/local/bin": str(tmp_path / "bin"),
    }
    texts += blocks_of("guide_service_accounts")
    book = [play for text in texts for play in playbook_of(text, meanings, {"kubeconfig": str(cluster.kubeconfig)})]
    assert len(book) == len(PLUGINS) + 5
    plays = Plays(tmp_path, {"K8S_AUTH_KUBECONFIG": str(cluster.kubeconfig)})
    inventory = {"localhost": plays.host(), "jump_hosts": plays.host(as_module=True)}
    done = plays.playbook(book, inventory=inventory, arguments=["--diff", "-v"], environment=environment(tmp_path))
    assert done.status == 0, done.output
    assert not re.search("(failed|rescued)=[1-9]", done.output), done.output
    assert "eyJ" not in done.output
    assert (tmp_path / "app" / "kubeconfig").read_text(encoding="utf-8").startswith("apiVersion: v1\nkind: Config")
