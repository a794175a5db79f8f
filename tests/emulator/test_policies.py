# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The policy API: writing by name, how policies come into force, and what is left of deleted ones."""

from __future__ import annotations

import re

import pytest
from workload_credentials_emulator import Control, Emulator

from .client import OTHER_SITE, SITE, TOKEN, Api, assert_refused
from .conftest import Time
from .platform_client import FLAT, Platform, cedar

UNKNOWN_SITE = "c1b2c3d4-e5f6-4890-abcd-ef1234567890"
GENERATE = cedar("GenerateDynamicCredential")
ANYWHERE = cedar("ListIntegrations", on="Product")


@pytest.fixture
def platform(emulator: Emulator) -> Platform:
    return Platform(emulator)


@pytest.fixture
def living(platform: Platform, control: Control, time: Time) -> Platform:
    """The administration site of the living service, whose time the test moves."""
    control.behave(living=True)
    return platform


@pytest.mark.smoke
def test_a_policy_is_written_and_read_byte_for_byte(platform: Platform, api: Api) -> None:
    text = f"// für Ann\r\n{ANYWHERE}\n\n"
    written = platform.put("app", text)
    assert re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ", written.pop("createdAt"))
    assert written.pop("updatedAt")
    assert written == {"name": "app", "cedar": text, "status": "ACTIVE", "product": "wlc", "site": SITE}
    assert platform.done("GET", "/iam/policies/app")["cedar"] == text
    assert [one["cedar"] for one in platform.done("GET", "/iam/policies?limit=1")["policies"]] == [text]


def test_a_policy_for_what_is_not_there_waits_for_it(platform: Platform, api: Api) -> None:
    api.folder("prod")
    api.folder("aws", "prod")
    platform.put("app", GENERATE)
    assert platform.status("app") == "WAITING_FOR_RESOURCE"
    api.static("app", "prod/aws")
    assert platform.status("app") == "WAITING_FOR_RESOURCE"
    api.dynamic("app", "prod/aws")
    assert platform.status("app") == "ACTIVE"


@pytest.mark.parametrize(
    "resource",
    [
        'Folder::"prod"',
        'Folder::"/prod"',
        'Folder::"/"',
        'Secret::"/prod/db"',
        'Integration::"my-aws"',
        "Product",
        'Product::"any"',
    ],
)
def test_what_is_there_is_bound(platform: Platform, api: Api, resource: str) -> None:
    api.folder("prod")
    api.static("db", "prod")
    api.integration("aws")
    assert platform.put("app", cedar("Viewer", on=resource))["status"] == "ACTIVE"


@pytest.mark.parametrize(
    ("resource", "status"),
    [
        ('Folder::"other"', "WAITING_FOR_RESOURCE"),
        ('Folder::"prod/db"', "WAITING_FOR_RESOURCE"),
        ('Integration::"/aws/my-aws"', "WAITING_FOR_RESOURCE"),
        ('Secret::"/"', "WAITING_FOR_RESOURCE"),
        ('Folder::""', "RESOURCE_LOOKUP_ERROR"),
        ('Folder::"//prod"', "RESOURCE_LOOKUP_ERROR"),
        ('Folder::"prod/"', "RESOURCE_LOOKUP_ERROR"),
        ('Folder::"pröd"', "RESOURCE_LOOKUP_ERROR"),
    ],
)
def test_what_is_not_there_or_cannot_be_is_not_bound(platform: Platform, api: Api, resource: str, status: str) -> None:
    api.folder("prod")
    api.static("db", "prod")
    api.integration("aws")
    assert platform.put("app", cedar("Viewer", on=resource))["status"] == status


def test_a_workload_without_the_product_is_said_and_one_that_is_unknown_is_not(
    platform: Platform, emulator: Emulator
) -> None:
    known = platform.register({**FLAT, "siteId": OTHER_SITE})["identityId"]
    for principal, status in ((known, "NO_PRODUCT_ACCESS"), (UNKNOWN_SITE, "ACTIVE")):
        text = cedar("Lister", on="Product", principal=f'Pathfinder::Workload::Id::"{principal}"')
        assert platform.put("app", text)["status"] == status
    assert platform.put("app", cedar("Lister", on="Product", site=emulator.admin_site))["status"] == "NO_PRODUCT_ACCESS"


def test_writing_again_replaces_and_begins_anew(platform: Platform) -> None:
    platform.put("app", GENERATE)
    other = cedar("Lister", on="Product", site=OTHER_SITE)
    assert platform.put("app", other)["site"] == OTHER_SITE
    assert platform.policies() == {"app": "ACTIVE"}
    assert platform.done("GET", "/iam/policies/app")["cedar"] == other


def test_a_deleted_policy_is_remembered_for_two_days(platform: Platform, control: Control) -> None:
    platform.delete("never")
    platform.put("app", ANYWHERE)
    platform.delete("app")
    platform.delete("app")
    assert platform.policies() == {"app": "DELETED"}
    assert platform.status("app") == "DELETED"
    control.advance(2 * 86400 - 60)
    assert platform.policies() == {"app": "DELETED"}
    control.advance(120)
    assert platform.policies() == {}
    assert platform.status("app") == ""


def test_a_name_can_be_used_again_at_once(platform: Platform) -> None:
    platform.put("app", ANYWHERE)
    platform.delete("app")
    assert platform.put("app", ANYWHERE)["status"] == "ACTIVE"
    assert platform.policies() == {"app": "ACTIVE"}


def test_living_a_policy_settles_by_the_clock(living: Platform, control: Control, time: Time) -> None:
    assert living.put("app", ANYWHERE)["status"] == "RESOURCE_LOOKUP"
    assert living.status("app") == ""
    assert living.policies() == {"app": "RESOURCE_LOOKUP"}
    time.now += 0.26
    assert living.status("app") == "PENDING_BIND"
    control.advance(0.3)
    assert living.status("app") == "ACTIVE"
    living.delete("app")
    assert living.status("app") == "ACTIVE"
    control.advance(0.3)
    assert living.status("app") == "PENDING_UNBIND"
    time.now += 0.3
    assert living.status("app") == "DELETED"


def test_living_the_old_record_is_served_for_a_moment(living: Platform, time: Time) -> None:
    living.put("app", ANYWHERE)
    time.now += 5
    living.delete("app")
    time.now += 5
    assert living.put("app", GENERATE)["status"] == "RESOURCE_LOOKUP"
    assert living.status("app") == "DELETED"
    time.now += 5
    assert living.status("app") == "WAITING_FOR_RESOURCE"


def test_living_it_binds_a_while_after_the_item_is_made(
    living: Platform, api: Api, control: Control, time: Time
) -> None:
    living.put("app", cedar("Viewer", on='Folder::"prod"'))
    control.advance(60)
    assert living.status("app") == "WAITING_FOR_RESOURCE"
    api.folder("prod")
    assert living.status("app") == "PENDING_BIND"
    control.advance(60)
    assert living.status("app") == "ACTIVE"
    control.reset_clock()
    assert living.status("app") == "ACTIVE"


@pytest.mark.parametrize("name", ["-app", "app_", "a.b", "a b", "a" * 101, "ä"])
def test_a_name_has_letters_digits_and_inner_signs(platform: Platform, name: str) -> None:
    for method, body in (("PUT", ANYWHERE), ("GET", None), ("DELETE", None)):
        assert_refused(platform.send(method, f"/iam/policies/{name}", body), 400, "invalid_request")
    assert platform.put("A-1_z", ANYWHERE)
    assert platform.put("a" * 100, ANYWHERE)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "invalid_cedar_syntax"),
        ("this is not cedar", "invalid_cedar_syntax"),
        (b"\xff" + ANYWHERE.encode(), "invalid_cedar_syntax"),
        (ANYWHERE.partition("\n")[2], "invalid_site"),
        (ANYWHERE.replace(SITE, "production"), "invalid_site"),
        (ANYWHERE.replace(SITE, UNKNOWN_SITE), "invalid_site"),
    ],
)
def test_what_is_no_policy_is_refused_and_changes_nothing(platform: Platform, text: str | bytes, code: str) -> None:
    platform.put("app", ANYWHERE)
    assert_refused(platform.send("PUT", "/iam/policies/app", text), 400, code)
    assert platform.done("GET", "/iam/policies/app")["cedar"] == ANYWHERE


def test_a_policy_is_sent_as_plain_text(platform: Platform) -> None:
    for type in ("application/json", "text/plain; charset=latin-1", ""):
        response = platform.send("PUT", "/iam/policies/app", ANYWHERE, **{"Content-Type": type})
        assert_refused(response, 400, "invalid_content_type")
    response = platform.send("PUT", "/iam/policies/app", ANYWHERE, **{"Content-Type": "text/plain; charset=UTF-8"})
    assert response.status_code == 202


def test_a_token_of_a_product_site_is_refused_with_a_body_at_one_and_without_at_the_other(emulator: Emulator) -> None:
    for site in (SITE, emulator.admin_site):
        platform = Platform(emulator, site=site, token=TOKEN)
        assert_refused(platform.send("GET", "/iam/policies"), 403, "forbidden")
        response = platform.send("GET", "/auth/workload-identities")
        assert (response.status_code, response.content) == (403, b"")


def test_the_administrators_token_opens_no_other_site(emulator: Emulator, control: Control) -> None:
    token = emulator.admin_token
    platform = Platform(emulator, site=SITE)
    assert_refused(platform.send("GET", "/iam/policies"), 403, "forbidden")
    assert_refused(Api(emulator, token=token).send("GET", "/session"), 403, "forbidden")
    control.behave(living=True)
    for refused in (platform.send("GET", "/iam/policies"), Api(emulator, token=token).send("GET", "/session")):
        assert (refused.status_code, refused.json()) == (401, {"error": "Access denied for this site"})
    unknown = Platform(emulator, site=UNKNOWN_SITE).send("GET", "/iam/policies")
    assert (unknown.status_code, unknown.json()) == (404, {"error": "Site not found"})


def test_without_a_token_nothing_is_answered(emulator: Emulator) -> None:
    assert_refused(Platform(emulator, token="wrong").send("GET", "/iam/policies"), 401, "unauthorized")


def test_addresses_and_methods_that_are_not_there(platform: Platform) -> None:
    assert_refused(platform.send("GET", "/iam/roles"), 404, "not_found")
    response = platform.send("POST", "/iam/policies/app", ANYWHERE)
    assert (response.status_code, response.headers["Allow"]) == (405, "DELETE, GET, PUT")


def test_the_journal_has_the_policy(platform: Platform, control: Control) -> None:
    platform.put("app", ANYWHERE)
    assert control.journal()[-1]["body"] == ANYWHERE


def test_faults_and_limits_hold_here_too(platform: Platform, control: Control, emulator: Emulator) -> None:
    control.inject("status", status=502, code="principal_lookup_failed", method="PUT")
    assert_refused(platform.send("PUT", "/iam/policies/app", ANYWHERE), 502, "principal_lookup_failed")
    control.behave(emulator.admin_site, rate_limit=1)
    assert platform.send("GET", "/iam/policies").headers["x-ratelimit-remaining"] == "0"
    assert platform.send("GET", "/iam/policies").status_code == 429
