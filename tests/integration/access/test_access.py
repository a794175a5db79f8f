# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""access_info against a site: who reaches a path, what a principal reaches, what is probably not intended."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.definitions import ROLE
from tests.support.organization import CI, SITES, Organization

pytestmark = pytest.mark.one_core
HERE, THERE = SITES
OPS = {"group": "ops"}


@pytest.fixture
def granted(organization: Organization) -> Organization:
    """Let ci generate from prod/app, ops view prod, and make some policies that are not as they should be."""
    organization.do("workload_identity", **CI)
    organization.do("workload_identity", **{**CI, "service_name": "idle"})
    organization.do("folder", path="prod")
    organization.do("static_secret", path="prod/db", secret={"password": "canary"})
    organization.do("integration", type="aws", name="main", role_arn=ROLE)
    aws = {"type": "aws", "integration_name": "main", "role_arn": ROLE, "ttl": 900}
    organization.do("dynamic_secret", path="prod/app", **aws)
    generates = {"principal": {"workload": "ci"}, "actions": ["GenerateDynamicCredential"]}
    organization.do("iam_policy", name="ci", resource={"dynamic_secret": "prod/app"}, **generates)
    organization.do("iam_policy", name="ops", principal=OPS, grant="Viewer", resource={"folder": "prod"})
    organization.do(
        "iam_policy", name="elsewhere", principal=OPS, grant="Viewer", resource={"folder": "/"}, site_id=THERE
    )
    organization.do("iam_policy", name="later", principal=OPS, grant="Lister", resource={"folder": "later"})
    organization.do(
        "iam_policy", name="root", principal={"user": "ann@example.com"}, grant="Admin", resource={"product": True}
    )
    organization.do(
        "iam_policy", name="nobody", principal={"workload_id": "gone"}, grant="Viewer", resource={"folder": "prod"}
    )
    organization.forget()
    return organization


def reached(result: dict[str, Any]) -> dict[tuple[str, str | None], list[str]]:
    """What may be done, by principal and path."""
    return {(one["principal"]["name"], one["resource"]["path"]): one["may"] for one in result["access"]}


def kinds(result: dict[str, Any]) -> list[tuple[str, str | None]]:
    return [(finding["kind"], finding["policy"]) for finding in result["findings"]]


def test_a_path_shows_who_reaches_it_and_by_which_policy(granted: Organization) -> None:
    result = granted.do("access_info", path="/prod/app")
    assert reached(result) == {
        ("ci", "prod/app"): ["generate"],
        ("ops", "prod/app"): ["read", "browse"],
        ("gone", "prod/app"): ["read", "browse"],
        ("ann@example.com", "prod/app"): ["read", "generate", "browse", "write"],
    }
    (ops,) = [one for one in result["access"] if one["principal"]["name"] == "ops"]
    assert ops["policies"] == [{"name": "ops", "granted_on": {"kind": "folder", "path": "prod"}, "inherited": True}]
    assert kinds(result) == [("product_admin", "root"), ("unknown_identity", "nobody")]


def test_it_asks_for_each_list_once(granted: Organization) -> None:
    lists = ["GET /auth/workload-identities", "GET /iam/policies", "GET /integrations"]
    lists += [f"GET /{kind}?recursive=true" for kind in ("dynamic", "folders", "static")]
    for selection in ({}, {"path": "prod/app"}, {"principal": OPS}):
        assert sorted(granted.asked("access_info", **selection)) == sorted(lists)


def test_a_principal_shows_everything_that_it_reaches(granted: Organization) -> None:
    assert set(reached(granted.do("access_info", principal=OPS))) == {
        ("ops", path) for path in ("prod", "prod/app", "prod/db")
    }
    ci = granted.do("access_info", principal={"workload": "CI"})
    assert reached(ci) == {("ci", "prod/app"): ["generate"]}
    assert kinds(ci) == []
    ann = granted.do("access_info", principal={"user": "ANN@example.com"})
    assert {path for _name, path in reached(ann)} == {"/", "main", "prod", "prod/app", "prod/db", None}


def test_findings_of_the_whole_site(granted: Organization) -> None:
    result = granted.do("access_info")
    assert kinds(result) == [
        ("identity_without_grant", None),
        ("missing_path", "later"),
        ("not_in_force", "later"),
        ("product_admin", "root"),
        ("unknown_identity", "nobody"),
    ]
    assert result["findings"][0]["principal"]["name"] == "idle"


def test_every_answer_says_what_the_service_does_not_show(granted: Organization) -> None:
    for selection in ({}, {"path": "prod"}, {"principal": OPS}):
        first, members, *_more = granted.do("access_info", **selection)["not_shown"]
        assert "somebody may reach more than this says" in first
        assert members == "The members of group ops are not listed."


def test_a_path_that_is_not_there_says_so_and_who_would_reach_it(granted: Organization) -> None:
    result = granted.do("access_info", path="prod/new")
    assert ("missing_path", None) in kinds(result)
    assert ("ops", "prod/new") in reached(result)


def test_without_a_token_of_the_site_policies_alone_count(granted: Organization) -> None:
    result = granted.do("access_info", path="prod/app", access_token=None)
    assert ("ci", "prod/app") in reached(result)
    assert "The site was not read" in result["not_shown"][-1]


def test_a_token_that_may_not_list_the_site_is_as_good_as_none(granted: Organization) -> None:
    without = granted.do("access_info", path="prod/app", access_token=None)
    granted.emulator.control.add_token("listless", permissions=["generate"])
    assert granted.do("access_info", path="prod/app", access_token="listless") == without


@pytest.mark.parametrize("principal", [{"workload": "nobody"}, {"workload_id": "5f0c2f5e-5a0c-4b1e-9c1e-1f4ad9a6a001"}])
def test_an_identity_that_does_not_exist_is_a_finding(granted: Organization, principal: dict[str, str]) -> None:
    result = granted.do("access_info", principal=principal)
    assert result["access"] == []
    (finding,) = result["findings"]
    assert finding["kind"] == "unknown_identity"
    assert finding["message"].startswith(f"principal.{next(iter(principal))}: no workload identity ")
    assert granted.do("access_info", principal={"user": "nobody@example.com"})["findings"] == []
    for module in ("access_info", "iam_policy_info"):
        assert granted.failure(module, principal={"workload": ""}).startswith("principal.workload: it is empty")
