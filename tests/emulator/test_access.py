# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who is let in, in which order that is decided, and at which addresses."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from workload_credentials_emulator import Control, Emulator

from .client import OTHER_SITE, OTHER_TOKEN, SITE, TOKEN, Api, assert_refused

NO_VERSION = {"bt-secrets-api-version": None}
UNKNOWN_SITE = "c1b2c3d4-e5f6-4890-abcd-ef1234567890"


@pytest.mark.parametrize("header", [None, "Bearer", "Bearer wrong-canary", f"Basic {TOKEN}", TOKEN])
def test_a_bad_token_is_401_before_everything_else(emulator: Emulator, header: str | None) -> None:
    api = Api(emulator, site=UNKNOWN_SITE, token=None)
    response = api.send("GET", "/session", headers={"Authorization": header, **NO_VERSION})
    assert_refused(response, 401, "unauthorized")
    assert response.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("site", [OTHER_SITE, UNKNOWN_SITE, "no-uuid"])
def test_a_foreign_site_is_403_before_the_version_is_looked_at(emulator: Emulator, site: str) -> None:
    assert_refused(Api(emulator, site=site).send("GET", "/session", headers=NO_VERSION), 403, "forbidden")


@pytest.mark.parametrize("version", [None, "2026-02-16", ""])
def test_a_missing_or_other_version_is_400_before_the_address_is_looked_at(api: Api, version: str | None) -> None:
    response = api.send("GET", "/nothing", headers={"bt-secrets-api-version": version})
    assert_refused(response, 400, "invalid_api_version")


def test_tokens_belong_to_their_site(emulator: Emulator) -> None:
    assert Api(emulator, site=OTHER_SITE, token=OTHER_TOKEN).get("/session") == {"valid": True}
    assert_refused(Api(emulator, site=SITE, token=OTHER_TOKEN).send("GET", "/session"), 403, "forbidden")


def test_sites_do_not_share_anything(emulator: Emulator, api: Api) -> None:
    api.static("app", value="1")
    other = Api(emulator, site=OTHER_SITE, token=OTHER_TOKEN)
    assert other.paths("/static") == []
    other.static("app", value="2")
    assert api.get("/static/app")["secret"] == {"value": "1"}


def test_the_scheme_and_the_site_are_read_without_case(emulator: Emulator) -> None:
    api = Api(emulator, site=SITE.upper())
    assert api.done("GET", "/session", headers={"Authorization": f"bearer {TOKEN}"}) == {"valid": True}


def test_a_version_segment_is_optional(api: Api) -> None:
    api.folder("prod")
    assert api.done("GET", "/v1/session") == {"valid": True}
    assert api.paths("/v1/folders") == ["prod"]


def test_workload_identity_headers_are_accepted(api: Api, control: Control) -> None:
    identity = {"X-BT-Service-Name": "ci", "X-BT-Role": "deploy", "X-BT-Auth-Type": "CUSTOM-IDP", "X-BT-Site-ID": SITE}
    assert api.done("GET", "/session", headers=identity) == {"valid": True}
    assert {name.lower(): value for name, value in identity.items()}.items() <= control.journal()[0]["headers"].items()


@pytest.fixture(scope="module")
def registered() -> Iterator[Emulator]:
    """An emulator that knows two services and a role."""
    with Emulator([SITE], [TOKEN], services=["ci", "Deploy Job"], roles=["deploy"]) as emulator:
        yield emulator


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-BT-Service-Name": "ci"},
        {"X-BT-Service-Name": "Deploy Job"},
        {"X-BT-Role": "deploy", "X-BT-Auth-Type": "CUSTOM-IDP"},
        {"X-BT-Role": "deploy", "X-BT-Auth-Type": "CUSTOM-IDP", "X-BT-Service-Name": "ci"},
    ],
)
def test_a_registered_service_or_role_is_let_in(registered: Emulator, headers: dict[str, str]) -> None:
    assert Api(registered).done("GET", "/session", headers=headers) == {"valid": True}


@pytest.mark.parametrize(
    "headers",
    [
        {"X-BT-Service-Name": "other"},
        {"X-BT-Service-Name": "CI"},
        {"X-BT-Service-Name": ""},
        {"X-BT-Service-Name": "deploy"},
        {"X-BT-Service-Name": "ci, other"},
        {"X-BT-Role": "ci", "X-BT-Auth-Type": "CUSTOM-IDP"},
        {"X-BT-Role": "other", "X-BT-Auth-Type": "CUSTOM-IDP", "X-BT-Service-Name": "ci"},
        {"X-BT-Role": "other"},
    ],
)
def test_an_unknown_service_or_role_is_401_before_everything_else(
    registered: Emulator, headers: dict[str, str]
) -> None:
    for path in ("/session", "/static/a%zz"):
        response = Api(registered, site=UNKNOWN_SITE).send("GET", path, headers={**headers, **NO_VERSION})
        assert_refused(response, 401, "unauthorized")
        assert response.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("headers", [{"X-BT-Role": "deploy"}, {"X-BT-Auth-Type": "OIDC"}, {"X-BT-Auth-Type": ""}])
def test_a_role_needs_its_kind_of_authentication(api: Api, headers: dict[str, str]) -> None:
    assert_refused(api.send("GET", "/session", headers=headers), 400, "invalid_request")


@pytest.mark.parametrize(
    "path", ["/nothing", "/static/a/b", "/static/", "/v1", "/x1/session", "/folders/a/metadata/tags/env", "/leases", ""]
)
def test_an_unknown_address_is_404(api: Api, path: str) -> None:
    assert_refused(api.send("GET", path), 404, "not_found")


def test_what_is_no_site_is_404_without_a_token(emulator: Emulator) -> None:
    api = Api(emulator, token=None)
    api.base = emulator.url
    assert_refused(api.send("GET", "/favicon.ico"), 404, "not_found")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/static/a", "DELETE, GET, PATCH, POST"),
        ("GET", "/folders/a", "DELETE, POST"),
        ("POST", "/static", "GET"),
        ("DELETE", "/session", "GET"),
        ("GET", "/dynamic/a/generate", "POST"),
        ("PATCH", "/leases/id/x", "DELETE, GET"),
        ("POST", "/static/a/metadata/tags", "DELETE, PATCH, PUT"),
        ("HEAD", "/session", "GET"),
    ],
)
def test_a_wrong_method_is_405_and_says_what_is_allowed(api: Api, method: str, path: str, allowed: str) -> None:
    response = api.send(method, path)
    assert response.status_code == 405
    assert response.headers["Allow"] == allowed
    if method != "HEAD":
        assert_refused(response, 405, "method_not_allowed")
