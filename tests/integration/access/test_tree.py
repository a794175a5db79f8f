# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Access policies as a part of a tree."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.definitions import ROLE
from tests.support.organization import ADMIN_TOKEN, CI, Organization
from tests.support.plays import BRISK, Plays

pytestmark = pytest.mark.one_core
TREE: dict[str, Any] = {
    "root": "prod",
    "static_secrets": {"db/app": {"secret": {"password": "canary-of-policies"}}},
    "integrations": {"aws/main": {"role_arn": ROLE}},
    "dynamic_secrets": {"aws/app": {"type": "aws", "integration_name": "main", "role_arn": ROLE, "ttl": 900}},
    "policies": {
        "ci-generates": {
            "principal": {"workload": "ci"},
            "actions": ["GenerateDynamicCredential", "RevokeLease"],
            "resource": {"dynamic_secret": "aws/app"},
        },
        "ops-read": {"principal": {"group": "ops"}, "grant": "Viewer", "resource": {"folder": "db"}},
    },
}


def actions(result: dict[str, Any]) -> dict[str, str]:
    return {change["path"]: change["action"] for change in result["changes"] if change["kind"] == "iam_policy"}


@pytest.fixture
def applied(organization: Organization) -> Organization:
    organization.do("workload_identity", **CI)
    organization.do("tree", **TREE)
    return organization


def test_policies_are_planned_written_and_left_alone(organization: Organization) -> None:
    message = organization.failure("tree", **TREE)
    assert "iam policy ci-generates: principal.workload: no workload identity 'ci' is registered" in message
    organization.do("workload_identity", **CI)
    predicted = organization.do("tree", check_mode=True, **TREE)
    result = organization.do("tree", **TREE)
    assert predicted == result
    assert actions(result) == {"ci-generates": "created", "ops-read": "created"}
    shown = result["diff"]["prepared"]
    assert "policies:\n  + ci-generates  (actions: GenerateDynamicCredential, RevokeLease; principal: " in shown
    assert "resource: the folder prod/db" in shown
    sent = organization.asked("tree", **TREE)
    assert [line for line in sent if not line.startswith("GET ")] == []
    # All policies cost two lists, however many there are.
    assert [line for line in sent if "/iam/" in line or "/auth/" in line] == [
        "GET /auth/workload-identities",
        "GET /iam/policies",
    ]


def test_a_policy_is_changed_and_others_of_the_root_are_pruned(applied: Organization) -> None:
    other = {"principal": {"group": "ops"}, "grant": "Viewer"}
    applied.do("iam_policy", name="elsewhere", **other, resource={"folder": "production"}, wait=False)
    applied.do("iam_policy", name="product", **other, resource={"product": True}, wait=False)
    applied.do("iam_policy", name="extra", **other, resource={"static_secret": "prod/db/app"}, wait=False)
    policies = {"ops-read": {**TREE["policies"]["ops-read"], "grant": "Lister"}}
    tree = {**TREE, "policies": policies, "prune": ["policies"], "prune_limit": 100}
    predicted = applied.do("tree", check_mode=True, **tree)
    result = applied.do("tree", **tree)
    assert predicted == result
    assert actions(result) == {"ops-read": "updated", "ci-generates": "deleted", "extra": "deleted"}
    assert [change["changed_keys"] for change in result["changes"] if change["action"] == "updated"] == [["actions"]]
    left = applied.do("iam_policy_info")["iam_policies"]
    assert {policy["name"] for policy in left} == {"ops-read", "elsewhere", "product"}


def test_policies_that_are_read_and_given_back_change_nothing(applied: Organization) -> None:
    found = applied.do("tree_info", root="prod", policies=True)["tree"]
    assert found["policies"]["ops-read"] == {
        "principal": {"group": "ops"},
        "actions": ["Viewer"],
        "resource": {"folder": "db"},
    }
    assert not applied.do("tree", **found, prune=["policies", "static_secrets", "folders"])["changed"]
    assert "policies" not in applied.do("tree_info", root="prod")["tree"]


def test_what_cannot_be_a_policy_is_refused(organization: Organization) -> None:
    policies = {
        "both": {"cedar": "x", "principal": {"group": "a"}},
        "two": {"principal": {"group": "a", "user": "b"}, "grant": "Viewer", "resource": {"folder": "/"}},
        "nothing": {"principal": {"group": "a"}, "grant": "Viewer"},
        "-": {"principal": {"group": "a"}, "grant": "Viewer", "resource": {"folder": "/"}},
        "misspelt": {"principal": {"group": "a"}, "actions": ["readsecret"], "resource": {"folder": "/"}},
    }
    message = organization.failure("tree", root="prod", policies=policies)
    for words in (
        "iam policy both: principal: a policy has either cedar, or principal",
        "iam policy two: principal: it has exactly one of",
    ):
        assert words in message, (words, message)
    del policies["both"], policies["two"]
    message = organization.failure("tree", root="prod", policies=policies)
    for words in (
        "iam policy nothing: resource: the resource that the principal may use is needed.",
        "iam policy -: name: ",
        "iam policy misspelt: actions: 'readsecret' is written ReadSecret",
    ):
        assert words in message, (words, message)


def test_without_an_administration_site_there_are_no_policies(organization: Organization) -> None:
    message = organization.failure("tree", **TREE, admin_site_id=None)
    assert message.startswith("admin_site_id: ")
    without = {name: value for name, value in TREE.items() if name != "policies"}
    assert organization.do("tree", **without, admin_site_id=None, admin_access_token=None)["changed"]


@pytest.mark.parametrize("as_module", [False, True])
def test_the_administration_site_is_reached_either_way(
    organization: Organization, tmp_path: Path, as_module: bool
) -> None:
    organization.do("workload_identity", **CI)
    plays = Plays(tmp_path, {**organization.environment, **BRISK})
    policies = "policies:\n  from-a-file: {principal: {group: ops}, grant: Viewer, resource: {folder: db}}\n"
    (tmp_path / "policies.yml").write_text(policies, encoding="utf-8")
    tasks = [{"community.workload_credentials.tree": {**TREE, "src": "policies.yml"}}] * 2
    outcome = plays.tasks(tasks, as_module=as_module, arguments=("-vvv",)).ok()
    made, again = outcome.results
    assert actions(made) == {"ci-generates": "created", "from-a-file": "created", "ops-read": "created"}
    assert not again["changed"]
    assert ADMIN_TOKEN not in outcome.output
    assert "canary" not in outcome.output
