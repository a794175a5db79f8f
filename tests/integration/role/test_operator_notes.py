# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lease and expiration of what the operator generates are on its Secret, whatever is in its data."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.community.workload_credentials.plugins.module_utils._resources.lease_report import holders_in
from ansible_collections.community.workload_credentials.plugins.plugin_utils._eso import objects
from kubernetes import client

from tests.integration.role.test_operator_own import OPERATED
from tests.integration.role.test_push_faults import APP, AWS, AZURE, living
from tests.support.deliveries import Deliveries
from tests.support.operator import Operator
from tests.support.site import Site

pytestmark = pytest.mark.one_core
PREFIX = "workload-credentials.ansible.com/"
STS = {"name": "sts", "sts_session_token": {"region": "eu-central-1"}, "keys": {"ID": "access_key_id"}}
# None of them has the lease in its data.
FORMS: tuple[dict[str, Any], ...] = (
    {**AZURE, "format": "azure_env"},
    {**AZURE, "name": "keys", "keys": {"ID": "client_id"}},
)


def notes_of(name: str, place: str) -> dict[str, str]:
    return dict(client.CoreV1Api().read_namespaced_secret(name, place).metadata.annotations or {})


def test_the_leases_of_any_form_are_told_and_ended(working: Operator, deliveries: Deliveries, site: Site) -> None:
    place = deliveries.namespace
    entries = (*FORMS, AWS, STS, APP)
    outcome = deliveries.run(*entries, **OPERATED)
    assert outcome.problems == []
    leases = {lease["id"] for lease in site.leases()}
    names = ("azure", "keys", "aws")
    assert {notes_of(name, place)[f"{PREFIX}operated-lease-id"] for name in names} == leases
    assert {one["lease_id"] for one in outcome.report} == {*leases, None}
    assert notes_of("sts", place)[f"{PREFIX}operated-expiration"] == "2100-01-01T00:00:00Z"
    assert notes_of("app", place) == {}
    verified = deliveries.run(*entries, state="verified", delivery="external_secret")
    assert verified.problems == []
    ends = {one["name"]: one["expiration"] for one in verified.report}
    assert (ends["sts"], ends["app"], all(ends[name] for name in names)) == ("2100-01-01T00:00:00Z", None, True)
    secrets = client.CoreV1Api().list_namespaced_secret(place).to_dict()["items"]
    holders = holders_in({"here": [{"metadata": one["metadata"]} for one in secrets]})
    assert {one.lease_id for one in holders} == leases
    assert all(one.minted and one.expiration for one in holders)
    aws = notes_of("aws", place)[f"{PREFIX}operated-lease-id"]
    # To push and away.
    moved = {**FORMS[1], "delivery": "push"}
    deliveries.run(FORMS[0], moved, AWS, STS, APP, **OPERATED)
    assert not [name for name in notes_of("keys", place) if "operated" in name]
    deliveries.run(*entries, state="absent", delivery="external_secret")
    # AWS' leases end by themselves alone.
    assert living(site) == {aws}


def test_a_pushed_lease_is_ended_after_a_move_for_which_nobody_waited(
    working: Operator, deliveries: Deliveries, site: Site
) -> None:
    place = deliveries.namespace
    deliveries.run(AZURE)
    (pushed,) = living(site)
    assert deliveries.run(AZURE, **{**OPERATED, "wait": False}).problems == []
    assert deliveries.run(AZURE, **OPERATED).problems == []
    notes = notes_of("azure", place)
    assert {notes[f"{PREFIX}operated-lease-id"]} == living(site) != {pushed}
    assert not [name for name in notes if name.startswith(PREFIX) and "operated" not in name]


@pytest.mark.document
def test_what_there_was_without_notes_stays_so_until_something_else_changes(
    working: Operator, deliveries: Deliveries, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = deliveries.namespace
    entries = (*FORMS, AWS)
    monkeypatch.setattr(objects, "lease_annotations", lambda *_keys, **_more: {})
    monkeypatch.setattr(objects, "_spelt_as_documented", lambda _known: [])
    assert deliveries.run(*entries, **OPERATED).problems == []
    monkeypatch.undo()
    again = deliveries.run(*entries, **OPERATED)
    assert (again.problems, again.before, len(site.leases())) == ([], {}, 3)
    assert deliveries.run(*entries, state="verified", delivery="external_secret").problems == []
    changed = {**FORMS[0], "labels": {"a": "b"}}
    assert deliveries.run(changed, *entries[1:], **OPERATED).problems == []
    assert f"{PREFIX}operated-lease-id" in notes_of("azure", place)
    assert notes_of("keys", place) == {}
