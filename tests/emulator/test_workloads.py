# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The API of workload identities: two shapes for sites, what stays, what converges."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from workload_credentials_emulator import Control, Emulator

from .client import OTHER_SITE, SITE, TOKEN, assert_refused
from .platform_client import FLAT, ISSUER, Platform

IDENTITIES = "/auth/workload-identities"
FLAT_NAMES = ("siteId", "registeredScopes", "scopeLevel", "expectedAud")


@pytest.fixture
def platform(emulator: Emulator) -> Platform:
    return Platform(emulator)


def bound(*sites: str) -> dict[str, Any]:
    return {**ISSUER, "sites": [{"siteId": site, "registeredScopes": ["secrets"]} for site in sites]}


def test_an_identity_is_registered_read_and_forgotten(platform: Platform, emulator: Emulator) -> None:
    made = platform.register({**FLAT, "serviceName": "CI"})
    assert made == {
        **ISSUER,
        "identityId": made["identityId"],
        "organizationId": emulator.admin_site,
        "siteId": SITE,
        "registeredScopes": ["secrets"],
        "scopeLevel": "site",
        "expectedAud": SITE,
        "sites": [{"siteId": SITE, "registeredScopes": ["secrets"], "scopeLevel": "site", "expectedAud": SITE}],
    }
    address = f"{IDENTITIES}/{made['identityId']}"
    assert platform.done("GET", address) == {"issuer": made}
    assert platform.done("GET", IDENTITIES) == {"issuers": [made], "totalCount": 1}
    assert platform.send("DELETE", address).status_code == 204
    for method in ("GET", "DELETE", "PUT"):
        assert_refused(platform.send(method, address), 404, "workload_identity_not_found")
    assert platform.done("GET", IDENTITIES) == {"issuers": [], "totalCount": 0}


def test_both_shapes_make_the_same(platform: Platform) -> None:
    flat = platform.register(FLAT)
    platform.done("DELETE", f"{IDENTITIES}/{flat['identityId']}")
    listed = platform.register(bound(SITE))
    assert {**listed, "identityId": flat["identityId"]} == flat


def test_with_several_sites_the_flat_fields_say_nothing(platform: Platform, emulator: Emulator) -> None:
    made = platform.register(bound(SITE, OTHER_SITE, emulator.admin_site))
    assert [made[name] for name in FLAT_NAMES] == [None] * 4
    assert [one["siteId"] for one in made["sites"]] == [SITE, OTHER_SITE, emulator.admin_site]


@pytest.mark.parametrize(
    "wrong",
    [
        {**FLAT, "sites": bound(SITE)["sites"]},
        ISSUER,
        {**ISSUER, "sites": []},
        {**ISSUER, "siteId": SITE},
        {**FLAT, "registeredScopes": []},
        {**FLAT, "registeredScopes": ["everything"]},
        bound(SITE, SITE.upper()),
        {**FLAT, "conditions": {"sub": []}},
        {**FLAT, "conditions": {"sub": [""]}},
        {**FLAT, "conditions": {"sub": ["a*b"]}},
        {**FLAT, "conditions": {"sub": ["a**"]}},
        {**FLAT, "conditions": {"sub": ["a" * 257]}},
        {**FLAT, "conditions": {"sub": "a"}},
        {**FLAT, "issuerUrl": "http://issuer.example.com"},
        {**FLAT, "idpCategory": "GitHub"},
        {**FLAT, "scopeLevel": "all"},
        {**FLAT, "servicename": "ci"},
        {name: value for name, value in FLAT.items() if name != "serviceName"},
        [],
    ],
)
def test_what_is_no_identity_is_refused(platform: Platform, wrong: Any) -> None:
    assert_refused(platform.send("POST", IDENTITIES, wrong), 400, "invalid_request")


def test_at_most_99_sites(platform: Platform) -> None:
    sites = [str(uuid.uuid4()) for _number in range(100)]
    assert_refused(platform.send("POST", IDENTITIES, bound(*sites)), 400, "invalid_request")
    refused = platform.send("POST", IDENTITIES, bound(*sites[1:]))
    assert_refused(refused, 404, "not_found")
    assert all(site in refused.text for site in sites[1:])


def test_an_unknown_site_is_named_and_a_known_one_is_not(platform: Platform) -> None:
    unknown = [str(uuid.uuid4()), str(uuid.uuid4())]
    refused = platform.send("POST", IDENTITIES, bound(unknown[0], SITE, unknown[1]))
    assert_refused(refused, 404, "not_found")
    assert all(site in refused.text for site in unknown)
    assert SITE not in refused.text


@pytest.mark.smoke
def test_sites_converge_under_the_same_id(platform: Platform) -> None:
    made = platform.register(FLAT)
    address = f"{IDENTITIES}/{made['identityId']}"
    for sites in ([SITE, OTHER_SITE], [OTHER_SITE], [SITE]):
        assert platform.done("PUT", address, bound(*sites))["issuer"]["identityId"] == made["identityId"]
        assert [one["siteId"] for one in platform.done("GET", address)["issuer"]["sites"]] == sites


def test_a_flat_body_cannot_update_an_identity_of_several_sites(platform: Platform) -> None:
    made = platform.register(bound(SITE, OTHER_SITE))
    refused = platform.send("PUT", f"{IDENTITIES}/{made['identityId']}", FLAT)
    assert_refused(refused, 400, "invalid_request")
    assert "send sites[] to update it" in refused.text


@pytest.mark.parametrize(
    "change",
    [
        {"serviceName": "other"},
        {"issuerUrl": "https://other.example.com"},
        {"idpCategory": "AzureEntra"},
        {"siteId": OTHER_SITE},
    ],
)
def test_what_is_immutable_stays(platform: Platform, change: dict[str, str]) -> None:
    made = platform.register(FLAT)
    address = f"{IDENTITIES}/{made['identityId']}"
    refused = platform.send("PUT", address, {**FLAT, **change})
    assert_refused(refused, 400, "immutable_field")
    assert next(iter(change)) in refused.text
    assert platform.done("GET", address)["issuer"] == made


def test_a_put_replaces_what_can_change_and_minds_no_case(platform: Platform) -> None:
    made = platform.register(FLAT)
    body = {**FLAT, "serviceName": "Ci", "issuerUrl": FLAT["issuerUrl"].upper().replace("HTTPS", "https")}
    body |= {"registeredScopes": ["secrets", "admin"], "scopeLevel": "org", "expectedAud": "api://app"}
    del body["conditions"], body["description"]
    # What reading shows besides is taken, and changes nothing.
    body |= {"identityId": str(uuid.uuid4()), "organizationId": SITE}
    changed = platform.done("PUT", f"{IDENTITIES}/{made['identityId']}", body)["issuer"]
    expected = {"registeredScopes": ["secrets", "admin"], "scopeLevel": "org", "expectedAud": "api://app"}
    del changed["sites"], made["sites"]
    assert changed == {**made, **expected, "conditions": {}, "description": ""}


def test_an_issuers_address_is_kept_as_given_or_in_lower_case(platform: Platform, control: Control) -> None:
    assert platform.register(FLAT)["issuerUrl"] == ISSUER["issuerUrl"]
    control.behave(lower_issuers=True)
    assert platform.register({**FLAT, "serviceName": "cd"})["issuerUrl"] == str(ISSUER["issuerUrl"]).lower()


def test_a_name_is_taken_once_at_each_site(platform: Platform) -> None:
    platform.register(FLAT)
    refused = platform.send("POST", IDENTITIES, {**bound(OTHER_SITE, SITE), "serviceName": "CI"})
    assert_refused(refused, 409, "workload_identity_already_exists")
    other = platform.register(bound(OTHER_SITE))
    refused = platform.send("PUT", f"{IDENTITIES}/{other['identityId']}", bound(SITE))
    assert_refused(refused, 409, "workload_identity_already_exists")


def test_a_reset_forgets_identities_and_keeps_the_token(platform: Platform, control: Control) -> None:
    platform.register(FLAT)
    control.reset()
    assert platform.done("GET", IDENTITIES)["totalCount"] == 0


def test_the_journal_has_the_identity(platform: Platform, control: Control) -> None:
    platform.register(FLAT)
    assert control.journal()[-1]["body"] == FLAT


def test_a_product_token_reads_nothing(emulator: Emulator) -> None:
    response = Platform(emulator, token=TOKEN).send("POST", IDENTITIES, FLAT)
    assert (response.status_code, response.content) == (403, b"")
