# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The guide on a site as code: its repository as it stands there, and the way from a Terraform state to a tree."""

from __future__ import annotations

import json
import re
import shutil
import textwrap
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.definitions import ROLE, UUIDS, do
from tests.support.examples import ROOT
from tests.support.plays import Plays
from tests.support.site import Site

GUIDE = ROOT / "docs" / "docsite" / "rst" / "guide_site_as_code.rst"
_FILE = re.compile(r"^\.\. code-block:: yaml\+jinja\n\n    # (\S+)\n((?:\n|    .*\n)+)", re.MULTILINE)


def files_of_the_guide() -> dict[str, str]:
    return {name: textwrap.dedent(text) for name, text in _FILE.findall(GUIDE.read_text(encoding="utf-8"))}


@pytest.mark.newest_core
def test_the_repository_of_the_guide_is_applied_and_rests(plays: Plays, site: Site, tmp_path: Path) -> None:
    files = files_of_the_guide()
    assert files.keys() == {
        "site.yml",
        "prod/folders.yml",
        "prod/aws.yml",
        "prod/secrets.yml",
        ".github/workflows/plan.yml",
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    play = yaml.safe_load(files["site.yml"])
    for changed, unchanged in ((1, 0), (0, 1)):
        outcome = plays.playbook(play, inventory={"localhost": plays.host()}, arguments=("--diff",))
        assert f"ok=1    changed={changed}" in outcome.output, (unchanged, outcome.output)
    found = do(site, "tree_info", values=True)["tree"]
    assert found["static_secrets"]["prod/db/app"] == {"secret": {"username": "app", "password": "example"}}
    # The workflow is YAML, and runs what the guide says.
    workflow = yaml.safe_load(files[".github/workflows/plan.yml"])
    (plan,) = [step for step in workflow["jobs"]["plan"]["steps"] if step.get("name") == "Plan"]
    assert "ansible-playbook site.yml --check --diff" in plan["run"]


STATIC = "beyondtrust_workload_credentials_static_secret"
RESOURCES: list[tuple[str, dict[str, Any]]] = [
    ("beyondtrust_workload_credentials_folder", {"name": "prod", "folder": None, "tags": {"env": "prod"}}),
    ("beyondtrust_workload_credentials_folder", {"name": "aws", "folder": "prod", "tags": None}),
    (STATIC, {"name": "app", "folder": "prod/", "secret_wo": None, "secret_wo_version": 3, "tags": {"a": "b"}}),
    (STATIC, {"name": "top", "folder": None, "secret_wo": None, "tags": None}),
    ("beyondtrust_workload_credentials_aws_integration", {"name": "main", "role_arn": ROLE, "external_id": "x"}),
    (
        "beyondtrust_workload_credentials_azure_integration",
        {"name": "az", "tenant_id": UUIDS[0], "client_id": UUIDS[1], "client_secret": None, "client_secret_version": 1},
    ),
    (
        "beyondtrust_workload_credentials_aws_dynamic_secret",
        {
            "name": "deploy",
            "folder": "prod/aws",
            "integration_name": "main",
            "credential_type": "assumed_role",
            "role_arn": ROLE,
            "ttl": 3600,
            "policy": '{"Version":"2012-10-17"}',
            "policy_arns": None,
            "groups": ["ops"],
            "aws_tags": {"Team": "ops"},
            "external_id": None,
            "integration_id": "computed",
        },
    ),
    (
        "beyondtrust_workload_credentials_azure_dynamic_secret",
        {"name": "app", "folder": "prod/aws", "integration_name": "az", "application_object_id": UUIDS[2], "ttl": 7200},
    ),
    ("aws_iam_role", {"name": "another provider's"}),
]


def state() -> str:
    """A state as Terraform writes it."""
    resources = [
        {
            "mode": "managed",
            "type": kind,
            "name": f"resource{number}",
            "provider": 'provider["registry.terraform.io/beyondtrust/beyondtrust"]',
            "instances": [{"schema_version": 0, "attributes": {"id": f"id-{number}", **attributes}}],
        }
        for number, (kind, attributes) in enumerate(RESOURCES)
    ]
    data = {**resources[0], "mode": "data"}
    return json.dumps({"version": 4, "terraform_version": "1.12.0", "serial": 7, "resources": [data, *resources]})


def test_a_terraform_state_becomes_a_tree_that_changes_nothing(plays: Plays, site: Site, tmp_path: Path) -> None:
    # The site as Terraform left it.
    do(site, "folder", path="prod", tags={"env": "prod"})
    do(site, "folder", path="prod/aws")
    do(site, "static_secret", path="prod/app", secret={"k": "canary-of-terraform"}, tags={"a": "b"})
    do(site, "static_secret", path="top", secret={"k": "canary-of-terraform"})
    do(site, "integration", type="aws", name="main", role_arn=ROLE)
    azure = {"tenant_id": UUIDS[0], "client_id": UUIDS[1], "client_secret": "canary-of-terraform"}
    do(site, "integration", type="azure", name="az", **azure)
    aws = {"integration_name": "main", "role_arn": ROLE, "ttl": 3600, "groups": ["ops"], "aws_tags": {"Team": "ops"}}
    policy = '{"Version": "2012-10-17"}'
    do(site, "dynamic_secret", path="prod/aws/deploy", type="aws", policy=policy, **aws)
    do(
        site,
        "dynamic_secret",
        path="prod/aws/app",
        type="azure",
        integration_name="az",
        ttl=7200,
        application_object_id=UUIDS[2],
    )
    (tmp_path / "terraform.tfstate").write_text(state(), encoding="utf-8")
    shutil.copytree(ROOT / "playbooks" / "templates", tmp_path / "templates")
    book = yaml.safe_load((ROOT / "playbooks" / "tree_from_terraform.yml").read_text(encoding="utf-8"))
    places = ("-e", f"state_file={tmp_path}/terraform.tfstate", "-e", f"tree_file={tmp_path}/tree.yml")
    outcome = plays.playbook(book, inventory={"localhost": plays.host()}, arguments=places)
    assert outcome.status == 0, outcome.output
    tree = yaml.safe_load((tmp_path / "tree.yml").read_text(encoding="utf-8"))
    assert tree["static_secrets"] == {"prod/app": {"tags": {"a": "b"}}, "top": {}}
    assert tree["integrations"].keys() == {"aws/main", "azure/az"}
    site.forget()
    everything = {"prune": ["folders", "static_secrets", "dynamic_secrets", "integrations"], "root": ""}
    result = do(site, "tree", **tree, **everything, purge_tags=True)
    assert (result["changes"], site.writes()) == ([], [])
    assert result["summary"]["unchanged"] == len(RESOURCES) - 1
