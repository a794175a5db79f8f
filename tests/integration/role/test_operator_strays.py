# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Leases that no Secret gets: what fails after generating is stopped, and what was minted twice is found."""

from __future__ import annotations

import pytest
from kubernetes import client

from tests.integration.role.test_operator_notes import notes_of
from tests.integration.role.test_operator_own import OPERATED, left
from tests.integration.role.test_push_faults import APP, AZURE, living
from tests.support.deliveries import Deliveries
from tests.support.operator import Operator
from tests.support.operator_sources import STORES
from tests.support.site import Site

pytestmark = pytest.mark.one_core
FAILING = {**OPERATED, "wait_timeout": 3}
NOTE = "workload-credentials.ansible.com/operated-lease-id"


def external_secrets(place: str) -> list[str]:
    found = client.CustomObjectsApi().list_namespaced_custom_object(*STORES, place, "externalsecrets")["items"]
    return [one["metadata"]["name"] for one in found]


# Where lists lag, the operator has time for another lease before anybody can see the first.
@pytest.mark.document
def test_what_fails_after_generating_is_not_left_minting(working: Operator, deliveries: Deliveries, site: Site) -> None:
    place = deliveries.namespace
    working.unwritable.add("azure")
    outcome = deliveries.run(AZURE, {**AZURE, "name": "other"}, APP, **FAILING)
    said = " ".join(outcome.problems)
    assert f"{place}/azure: SecretSyncedError" in said
    assert "leases of prod/azure that no Secret got. Its ExternalSecret was removed again." in said
    assert {one["name"]: one["action"] for one in outcome.report} == {
        "azure": "failed",
        "other": "created",
        "app": "created",
    }
    assert external_secrets(place) == ["app", "other"]
    working.leave()
    loose = living(site) - {notes_of("other", place)[NOTE]}
    assert len(loose) >= 2
    # Another cluster may be served with the same token, so they are named; one may still have been on its way.
    assert len([lease for lease in loose if lease not in " ".join(outcome.warnings)]) <= 1


def test_what_has_a_secret_already_goes_on_and_is_said(working: Operator, deliveries: Deliveries, site: Site) -> None:
    place = deliveries.namespace
    assert deliveries.run(AZURE, **OPERATED).problems == []
    working.unwritable.add("azure")
    outcome = deliveries.run({**AZURE, "labels": {"a": "b"}}, **FAILING)
    assert "It goes on at each of its attempts." in " ".join(outcome.problems)
    working.leave()
    assert {"externalsecrets/azure", "secrets/azure"} <= set(left(place))
    # Until then Secrets of this cluster held all leases of this identity, so these are its operator's.
    assert len(living(site)) < working.generated.count("azure")


def test_what_was_minted_twice_is_found_and_ended_where_nobody_else_can_have_it(
    working: Operator, deliveries: Deliveries, site: Site
) -> None:
    place = deliveries.namespace
    working.doubled = {"azure"}
    outcome = deliveries.run(AZURE, **OPERATED)
    (loose,) = living(site) - {notes_of("azure", place)[NOTE]}
    assert outcome.problems == []
    assert f"no Secret of this cluster holds them: {loose}" in " ".join(outcome.warnings)
    warnings = deliveries.run(AZURE, state="verified", delivery="external_secret").warnings
    assert loose in " ".join(warnings)


def test_a_double_is_ended(working: Operator, deliveries: Deliveries, site: Site) -> None:
    place = deliveries.namespace
    assert deliveries.run(AZURE, **OPERATED).problems == []
    working.doubled = {"azure"}
    outcome = deliveries.run(AZURE, **{**OPERATED, "renew": True})
    assert outcome.problems == []
    assert living(site) == {notes_of("azure", place)[NOTE]}
