# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Leases that no Secret gets: what fails after generating is stopped, and what was minted twice is found."""

from __future__ import annotations

import pytest
from kubernetes import client

from tests.integration.role.test_operator_notes import notes_of
from tests.integration.role.test_operator_own import OPERATED, left
from tests.integration.role.test_operator_targets import LABELS
from tests.integration.role.test_push_faults import APP, AZURE, living
from tests.kubernetes.tests.waiting import wait_until
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
    assert "leases of prod/azure that no Secret received. Its ExternalSecret was removed again." in said
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
    assert "It repeats this at each attempt." in " ".join(outcome.problems)
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
    assert f"no Secret of this cluster uses them: {loose}" in " ".join(outcome.warnings)
    warnings = deliveries.run(AZURE, state="verified", delivery="external_secret").warnings
    assert loose in " ".join(warnings)


def test_a_double_is_ended(working: Operator, deliveries: Deliveries, site: Site) -> None:
    place = deliveries.namespace
    assert deliveries.run(AZURE, **OPERATED).problems == []
    working.doubled = {"azure"}
    outcome = deliveries.run(AZURE, **{**OPERATED, "renew": True})
    assert outcome.problems == []
    assert living(site) == {notes_of("azure", place)[NOTE]}


def looping(working: Operator, deliveries: Deliveries) -> None:
    """Let the operator generate again and again."""
    working.unwritable.add("azure")
    assert deliveries.run(AZURE, **{**OPERATED, "wait": False}).problems == []
    wait_until(lambda: working.generated.count("azure") > 1, "another attempt")


def test_what_mints_in_a_loop_is_stopped_where_its_new_form_is_refused(
    working: Operator, deliveries: Deliveries, site: Site, api: client.CoreV1Api
) -> None:
    place = deliveries.namespace
    looping(working, deliveries)
    body = {"metadata": {"name": "azure", "labels": LABELS}, "immutable": True, "stringData": {"a": "b"}}
    api.create_namespaced_secret(place, body)
    options = {**FAILING, "wait": False}
    foreseen = deliveries.run(AZURE, check_mode=True, **options)
    assert external_secrets(place) == ["azure"]
    outcome = deliveries.run(AZURE, **options)
    said = " ".join(outcome.problems)
    assert "The operator would generate again and again. Its ExternalSecret was removed again." in said
    assert (foreseen.problems, foreseen.before.keys()) == (outcome.problems, outcome.before.keys())
    assert external_secrets(place) == []
    assert [one["action"] for one in outcome.report] == ["failed"]


def test_what_mints_in_a_loop_and_has_a_secret_is_said_to_go_on_where_its_new_form_is_refused(
    working: Operator, deliveries: Deliveries, api: client.CoreV1Api
) -> None:
    place = deliveries.namespace
    assert deliveries.run(AZURE, **OPERATED).problems == []
    api.patch_namespaced_secret("azure", place, {"immutable": True})
    working.unwritable.add("azure")
    note = {"metadata": {"annotations": {"somebody": "did"}}}
    client.CustomObjectsApi().patch_namespaced_custom_object(*STORES, place, "externalsecrets", "azure", note)
    wait_until(lambda: working.generated.count("azure") > 2, "another attempt")
    said = " ".join(deliveries.run(AZURE, **{**FAILING, "wait": False}).problems)
    assert "immutable" in said
    assert "It repeats this at each attempt." in said
    assert external_secrets(place) == ["azure"]
