# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Codes and bodies that the document does not have, of the gateway and of providers, and ones nobody has seen."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.definitions import do, failure, populate
from tests.support.rounds import living
from tests.support.site import Site

pytestmark = pytest.mark.one_core


@pytest.fixture(autouse=True)
def definitions(site: Site) -> None:
    """Something to ask for."""
    populate(site)


@pytest.mark.parametrize("world", ["document", "living"])
def test_a_token_of_another_site_or_unknown_says_what_to_check(site: Site, world: str) -> None:
    site.behave(living=world == "living")
    said = failure(site, "session_info", access_token="nobody-knows-this")
    assert "status 401" in said
    assert "it is wrong or expired, or belongs to a different site than site_id" in said
    assert "A new token may take a second to be accepted" in said


def test_a_site_that_is_not_there_says_so(site: Site) -> None:
    site.fault("body", method="GET", path="/session", status=404, body='{"error": "Site not found"}')
    said = failure(site, "session_info")
    assert "Site not found" in said
    assert "Check site_id and api_url, and that the token belongs to this site." in said


def test_a_refusal_names_the_permission(site: Site) -> None:
    said = failure(site, "integration_info", access_token=site.token_for("ReadSecret"))
    assert "lacks the permission ListIntegrations" in said


def test_a_refusal_with_an_empty_body_is_one(site: Site) -> None:
    site.fault("body", method="GET", path="/static/app", status=403, body="", times=9)
    said = failure(site, "static_secret", path="prod/app", secret={"user": "app"})
    assert "lacks the permission ReadSecret" in said


def test_a_code_nobody_has_seen_is_shown(site: Site) -> None:
    site.fault("status", method="PATCH", path="/static/app", status=409, code="quantum_state", message="both")
    said = failure(site, "static_secret", path="prod/app", secret={"user": "other"})
    assert "status 409 quantum_state: both" in said


@pytest.mark.parametrize("has_acted", [False, True])
def test_a_revocation_whose_provider_did_not_answer_in_time_is_settled_by_reading(site: Site, has_acted: bool) -> None:
    lease = do(site, "dynamic_credentials", path="prod/azure")["lease_id"]
    timeout: dict[str, Any] = {"status": 504, "code": "lease_revoke_timeout", "after_acting": has_acted}
    site.fault("status", method="DELETE", path=f"/leases/id/{lease}", **timeout)
    if has_acted:
        assert do(site, "lease", lease_id=[lease])["revoked"] == [lease]
    else:
        said = failure(site, "lease", lease_id=[lease])
        assert "lease_revoke_timeout" in said
        assert f"{lease} (until " in said
    assert len([line for line in site.writes() if line.startswith("DELETE")]) == 1
    assert living(site) == (set() if has_acted else {lease})


def test_what_the_provider_refuses_the_service_is_no_missing_definition(site: Site) -> None:
    refusal = {"status": 403, "code": "azure_permission_denied", "message": "Graph refused"}
    site.fault("status", method="POST", path="/dynamic/azure/generate", **refusal)
    said = failure(site, "dynamic_credentials", path="prod/azure")
    assert "azure_permission_denied: Graph refused" in said
    assert "lacks a permission at Microsoft Graph" in said
    assert "GenerateDynamicCredential" not in said


def test_generating_from_what_is_not_there_by_its_code(site: Site) -> None:
    site.behave(vendor_codes=True)
    assert "there is no dynamic secret 'none'" in failure(site, "dynamic_credentials", path="prod/none")


@pytest.mark.parametrize("actions", [("Admin",), ("DestroyDynamicSecret", "ReadDynamicSecret")])
def test_a_definition_in_use_is_not_destroyed_and_says_until_when(site: Site, actions: tuple[str, ...]) -> None:
    do(site, "dynamic_credentials", path="prod/aws")
    own = {"path": "prod/aws", "state": "absent", "permanent": True, "access_token": site.token_for(*actions)}
    said = failure(site, "dynamic_secret", **own)
    if actions == ("Admin",):
        (lease,) = living(site)
        assert f"{lease} (until " in said
    else:
        # Who may not list leases learns from the deletion that there are some.
        assert "dynamic_secret_in_use" in said
    assert living(site, "aws") != set()


def test_a_definition_whose_leases_may_not_be_listed_is_deleted(site: Site) -> None:
    token = site.token_for("DeleteDynamicSecret", "ReadDynamicSecret")
    assert do(site, "dynamic_secret", path="prod/aws", state="absent", access_token=token)["changed"]
    revoking = {"path": "prod/azure", "state": "absent", "revoke_leases": True, "access_token": token}
    assert "lacks the permission ListLeases" in failure(site, "dynamic_secret", **revoking)


@pytest.mark.parametrize("product", ["secrets", "wlc"])
def test_either_segment_and_both_headers_are_sent(site: Site, product: str) -> None:
    site.behave(living=True)
    do(site, "session_info", api_product=product)
    (entry,) = site.journal()
    assert f"/site/{site.site_id}/{product}/" in entry["path"]
    versions = {entry["headers"][f"bt-{name}-api-version"] for name in ("secrets", "wlc")}
    assert versions == {"2026-04-28"}
