# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tokens with limited permissions: read, write, generate and revoke are four things."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from workload_credentials_emulator import Control, Emulator
from workload_credentials_emulator.actions import Permission

from .client import OTHER_SITE, SITE, Api, assert_refused

pytestmark = pytest.mark.smoke

LIMITED = "limited-token-canary"
REQUESTS: dict[Permission, list[tuple[str, str]]] = {
    "read": [("GET", "/static"), ("GET", "/dynamic/app/metadata"), ("GET", "/integrations"), ("GET", "/leases/app")],
    "write": [
        ("POST", "/folders/new"),
        ("DELETE", "/dynamic/spare"),
        ("DELETE", "/static/app/metadata/tags"),
        ("POST", "/static/gone/restore"),
    ],
    "generate": [("POST", "/dynamic/app/generate")],
    "revoke": [("DELETE", "/leases/id/LEASE")],
}


@pytest.fixture
def limited(api: Api, emulator: Emulator, control: Control) -> Callable[..., Api]:
    """A client whose token has these permissions only, on a site with something of everything."""
    api.dynamic("app", type="azure")
    api.dynamic("spare", type="azure")
    api.static("app")
    api.static("gone")
    api.done("DELETE", "/static/gone")

    def with_permissions(*permissions: Permission, path_prefix: str = "") -> Api:
        control.add_token(LIMITED, permissions=permissions, path_prefix=path_prefix)
        return Api(emulator, token=LIMITED)

    return with_permissions


@pytest.mark.parametrize("permission", REQUESTS)
def test_a_permission_allows_its_requests_and_no_others(
    api: Api, limited: Callable[..., Api], permission: Permission
) -> None:
    lease = api.generate("app")["leaseId"]
    client = limited(permission)
    for needed, requests in REQUESTS.items():
        for method, path in requests:
            response = client.send(method, path.replace("LEASE", lease))
            if needed == permission:
                assert response.ok, response.text
            else:
                assert_refused(response, 403, "forbidden")


def test_a_session_needs_no_permission(limited: Callable[..., Api]) -> None:
    assert limited().get("/session") == {"valid": True}


def test_permission_is_checked_before_the_body(limited: Callable[..., Api]) -> None:
    assert_refused(limited("read").send("POST", "/static/new", "no JSON"), 403, "forbidden")


def test_a_path_prefix_hides_the_rest_of_the_tree(api: Api, limited: Callable[..., Api]) -> None:
    for folder in ("team", "teams"):
        api.folder(folder)
        api.static("app", folder)
    client = limited("read", path_prefix="/team")
    assert client.paths("/static", path="team") == ["team/app"]
    assert client.get("/folders/team/metadata")
    for method, path in (("GET", "/static/app?folder=teams"), ("GET", "/static"), ("GET", "/static/app")):
        assert_refused(client.send(method, path), 403, "forbidden")


def test_a_path_prefix_holds_for_leases_by_id(api: Api, limited: Callable[..., Api]) -> None:
    lease = api.generate("app")["leaseId"]
    assert_refused(limited("read", path_prefix="team").send("GET", f"/leases/id/{lease}"), 403, "forbidden")


def test_a_token_can_be_made_for_one_site(emulator: Emulator, control: Control) -> None:
    control.add_token(LIMITED, sites=[OTHER_SITE])
    assert Api(emulator, site=OTHER_SITE, token=LIMITED).get("/session") == {"valid": True}
    assert_refused(Api(emulator, site=SITE, token=LIMITED).send("GET", "/session"), 403, "forbidden")


def test_a_token_for_an_unknown_site_is_refused(control: Control) -> None:
    with pytest.raises(ValueError, match="there is no site"):
        control.add_token(LIMITED, sites=["c1b2c3d4-e5f6-4890-abcd-ef1234567890"])
