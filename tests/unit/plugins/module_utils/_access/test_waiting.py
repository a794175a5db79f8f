# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Waiting for a policy: how long, for which record, and what follows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from ansible_collections.community.workload_credentials.plugins.module_utils._access import waiting
from ansible_collections.community.workload_credentials.plugins.module_utils._access.actions import FOLDER
from ansible_collections.community.workload_credentials.plugins.module_utils._access.cedar import (
    GROUP,
    Grant,
    Principal,
    Resource,
    render,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._access.policies import Policy
from ansible_collections.community.workload_credentials.plugins.module_utils._api.errors import StateError

TEXT, OLD_TEXT = "new text\n", "old text"
SITE = "a1b2c3d4-e5f6-4890-abcd-ef1234567890"


class Service:
    """Shows one record after another, and the last for ever; None: it has none."""

    def __init__(self, records: Sequence[dict[str, Any] | None]) -> None:
        self.records = list(records)

    def find(self, _request: Any) -> Any:
        return self.records.pop(0) if len(self.records) > 1 else self.records[0]


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses that were made, without their time."""
    pauses: list[float] = []
    monkeypatch.setattr(waiting, "sleep", pauses.append)
    return pauses


def shown(status: str, cedar: str = TEXT, **more: str) -> dict[str, Any]:
    return {"name": "ci", "status": status, "cedar": cedar, **more}


def wait(*records: dict[str, Any] | None, former: Policy | None = None, timeout: float = 60) -> Policy:
    return waiting.wait_until_in_force(Service(records), "ci", TEXT, former, timeout)  # type: ignore[arg-type]


def test_it_reads_at_once_and_then_more_and_more_seldom(slept: list[float]) -> None:
    settling = [shown("RESOURCE_LOOKUP")] * 4 + [shown("PENDING_BIND")] * 4
    assert wait(*settling, shown("ACTIVE"), timeout=600).status == "ACTIVE"
    assert slept == [2.0, 3.0, 4.5, 6.75, 10.125, 15.0, 15.0, 15.0]


def test_the_time_is_a_limit(slept: list[float]) -> None:
    with pytest.raises(StateError, match="not in force after 7 s .wait_timeout.; its status is PENDING_BIND"):
        wait(shown("PENDING_BIND"), timeout=7)
    assert sum(slept) == 7


def test_a_text_that_the_service_laid_out_in_its_own_way_is_the_written_one(slept: list[float]) -> None:
    text = render(Grant(SITE, Principal(GROUP, "ops"), ("Viewer",), Resource(FOLDER, "prod")))
    laid_out = " ".join(text.split()).replace('"/prod"', '"prod"')
    other = shown("ACTIVE", text.replace("ops", "dev"))
    records = Service([other, shown("ACTIVE", laid_out)])
    assert waiting.wait_until_in_force(records, "ci", text, None, 60).cedar == laid_out  # type: ignore[arg-type]
    assert slept == [2.0]


def test_what_waits_for_its_resource_is_settled(slept: list[float]) -> None:
    assert wait(shown("WAITING_FOR_RESOURCE")).status == "WAITING_FOR_RESOURCE"
    assert slept == []


@pytest.mark.parametrize(
    "stale",
    [None, shown("DELETED", OLD_TEXT), shown("DELETED"), shown("PENDING_UNBIND"), shown("ACTIVE", OLD_TEXT)],
)
def test_an_older_record_is_not_taken_for_the_new_one(stale: dict[str, Any] | None, slept: list[float]) -> None:
    assert wait(stale, stale, shown("ACTIVE")).status == "ACTIVE"
    assert slept == [2.0, 3.0]


def test_a_failure_from_before_the_write_is_not_taken_for_a_new_one(slept: list[float]) -> None:
    failed = shown("NO_PRODUCT_ACCESS", updatedAt="1")
    former = Policy.of(failed)
    assert wait(failed, failed, shown("ACTIVE", updatedAt="2"), former=former).status == "ACTIVE"
    with pytest.raises(StateError, match="NO_PRODUCT_ACCESS"):
        wait(failed, former=former)


@pytest.mark.parametrize("status", ["RESOURCE_LOOKUP_ERROR", "NO_PRODUCT_ACCESS"])
def test_a_failure_says_what_to_do(status: str, slept: list[float]) -> None:
    with pytest.raises(StateError, match=f"{status}.*then repeat the task"):
        wait(shown("PENDING_BIND"), shown(status))


def test_another_writers_text_is_told(slept: list[float]) -> None:
    with pytest.raises(StateError, match="another meaning, which another writer"):
        wait(shown("ACTIVE", OLD_TEXT), timeout=3)
    with pytest.raises(StateError, match="no such policy yet"):
        wait(None, timeout=3)


def test_after_a_deletion_it_waits_until_the_policy_is_unbound(slept: list[float]) -> None:
    for last in (shown("DELETED"), None):
        service = Service([shown("ACTIVE"), shown("PENDING_UNBIND"), last])
        waiting.wait_until_gone(service, "ci", 60)  # type: ignore[arg-type]
    assert slept == [2.0, 3.0, 2.0, 3.0]
    with pytest.raises(StateError, match="still bound after 5 s"):
        waiting.wait_until_gone(Service([shown("PENDING_UNBIND")]), "ci", 5)  # type: ignore[arg-type]
