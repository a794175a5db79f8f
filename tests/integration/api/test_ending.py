# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ending twelve leases while one of the requests goes wrong: the other eleven end, and all twelve are accounted for."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.support.definitions import do, failure, populate
from tests.support.rounds import living
from tests.support.site import Site

pytestmark = pytest.mark.one_core

ID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
NUMBER = 12
MAY_LIVE, MAY_BE_REVOKED = "Leases that may still be active", "Leases that may have been revoked, or are still active"
# A fault of the revocation, how reading the lease then fails, and how the lease is named; None: all is well in the end.
FAULTS = {
    "refused": ({"kind": "status", "status": 403}, None, MAY_LIVE),
    "gone": ({"kind": "status", "status": 404}, None, None),
    "gateway": ({"kind": "status", "status": 502}, None, MAY_LIVE),
    "gateway, unread": ({"kind": "status", "status": 502}, 403, MAY_BE_REVOKED),
    "answer lost": ({"kind": "drop_after"}, None, None),
    "answer lost, unread": ({"kind": "drop_after"}, 403, MAY_BE_REVOKED),
    "connection closed": ({"kind": "drop_before"}, None, MAY_LIVE),
    # It lives when it is read, and ends later.
    "timeout": ({"kind": "delay", "seconds": 3}, None, MAY_LIVE),
    "provider": ({"kind": "status", "status": 502, "code": "lease_revoke_failed"}, None, MAY_LIVE),
}
WAYS: dict[str, Any] = {
    "by path": lambda ids: ("lease", {"path": "prod/azure"}),
    "by list": lambda ids: ("lease", {"lease_id": ids}),
    "with the definition": lambda ids: (
        "dynamic_secret",
        {"path": "prod/azure", "state": "absent", "revoke_leases": True},
    ),
}


def minted(site: Site) -> list[str]:
    return [do(site, "dynamic_credentials", path="prod/azure")["lease_id"] for _number in range(NUMBER)]


# A definition stays while a lease of it lives that only seems to have gone.
CASES = [(fault, way) for fault in FAULTS for way in WAYS if (fault, way) != ("gone", "with the definition")]


@pytest.mark.parametrize(("fault", "way"), CASES)
def test_one_fault_stops_no_other_lease_from_ending(site: Site, fault: str, way: str) -> None:
    populate(site)
    ids = minted(site)
    hit = ids[4]
    broken, reading, named = FAULTS[fault]
    site.fault(method="DELETE", path=f"/leases/id/{hit}", **broken)
    if reading:
        skip = {"skip": 1} if way == "by list" else {}
        site.fault("status", method="GET", path=f"/leases/id/{hit}", status=reading, **skip)
    module, arguments = WAYS[way](ids)
    options = {"retries": 0, "timeout": 1 if broken["kind"] == "delay" else 30}
    if named is None:
        result = do(site, module, **arguments, **options)
        assert module != "lease" or sorted(result["revoked"]) == sorted(ids)
        expected = {hit} if fault == "gone" else set()
    else:
        message = failure(site, module, **arguments, **options)
        assert re.findall(ID, message.partition(f"{named}: ")[2].partition(".")[0]) == [hit]
        assert sorted(re.findall(ID, message.partition("Revoked: ")[2])) == sorted({*ids} - {hit})
        expected = set() if "answer lost" in fault else {hit}
    assert living(site) == expected or broken["kind"] == "delay"
    assert sum(line.startswith("DELETE /leases/id/") for line in site.requests()) == NUMBER


def test_a_lease_that_cannot_be_read_is_ended_all_the_same(site: Site) -> None:
    populate(site)
    ids = minted(site)[:3]
    site.fault("status", method="GET", path=f"/leases/id/{ids[1]}", status=403)
    assert sorted(do(site, "lease", lease_id=ids, retries=0)["revoked"]) == sorted(ids)
    site.fault("status", method="GET", path=f"/leases/id/{ids[1]}", status=403)
    foretold = do(site, "lease", lease_id=ids, retries=0, check_mode=True)
    assert foretold["revoked"] == [ids[1]]
    assert "status 403" in foretold["warnings"][0]


def test_what_cannot_be_ended_is_in_the_same_message(site: Site) -> None:
    populate(site)
    aws = do(site, "dynamic_credentials", path="prod/aws")["lease_id"]
    one, other = (do(site, "dynamic_credentials", path="prod/azure")["lease_id"] for _number in range(2))
    site.fault("status", method="DELETE", path=f"/leases/id/{one}", status=403)
    message = failure(site, "lease", lease_id=[aws, one, other], retries=0)
    assert f"{MAY_LIVE}: {one} (until " in message
    assert f"are valid until they expire: {aws} (until " in message
    assert f"Revoked: {other} (until " in message
