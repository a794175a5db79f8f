# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lease report says who may generate from each dynamic secret, where policies can be read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.definitions import ROLE
from tests.support.documentation import COLLECTION
from tests.support.organization import CI, Organization
from tests.support.plays import BRISK, Plays


@pytest.fixture
def granted(organization: Organization) -> Organization:
    """Two dynamic secrets: ci may generate from one, and perhaps the group ops, nobody from the other."""
    organization.do("workload_identity", **CI)
    for folder in ("prod", "test"):
        organization.do("folder", path=folder)
    organization.do("integration", type="aws", name="main", role_arn=ROLE)
    aws = {"type": "aws", "integration_name": "main", "role_arn": ROLE, "ttl": 900}
    for path in ("prod/app", "test/app"):
        organization.do("dynamic_secret", path=path, **aws)
    generates = {"principal": {"workload": "ci"}, "actions": ["GenerateDynamicCredential"]}
    organization.do("iam_policy", name="generates", resource={"dynamic_secret": "prod/app"}, **generates)
    organization.do(
        "iam_policy", name="lists", resource={"folder": "prod"}, principal={"workload": "ci"}, grant="Lister"
    )
    organization.do("iam_policy", name="owns", resource={"folder": "prod"}, principal={"group": "ops"}, grant="Owner")
    organization.forget()
    return organization


def report(organization: Organization, **options: Any) -> dict[str, Any]:
    return dict(organization.do("lease_report", **options)["report"])


@pytest.mark.one_core
def test_each_dynamic_secret_has_those_who_may_generate(granted: Organization) -> None:
    found = report(granted)["may_generate"]
    named = {path: [(one["name"], one["policies"], one["disputed"]) for one in found[path]] for path in found}
    assert named == {"prod/app": [("ops", ["owns"], True), ("ci", ["generates"], False)], "test/app": []}
    assert sum("/iam/policies" in line for line in granted.requests()) == 1
    assert list(report(granted, folder="test")["may_generate"]) == ["test/app"]


@pytest.mark.one_core
def test_without_an_administration_site_the_report_does_not_say(granted: Organization) -> None:
    granted.forget()
    assert report(granted, admin_site_id=None)["may_generate"] is None
    assert not any("/iam/" in line for line in granted.requests())
    result = granted.do("lease_report", admin_access_token="wrong")
    assert result["report"]["may_generate"] is None
    assert result["warnings"][0].startswith("The report does not say who may generate: GET /iam/policies: status 401")


@pytest.mark.newest_core
def test_the_page_says_it(granted: Organization, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    role = {"name": f"{COLLECTION}.lease_report"}
    variables = {"lease_report_json": str(tmp_path / "page.json"), "lease_report_html": str(page)}
    plays = Plays(tmp_path, {**granted.environment, **BRISK})
    plays.tasks([{"ansible.builtin.include_role": role, "vars": variables}]).ok()
    text = page.read_text(encoding="utf-8")
    assert "group ops (owns; disputed), workload ci (generates)" in text
    assert "nobody, by policy" in text
