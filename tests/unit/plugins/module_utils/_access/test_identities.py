# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The vendor's rules for workload identities, each with the option in its message."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.community.workload_credentials.plugins.module_utils._access.identities import (
    GITHUB,
    Identity,
    check_conditions,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._api.errors import OptionError

SUB = "repo:example/app:*"


@pytest.mark.parametrize(
    ("category", "conditions"),
    [
        (GITHUB, {"sub": [SUB], "ref": ["refs/heads/main"]}),
        (GITHUB, {"sub": ["repo:example/app-*"]}),
        ("Custom", {"sub": ["*"], "anything": "one value"}),
        ("AzureEntra", {"oid": ["x" * 256]}),
        ("", {}),
    ],
)
def test_conditions_that_tokens_can_meet(category: str, conditions: dict[str, Any]) -> None:
    assert check_conditions(category, conditions).keys() == conditions.keys()


@pytest.mark.parametrize(
    ("category", "conditions", "says"),
    [
        (GITHUB, {"aud": ["x"]}, "conditions.aud: GitHubActions allows no condition"),
        (GITHUB, {"sub": ["example/app"]}, "conditions.sub: 'example/app' does not begin with repo:"),
        (GITHUB, {"sub": ["repo:*"]}, "conditions.sub"),
        (GITHUB, {"sub": ["repo:example"]}, "conditions.sub"),
        (GITHUB, {"sub": ["repo:/app"]}, "conditions.sub"),
        ("Custom", {"sub": ["a*b"]}, "one \\* may stand at the end"),
        ("Custom", {"sub": ["a**"]}, "one \\* may stand at the end"),
        ("Custom", {"sub": [""]}, "conditions.sub: a value is empty"),
        ("Custom", {"sub": []}, "conditions.sub: it has no value"),
        ("Custom", {"sub": None}, "conditions.sub: it has no value"),
        ("Custom", {"sub": [1]}, "conditions.sub: 1 is not text"),
        ("Custom", {"sub": ["x" * 257]}, "conditions.sub: a value has 257 characters"),
    ],
)
def test_conditions_that_no_token_can_meet(category: str, conditions: dict[str, Any], says: str) -> None:
    with pytest.raises(OptionError, match=says):
        check_conditions(category, conditions)


FLAT = {
    "identityId": "one",
    "serviceName": "ci",
    "issuerUrl": "https://issuer.example.com",
    "idpCategory": "Custom",
    "siteId": "A",
    "registeredScopes": ["secrets"],
    "scopeLevel": "site",
    "expectedAud": "A",
    "conditions": {"sub": "x"},
}


def test_both_shapes_of_sites_are_read() -> None:
    listed = {**FLAT, "siteId": None, "registeredScopes": None, "scopeLevel": None, "expectedAud": None}
    listed["sites"] = [{"siteId": "A", "registeredScopes": ["secrets"], "scopeLevel": "site", "expectedAud": "A"}]
    assert Identity.of(FLAT) == Identity.of(listed)
    assert Identity.of({**FLAT, "conditions": {"sub": None}}).conditions == {"sub": ()}
    assert Identity.of(FLAT).is_for("a")
    assert not Identity.of(FLAT).is_for("b")
    assert Identity.of({**FLAT, "scopeLevel": "org"}).is_for("b")


def test_one_site_is_sent_as_older_services_know_it_and_several_as_a_list() -> None:
    assert Identity.of(FLAT).body()["siteId"] == "A"
    sites = [{"siteId": site, "registeredScopes": ["secrets"]} for site in ("A", "B")]
    several = Identity.of({**FLAT, "siteId": None, "sites": sites})
    body = several.body()
    assert "siteId" not in body
    assert [site["siteId"] for site in body["sites"]] == ["A", "B"]
    # The service refuses the other form then.
    assert "siteId" not in Identity.of(FLAT).body(several)
