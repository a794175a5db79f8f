# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Leases that the service does not know for a while after it has minted them: none is lost."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.support.definitions import do, failure, populate
from tests.support.plays import Plays
from tests.support.represented import represented
from tests.support.rounds import CALLBACK, living
from tests.support.site import Site

COLLECTION = "community.workload_credentials"
NOT_KNOWN = "The service does not know this new lease yet"


@pytest.fixture(params=[{"lease_lag": 0.5}, {"lease_lag": 1.8}, {"living": True}], ids=["short", "long", "living"])
def late(site: Site, request: pytest.FixtureRequest) -> Site:
    """A populated site whose leases are known late."""
    populate(site)
    site.behave(**request.param)
    return site


@pytest.mark.one_core
@pytest.mark.parametrize("way", ["lease_id", "path", "definition"])
def test_a_lease_that_was_just_minted_is_ended(late: Site, way: str) -> None:
    lease = do(late, "dynamic_credentials", path="prod/azure")["lease_id"]
    if way == "definition":
        do(late, "dynamic_secret", path="prod/azure", state="absent", revoke_leases=True)
    else:
        meant = {"path": "prod/azure"} if way == "path" else {"lease_id": [lease]}
        assert do(late, "lease", **meant)["revoked"] == [lease]
        # What has ended is not waited for.
        late.forget()
        again = do(late, "lease", **meant)
        assert (again["changed"], len(late.requests())) == (False, 1)
    assert living(late) == set()


@pytest.mark.one_core
def test_a_lease_that_was_just_minted_is_found(late: Site) -> None:
    lease = do(late, "dynamic_credentials", path="prod/azure")["lease_id"]
    assert [one["id"] for one in do(late, "lease_info", lease_id=lease)["leases"]] == [lease]
    other = do(late, "dynamic_credentials", path="prod/azure")["lease_id"]
    assert {one["id"] for one in do(late, "lease_info", path="prod/azure")["leases"]} == {lease, other}


@pytest.mark.one_core
@pytest.mark.parametrize("way", ["lease_id", "path"])
def test_a_lease_that_stays_unknown_is_named_with_its_expiration_and_others_end(site: Site, way: str) -> None:
    populate(site)
    known = do(site, "dynamic_credentials", path="prod/azure")["lease_id"]
    site.behave(lease_lag=5)
    lost = do(site, "dynamic_credentials", path="prod/azure")["lease_id"]
    meant = {"path": "prod/azure"} if way == "path" else {"lease_id": [lost, known]}
    said = failure(site, "lease", **meant)
    assert re.search(r"\(until \d{4}-\d\d-\d\dT", said)
    assert f"Revoked: {known}" in said
    assert living(site) == {lost}
    if way == "lease_id":
        assert f"{lost} (until " in said
        assert NOT_KNOWN in said
    else:
        assert "prod/azure: 1 of its leases were minted a moment ago" in said


@pytest.mark.one_core
def test_a_lease_of_nobody_is_asked_for_within_the_window_and_has_gone(site: Site) -> None:
    populate(site)
    nobody = "00000000-0000-4000-8000-00000000dead"
    result = do(site, "lease", lease_id=[nobody])
    assert (result["changed"], result["revoked"]) == (False, [])
    assert set(site.requests()) == {f"GET /leases/id/{nobody}"}
    assert len(site.requests()) > 1


@pytest.mark.one_core
def test_a_list_warns_of_what_it_does_not_show(site: Site) -> None:
    populate(site)
    site.behave(lease_lag=5)
    do(site, "dynamic_credentials", path="prod/azure")
    result = do(site, "lease_info", path="prod/azure")
    assert result["leases"] == []
    assert "the service does not show them yet" in result["warnings"][0]


@pytest.mark.one_core
def test_a_lost_answer_names_its_lease(late: Site) -> None:
    late.fault("drop_after", method="POST", path="/dynamic/azure/generate")
    said = failure(late, "dynamic_credentials", path="prod/azure")
    (lease,) = living(late)
    assert f"Its active leases, the newest first: {lease} (until " in said


READ = {
    "ansible.builtin.set_fact": {"creds": f"{{{{ lookup('{COLLECTION}.dynamic_credentials', 'prod/azure') }}}}"},
    "no_log": True,
}


@pytest.mark.newest_core
@pytest.mark.parametrize("as_module", represented([False, True], by=[False]))
def test_a_run_ends_what_it_has_just_minted(site: Site, plays: Plays, as_module: bool) -> None:
    populate(site)
    site.behave(living=True, lease_lag=1.0)
    tasks: list[dict[str, Any]] = [
        READ,
        {f"{COLLECTION}.dynamic_credentials": {"path": "prod/azure"}},
        {f"{COLLECTION}.lease": {"minted": "run"}},
    ]
    outcome = plays.tasks(tasks, as_module=as_module).ok()
    assert len(outcome.result["revoked"]) == 2
    assert living(site) == set()


@pytest.mark.newest_core
@pytest.mark.parametrize("lag", [1.0, 5.0])
def test_the_end_of_a_run_ends_or_names_its_lease(site: Site, plays: Plays, lag: float) -> None:
    populate(site)
    # The credentials' expiration is in the answer, so that nothing has waited for the lease before.
    site.behave(lease_lag=lag)
    outcome = plays.tasks([READ], environment=CALLBACK)
    if lag < 2:
        assert living(site) == set()
    else:
        (lease,) = living(site)
        assert lease in outcome.output
        assert NOT_KNOWN in " ".join(outcome.output.split())
