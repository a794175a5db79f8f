# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Access policies: written, compared, replaced, waited for and deleted."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.definitions import ROLE
from tests.support.organization import CI, SITES, Organization

pytestmark = pytest.mark.one_core
HERE, THERE = SITES
PUT, GET = "PUT /iam/policies/ci", "GET /iam/policies/ci"
IDENTITIES = "GET /auth/workload-identities"
ACTIONS = ["GenerateDynamicCredential", "RevokeLease"]
GRANT = {"name": "ci", "principal": {"workload": "ci"}, "actions": ACTIONS, "resource": {"dynamic_secret": "prod/app"}}


@pytest.fixture
def populated(organization: Organization) -> Organization:
    """An organization with an identity ci, and a dynamic secret at its first site."""
    organization.do("workload_identity", **CI)
    organization.do("folder", path="prod")
    organization.do("integration", type="aws", name="main", role_arn=ROLE)
    aws = {"type": "aws", "integration_name": "main", "role_arn": ROLE, "ttl": 900}
    organization.do("dynamic_secret", path="prod/app", **aws)
    organization.forget()
    return organization


def text_of(organization: Organization, name: str = "ci") -> str:
    return str(organization.platform("GET", f"/iam/policies/{name}")["cedar"])


def test_a_second_run_changes_nothing_and_asks_the_least(populated: Organization) -> None:
    predicted = populated.do("iam_policy", check_mode=True, **GRANT)
    assert PUT not in populated.requests()
    made = populated.do("iam_policy", **GRANT)
    assert (predicted["changed"], predicted["diff"]) == (made["changed"], made["diff"]) == (True, made["diff"])
    assert made["diff"] == {"before": "", "after": text_of(populated)}
    assert made["iam_policy"]["in_force"]
    assert "warnings" not in made
    assert populated.asked("iam_policy", **GRANT) == [IDENTITIES, GET]
    by_id = {**GRANT, "principal": {"workload_id": made["iam_policy"]["parsed"]["principal"]["id"]}}
    assert populated.asked("iam_policy", **by_id) == [GET]
    assert not populated.do("iam_policy", **by_id)["changed"]
    assert populated.asked("iam_policy", name="ci", cedar=text_of(populated)) == [GET]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"/prod', '"prod'),
        ("\n", "  "),
        ("permit(", "// by hand\npermit("),
        (HERE, HERE.upper()),
    ],
)
def test_another_tools_text_with_this_meaning_stays(populated: Organization, old: str, new: str) -> None:
    populated.do("iam_policy", **GRANT)
    theirs = text_of(populated).replace(old, new)
    if new != HERE.upper():
        populated.platform("PUT", "/iam/policies/ci", theirs)
    again = populated.do("iam_policy", name="ci", cedar=theirs)
    assert not again["changed"]
    assert again["diff"]["before"] == again["diff"]["after"]
    assert not populated.do("iam_policy", **{**GRANT, "actions": ACTIONS[::-1]})["changed"]


def test_a_change_shows_both_texts(populated: Organization) -> None:
    populated.do("iam_policy", **GRANT)
    before = text_of(populated)
    wanted = {**GRANT, "actions": ["ReadLease"]}
    predicted = populated.do("iam_policy", check_mode=True, **wanted)
    changed = populated.do("iam_policy", **wanted)
    assert changed["changed"]
    assert predicted["diff"] == changed["diff"] == {"before": before, "after": text_of(populated)}
    assert before != text_of(populated)


def test_a_principal_in_another_case_is_mended_without_being_called_another_one(populated: Organization) -> None:
    user = {**GRANT, "principal": {"user": "Ann@Example.com"}}
    populated.do("iam_policy", **user)
    assert populated.do("iam_policy", **{**user, "principal": {"user": "ann@example.com"}})["changed"]
    assert '"ann@example.com"' in text_of(populated)


def test_a_policy_of_another_site_or_principal_is_replaced_only_when_that_is_said(populated: Organization) -> None:
    populated.do("iam_policy", **GRANT)
    before = text_of(populated)
    for other in ({"site_id": THERE, "principal": {"user": "a@example.com"}}, {"principal": {"group": "ops"}}):
        message = populated.failure("iam_policy", **{**GRANT, **other})
        assert message.startswith("name: the organization has a policy ci already, and it is for ")
        assert "replace=true" in message
        assert text_of(populated) == before
    assert populated.failure("iam_policy", name="ci", state="absent", site_id=THERE).startswith("name: ")
    assert populated.do("iam_policy", replace=True, **{**GRANT, "principal": {"group": "ops"}})["changed"]
    assert "ops" in text_of(populated)


def test_a_resource_that_is_not_there_is_warned_about_and_binds_later(populated: Organization) -> None:
    wanted = {**GRANT, "resource": {"folder": "prod/later"}, "actions": ["ListFolderContents"]}
    made = populated.do("iam_policy", **wanted)
    assert made["iam_policy"]["status"] == "WAITING_FOR_RESOURCE"
    not_there, waiting = made["warnings"]
    assert not_there.startswith("resource: the folder prod/later is not there")
    assert "waits for the folder prod/later" in waiting
    again = populated.do("iam_policy", **wanted)
    assert (again["changed"], again["warnings"]) == (False, [waiting])
    populated.do("folder", path="prod/later")
    bound = populated.do("iam_policy", **wanted)
    assert (bound["changed"], bound["iam_policy"]["status"], bound.get("warnings")) == (False, "ACTIVE", None)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (
            {"principal": {"workload_id": "5f0c2f5e-5a0c-4b1e-9c1e-1f4ad9a6a001"}},
            "principal: no workload identity 5f0c",
        ),
        ({"resource": {"static_secret": "prod/nothing"}, "actions": ["ReadSecret"]}, "resource: the static secret"),
        ({"resource": {"integration": "gone"}, "actions": ["ReadIntegration"]}, "resource: the integration gone"),
        ({"actions": ["ReadSecret"]}, "actions: ReadSecret is never checked on a dynamic secret"),
        ({"actions": None, "grant": "Owner"}, "grant: Owner may not include generating"),
        ({"actions": None, "grant": "Admin", "resource": {"product": True}}, "grant: Admin on the whole product"),
    ],
)
def test_what_surely_is_a_slip_is_warned_about(populated: Organization, change: dict[str, Any], says: str) -> None:
    predicted = populated.do("iam_policy", check_mode=True, **{**GRANT, **change})
    assert predicted["warnings"][0].startswith(says)
    made = populated.do("iam_policy", **{**GRANT, **change})
    assert predicted["warnings"][0] in made["warnings"]


def test_an_identitys_id_in_another_case_is_warned_about(populated: Organization) -> None:
    (ci,) = populated.do("workload_identity_info")["workload_identities"]
    made = populated.do("iam_policy", **{**GRANT, "principal": {"workload_id": ci["id"].upper()}})
    assert made["warnings"] == [
        f"principal: the ID is written {ci['id']}, and the service tells upper from lower case."
    ]


def test_an_unknown_service_name_is_an_error_and_foreseen_in_check_mode(populated: Organization) -> None:
    unknown = {**GRANT, "principal": {"workload": "deployer"}}
    predicted = populated.do("iam_policy", check_mode=True, **unknown)
    message = populated.failure("iam_policy", **unknown)
    assert message.startswith("principal.workload: no workload identity 'deployer' is registered for site")
    assert message in predicted["warnings"][0]
    assert predicted["changed"]
    elsewhere = populated.failure("iam_policy", **{**GRANT, "site_id": THERE})
    assert f"it is registered for {HERE} only" in elsewhere


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"name": "-ci"}, "name: '-ci': a policy's name"),
        ({"name": "c.i"}, "name: 'c.i'"),
        ({"name": "x" * 101}, "name: "),
        ({"actions": ["readsecret"]}, "actions: 'readsecret' is written ReadSecret"),
        ({"actions": []}, "actions: at least one action"),
        ({"actions": None}, "actions: at least one action"),
        ({"resource": None}, "resource: the resource"),
        ({"resource": {"folder": "a b"}}, "resource.folder: the character ' '"),
        ({"resource": {"product": False}}, "resource.product: false names nothing"),
        ({"principal": {"user": " "}}, "principal.user: it is empty"),
        ({"principal": None, "actions": None, "resource": None, "cedar": "permit();"}, "cedar: one @siteId"),
        ({"site_id": None}, "site_id: the site that the grant applies to is needed."),
        ({"grant": "Viewer"}, "parameters are mutually exclusive: grant|actions"),
        ({"principal": {"user": "x", "group": "y"}}, "parameters are mutually exclusive: workload|"),
        ({"principal": {}}, "one of the following is required: workload"),
    ],
)
def test_rules_are_checked_before_a_policy_is_touched(
    populated: Organization, wrong: dict[str, Any], says: str
) -> None:
    assert populated.failure("iam_policy", **{**GRANT, **wrong}).startswith(says)
    assert not [line for line in populated.requests() if "policies" in line]


def test_a_text_for_another_site_than_site_id_is_an_error(populated: Organization) -> None:
    populated.do("iam_policy", **{**GRANT, "principal": {"group": "ops"}})
    cedar = text_of(populated).replace(HERE, THERE)
    assert "its @siteId is" in populated.failure("iam_policy", name="other", cedar=cedar)
    assert populated.do("iam_policy", name="other", cedar=cedar, site_id=None)["changed"]


def test_deleting_is_predicted_and_done_once(populated: Organization) -> None:
    populated.do("iam_policy", **GRANT)
    before = text_of(populated)
    gone = {"name": "ci", "state": "absent"}
    predicted = populated.do("iam_policy", check_mode=True, **gone)
    deleted = populated.do("iam_policy", **gone)
    assert predicted == deleted == {"changed": True, "diff": {"before": before, "after": ""}}
    assert populated.platform("GET", "/iam/policies/ci")["status"] == "DELETED"
    assert populated.asked("iam_policy", **gone) == [GET]
    assert not populated.do("iam_policy", **gone)["changed"]


def test_a_name_is_used_again(populated: Organization) -> None:
    populated.do("iam_policy", **GRANT)
    populated.do("iam_policy", name="ci", state="absent")
    other = {**GRANT, "principal": {"group": "ops"}}
    assert populated.do("iam_policy", **other)["iam_policy"]["in_force"]


def test_a_failed_policy_is_an_error_and_written_again(populated: Organization) -> None:
    at_admin_only = {**CI, "service_name": "psc", "registered_scopes": ["psc"]}
    populated.do("workload_identity", **at_admin_only)
    wanted = {**GRANT, "principal": {"workload": "psc"}}
    message = populated.failure("iam_policy", **wanted)
    assert "NO_PRODUCT_ACCESS" in message
    assert "then repeat the task" in message
    populated.do("workload_identity", **{**at_admin_only, "registered_scopes": ["secrets"]})
    assert populated.do("iam_policy", **wanted)["changed"]


def test_without_waiting_the_status_is_what_the_write_said(populated: Organization) -> None:
    populated.emulator.control.behave(populated.emulator.admin_site, policy_lag=3600.0)
    made = populated.do("iam_policy", wait=False, **GRANT)
    assert made["iam_policy"]["status"] == "RESOURCE_LOOKUP"
    assert populated.requests()[-1] == PUT
    predicted = populated.do("iam_policy", check_mode=True, **GRANT)
    assert not predicted["changed"]
    assert "a real run waits" in predicted["warnings"][0]
    message = populated.failure("iam_policy", wait_timeout=0, **GRANT)
    assert "is not in force after 0 s (wait_timeout); its status is RESOURCE_LOOKUP" in message
    populated.emulator.control.advance(7200)
    done = populated.do("iam_policy", **GRANT)
    assert (done["changed"], done["iam_policy"]["status"]) == (False, "ACTIVE")
    populated.do("iam_policy", name="ci", state="absent", wait=False)
    message = populated.failure("iam_policy", name="ci", state="absent", wait_timeout=0)
    assert "still bound after 0 s" in message
    populated.emulator.control.advance(7200)
    assert not populated.do("iam_policy", name="ci", state="absent")["changed"]


def test_info_by_name_path_and_principal(populated: Organization) -> None:
    populated.do("iam_policy", **GRANT)
    viewer = {"principal": {"group": "ops"}, "grant": "Viewer", "resource": {"folder": "prod"}}
    populated.do("iam_policy", name="ops", **viewer)
    populated.do("iam_policy", name="gone", **viewer)
    populated.do("iam_policy", name="gone", state="absent")
    populated.do("iam_policy", name="there", site_id=THERE, **viewer)

    def names(**options: Any) -> list[str]:
        return [one["name"] for one in populated.do("iam_policy_info", **options)["iam_policies"]]

    assert names() == ["ci", "ops", "there"]
    assert names(deleted=True) == ["ci", "gone", "ops", "there"]
    assert names(name="ci") == ["ci"]
    assert names(name="gone") == names(name="nobody") == []
    assert names(name="gone", deleted=True) == ["gone"]
    assert names(path="prod/app") == ["ci", "ops"]
    assert names(path="/prod") == ["ops"]
    assert names(path="test") == []
    assert names(principal={"workload": "CI"}) == ["ci"]
    assert names(principal={"group": "ops"}) == ["ops", "there"]
    assert names(principal={"group": "OPS"}) == []
    direct, above = populated.do("iam_policy_info", path="prod/app")["iam_policies"]
    assert (direct["granted"], direct["inherited"]) == ({"dynamic_secret": ACTIONS}, False)
    assert above["inherited"]
    assert direct["parsed"]["actions"] == ACTIONS


def test_a_policy_can_be_written_without_a_token_of_the_site(populated: Organization) -> None:
    made = populated.do("iam_policy", access_token=None, **GRANT)
    assert made["changed"]
    populated.forget()
    populated.do("iam_policy", access_token="wrong-token", **{**GRANT, "resource": {"folder": "nothing"}})
    assert "warnings" in populated.do("iam_policy", **{**GRANT, "resource": {"folder": "nothing"}})


@pytest.mark.thorough
def test_reads_that_lag_are_waited_out(populated: Organization) -> None:
    for site in (*SITES, populated.emulator.admin_site):
        populated.emulator.control.behave(site, living=True)
    made = populated.do("iam_policy", **GRANT)
    assert made["iam_policy"]["in_force"]
    populated.do("iam_policy", name="ci", state="absent")
    again = populated.do("iam_policy", **{**GRANT, "principal": {"group": "ops"}})
    assert again["iam_policy"]["parsed"]["principal"]["id"] == "ops"
    assert again["iam_policy"]["in_force"]
