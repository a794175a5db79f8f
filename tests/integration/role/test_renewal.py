# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A lease that lives no more is not ready and is minted anew, and what is asked to be renewed is."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.community.workload_credentials.plugins.module_utils._resources._parts.leases import end_leases

from tests.integration.role.test_operator_own import OPERATED, secret_text
from tests.integration.role.test_push_faults import APP, AWS, AZURE, living
from tests.support.deliveries import Deliveries
from tests.support.operator import Operator
from tests.support.site import Site

pytestmark = pytest.mark.one_core
ENV = {**AZURE, "format": "azure_env"}


def revoke_all(site: Site) -> None:
    end_leases(site.client(), [{"id": lease} for lease in living(site)])


@pytest.mark.parametrize("delivery", ["push", "external_secret"])
def test_a_revoked_lease_is_not_ready(working: Operator, deliveries: Deliveries, site: Site, delivery: str) -> None:
    options: dict[str, Any] = {**OPERATED, "delivery": delivery}
    assert deliveries.run(ENV, APP, **options).problems == []
    assert deliveries.run(ENV, APP, state="verified", **options).problems == []
    revoke_all(site)
    said = deliveries.run(ENV, APP, state="verified", **options).problems
    words = "its lease ended early" if delivery == "push" else "its lease has ended"
    assert [one.startswith(f"{deliveries.namespace}/azure: {words}: ") for one in said] == [True]


def test_what_is_dead_is_made_to_generate(working: Operator, deliveries: Deliveries, site: Site) -> None:
    place = deliveries.namespace
    entries = (ENV, {**AZURE, "name": "other"}, AWS, APP)
    assert deliveries.run(*entries, **OPERATED).problems == []
    site.forget()
    assert deliveries.run(*entries, **OPERATED).before == {}
    assert len([one for one in site.requests() if "leases" in one]) == 2
    revoke_all(site)
    foreseen = deliveries.run(*entries, check_mode=True, **OPERATED)
    assert f"{place}/azure: renew, its lease has ended; one new lease" in deliveries.lines
    assert "The operator mints 2 new leases for the renewed entries." in deliveries.lines
    outcome = deliveries.run(*entries, **OPERATED)
    assert (outcome.problems, outcome.before.keys()) == ([], foreseen.before.keys())
    assert {one["name"]: one["action"] for one in outcome.report} == {
        "azure": "renewed",
        "other": "renewed",
        "aws": "kept",
        "app": "kept",
    }
    told = {one["lease_id"] for one in outcome.report if one["action"] == "renewed"}
    assert told == {lease for lease in living(site) if lease != secret_text(place, "aws", "leaseId")}
    assert deliveries.run(*entries, **OPERATED).before == {}


@pytest.mark.parametrize("asked", [{"renew": True}, {"state": "refreshed", "prune": True}])
def test_what_is_asked_to_be_renewed_is_and_the_rest_is_not(
    working: Operator, deliveries: Deliveries, site: Site, asked: dict[str, Any]
) -> None:
    entries = (ENV, {**AZURE, "name": "pushed", "delivery": "push"}, APP, {**AZURE, "name": "not-chosen"})
    assert deliveries.run(*entries, **OPERATED).problems == []
    before = living(site)
    chosen = entries[:3]
    outcome = deliveries.run(*chosen, **{**OPERATED, **asked})
    assert outcome.problems == []
    assert {(one["name"], one["action"]) for one in outcome.report} == {
        ("azure", "renewed"),
        ("pushed", "renewed"),
        ("app", "renewed"),
    }
    told = {one["lease_id"] for one in outcome.report} - {None}
    assert len(told) == 2
    # The superseded ones have ended, and that of the entry which was not chosen lives.
    (rest,) = living(site) - told
    assert told < living(site)
    assert rest in before
    assert working.generated.count("not-chosen") == 1
    assert deliveries.run(*entries, **OPERATED).before == {}


def test_it_waits_for_that_very_refresh(working: Operator, deliveries: Deliveries) -> None:
    assert deliveries.run(ENV, **OPERATED).problems == []
    working.leave()
    said = " ".join(deliveries.run(ENV, **{**OPERATED, "renew": True, "wait_timeout": 1}).problems)
    assert "azure: the operator has not refreshed it yet" in said


def test_what_is_written_once_is_said(working: Operator, deliveries: Deliveries, site: Site) -> None:
    once = {**ENV, "refresh_policy": "CreatedOnce"}
    assert deliveries.run(once, **OPERATED).problems == []
    revoke_all(site)
    said = " ".join(deliveries.run(once, **OPERATED).warnings)
    assert "its lease has ended, and with refresh_policy CreatedOnce the operator never generates again" in said
