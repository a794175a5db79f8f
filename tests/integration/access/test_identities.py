# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Workload identities: registered, changed, bound to sites, replaced and removed."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.organization import CI, ISSUER, SITES, Organization
from tests.support.site import TOKEN

pytestmark = pytest.mark.one_core
HERE, THERE = SITES
LIST = "GET /auth/workload-identities"


def identity(organization: Organization) -> dict[str, Any]:
    """The only identity, as the service has it."""
    (one,) = organization.platform("GET", "/auth/workload-identities")["issuers"]
    return dict(one)


def policy_for(organization: Organization, name: str, principal: str, site: str = HERE) -> None:
    arguments = {"principal": {"workload_id": principal}, "grant": "Viewer", "resource": {"folder": "/"}}
    organization.do("iam_policy", name=name, site_id=site, **arguments)


def test_a_second_run_changes_nothing_and_asks_once(organization: Organization) -> None:
    predicted = organization.do("workload_identity", check_mode=True, **CI)
    assert predicted["changed"]
    assert organization.platform("GET", "/auth/workload-identities")["issuers"] == []
    made = organization.do("workload_identity", **CI)
    assert made["diff"] == predicted["diff"]
    assert made["workload_identity"]["id"] == identity(organization)["identityId"]
    assert organization.asked("workload_identity", **CI) == [LIST]
    assert not organization.do("workload_identity", **CI)["changed"]


@pytest.mark.parametrize(
    "same",
    [
        {"service_name": "CI "},
        {"issuer_url": ISSUER.upper().replace("HTTPS", "https")},
        {"conditions": None},
        {"issuer_url": None, "idp_category": None},
        {"registered_scopes": ["secrets", "secrets"]},
        {"scope_level": "site"},
    ],
)
def test_what_means_the_same_changes_nothing(organization: Organization, same: dict[str, Any]) -> None:
    organization.do("workload_identity", **CI)
    assert not organization.do("workload_identity", **{**CI, **same})["changed"]


def test_a_service_that_stores_issuers_in_lower_case_is_not_changed_for_ever(organization: Organization) -> None:
    organization.emulator.control.behave(organization.emulator.admin_site, lower_issuers=True)
    eks = {**CI, "issuer_url": "https://oidc.example.com/id/EXAMPLED539", "idp_category": "Custom"}
    organization.do("workload_identity", **eks)
    assert not organization.do("workload_identity", **eks)["changed"]


@pytest.mark.parametrize(
    "change",
    [
        {"conditions": {"sub": ["repo:example/app:ref:refs/heads/main"]}},
        {"conditions": {}},
        {"registered_scopes": ["secrets", "psc"]},
        {"scope_level": "org"},
        {"description": "another"},
    ],
)
def test_a_change_keeps_the_id_and_all_else(organization: Organization, change: dict[str, Any]) -> None:
    organization.do("workload_identity", description="first", **CI)
    before = identity(organization)
    predicted = organization.do("workload_identity", check_mode=True, **{**CI, **change})
    changed = organization.do("workload_identity", **{**CI, **change})
    assert changed["changed"]
    assert {**predicted, "workload_identity": None} == {**changed, "workload_identity": None}
    after = identity(organization)
    (option,) = change
    field = {"registered_scopes": "registeredScopes", "scope_level": "scopeLevel"}.get(option, option)
    sites = ("sites", "updatedAt", field)
    assert {key: value for key, value in after.items() if key not in sites} == {
        key: value for key, value in before.items() if key not in sites
    }
    assert after[field] == change[option]
    assert not organization.do("workload_identity", **{**CI, **change})["changed"]


@pytest.mark.parametrize("change", [{"issuer_url": "https://issuer.example.com"}, {"idp_category": "Custom"}])
def test_what_the_service_never_changes_is_an_error_that_says_what_would_be_lost(
    organization: Organization, change: dict[str, Any]
) -> None:
    organization.do("workload_identity", **CI)
    before = identity(organization)
    policy_for(organization, "reads-all", before["identityId"])
    message = organization.failure("workload_identity", **{**CI, **change})
    assert message.startswith(f"{next(iter(change))}: ")
    assert before["identityId"] in message
    assert "reads-all" in message
    assert "recreate=true" in message
    assert identity(organization) == before
    made = organization.do("workload_identity", recreate=True, **{**CI, **change})
    assert made["workload_identity"]["id"] == identity(organization)["identityId"] != before["identityId"]
    assert "reads-all" in made["warnings"][0]
    assert not organization.do("workload_identity", recreate=True, **{**CI, **change})["changed"]


def test_a_second_site_is_bound_under_the_same_id_and_the_first_one_stays(organization: Organization) -> None:
    first = organization.do("workload_identity", **CI)["workload_identity"]
    both = organization.do("workload_identity", site_id=THERE, registered_scopes=["secrets", "psc"], **CI)
    assert both["workload_identity"]["id"] == first["id"]
    scopes = {site["site_id"]: site["registered_scopes"] for site in both["workload_identity"]["sites"]}
    assert scopes == {HERE: ["secrets"], THERE: ["secrets", "psc"]}
    # A change at one of several sites.
    organization.do("workload_identity", scope_level="org", **CI)
    sites = {site["siteId"]: site for site in identity(organization)["sites"]}
    assert (sites[HERE]["scopeLevel"], sites[THERE]["scopeLevel"]) == ("org", "site")
    for site in SITES:
        scopes_there = {"registered_scopes": scopes[site]}
        assert not organization.do("workload_identity", site_id=site, **scopes_there, **CI)["changed"]


def test_an_identity_of_another_site_with_other_conditions_is_left_alone(organization: Organization) -> None:
    first = organization.do("workload_identity", **CI)["workload_identity"]
    other = {**CI, "conditions": {"sub": ["repo:example/other:*"]}, "site_id": THERE}
    made = organization.do("workload_identity", **other)
    assert made["changed"]
    assert made["workload_identity"]["id"] != first["id"]
    assert not organization.do("workload_identity", **other)["changed"]
    assert not organization.do("workload_identity", **CI)["changed"]
    issuers = organization.platform("GET", "/auth/workload-identities")["issuers"]
    assert {one["siteId"]: one["conditions"] for one in issuers} == {
        HERE: CI["conditions"],
        THERE: other["conditions"],
    }


@pytest.mark.parametrize("change", [{"conditions": {"sub": ["repo:example/b:*"]}}, {"idp_category": "Custom"}])
def test_a_change_that_counts_at_other_sites_too_is_warned_about(
    organization: Organization, change: dict[str, Any]
) -> None:
    for site in SITES:
        organization.do("workload_identity", site_id=site, **CI)
    assert "warnings" not in organization.do("workload_identity", **CI)
    wanted = {**CI, **change, "recreate": True}
    predicted = organization.do("workload_identity", check_mode=True, **wanted)
    made = organization.do("workload_identity", **wanted)
    assert f"bound to other sites too ({THERE})" in made["warnings"][0]
    assert predicted["warnings"] == made["warnings"]


def test_a_site_of_another_organization_is_named(organization: Organization) -> None:
    message = organization.failure("workload_identity", **{**CI, "site_id": "c1b2c3d4-e5f6-4890-abcd-ef1234567890"})
    assert message.endswith("Check site_id: it has to be a site of this organization.")


def test_removing_takes_away_this_sites_binding_and_with_the_last_one_the_identity(organization: Organization) -> None:
    for site in SITES:
        organization.do("workload_identity", site_id=site, **CI)
    gone = organization.do("workload_identity", service_name="ci", state="absent")
    assert gone["changed"]
    assert THERE in gone["warnings"][0]
    assert [site["siteId"] for site in identity(organization)["sites"]] == [THERE]
    assert not organization.do("workload_identity", service_name="ci", state="absent")["changed"]
    policy_for(organization, "reads-all", identity(organization)["identityId"], THERE)
    last = organization.do("workload_identity", service_name="ci", state="absent", site_id=THERE)
    assert "reads-all" in last["warnings"][0]
    assert organization.platform("GET", "/auth/workload-identities")["issuers"] == []


def test_a_replaced_identity_keeps_its_other_sites(organization: Organization) -> None:
    for site in SITES:
        organization.do("workload_identity", site_id=site, **CI)
    organization.do("workload_identity", recreate=True, **{**CI, "idp_category": "Custom"})
    assert {site["siteId"] for site in identity(organization)["sites"]} == set(SITES)


def test_check_mode_says_which_option_a_new_identity_needs(organization: Organization) -> None:
    predicted = organization.do("workload_identity", check_mode=True, service_name="ci")
    assert "issuer_url: ci is not registered" in predicted["warnings"][0]
    assert organization.failure("workload_identity", service_name="ci") in predicted["warnings"][0]


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"service_name": " "}, "service_name: it is empty"),
        ({"service_name": "our ci"}, "service_name: only visible ASCII characters"),
        ({"issuer_url": "http://issuer.example.com"}, "issuer_url: 'http://issuer.example.com' is not an https"),
        ({"conditions": {"aud": ["x"]}}, "conditions.aud"),
        ({"conditions": {"sub": ["*"]}}, "conditions.sub"),
        ({"registered_scopes": []}, "registered_scopes: at least one"),
        ({"site_id": "prod"}, "site_id: the site that the grant applies to is needed."),
        ({"site_id": None}, "site_id: the site that the grant applies to is needed."),
        ({"admin_site_id": None}, "admin_site_id: no site is set: give the option admin_site_id"),
        ({"admin_access_token": None}, "admin_access_token: no token is set"),
    ],
)
def test_rules_are_checked_before_any_request(organization: Organization, wrong: dict[str, Any], says: str) -> None:
    assert organization.failure("workload_identity", **{**CI, **wrong}).startswith(says)
    assert organization.requests() == []


def test_the_rules_of_a_category_hold_where_the_task_leaves_it_out(organization: Organization) -> None:
    organization.do("workload_identity", **CI)
    message = organization.failure("workload_identity", service_name="ci", conditions={"aud": ["x"]})
    assert message.startswith("conditions.aud: GitHubActions allows no condition")
    assert [line for line in organization.requests() if line.startswith("PUT")] == []


def test_tokens_of_the_administration_site_are_warned_about(organization: Organization) -> None:
    made = organization.do("workload_identity", site_id=organization.emulator.admin_site, **{**CI, "conditions": {}})
    conditions, site = made["warnings"]
    assert conditions.startswith("conditions: there are none")
    assert site.startswith("site_id: this is the administration site")


def test_a_token_of_another_site_is_refused_with_what_is_needed(organization: Organization) -> None:
    for wrong in ({"admin_access_token": TOKEN}, {"admin_site_id": HERE, "admin_access_token": TOKEN}):
        message = organization.failure("workload_identity", **{**CI, **wrong})
        assert "admin_site_id" in message
        assert TOKEN not in message


def test_the_connections_service_name_is_not_the_identitys(organization: Organization) -> None:
    organization.do("workload_identity", **CI)
    assert all("x-bt-service-name" not in entry["headers"] for entry in organization.emulator.control.journal())


def test_info_by_name_and_id_with_the_live_policies(organization: Organization) -> None:
    made = organization.do("workload_identity", **CI)["workload_identity"]
    organization.do("workload_identity", **{**CI, "service_name": "other"})
    for name in ("reads-all", "gone"):
        policy_for(organization, name, made["id"])
    organization.do("iam_policy", name="gone", state="absent")
    everyone = organization.do("workload_identity_info")["workload_identities"]
    assert [one["service_name"] for one in everyone] == ["ci", "other"]
    for by in ({"service_name": "CI"}, {"id": made["id"]}):
        (one,) = organization.do("workload_identity_info", **by)["workload_identities"]
        assert {key: value for key, value in one.items() if key != "policies"} == made
        assert [policy["name"] for policy in one["policies"]] == ["reads-all"]
    assert organization.do("workload_identity_info", id="nobody")["workload_identities"] == []
