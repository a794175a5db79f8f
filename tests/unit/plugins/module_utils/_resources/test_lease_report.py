# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a report says of leases: who holds them, which end soon, and how those ended that are there no more."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from ansible_collections.community.workload_credentials.plugins.module_utils._api.errors import OptionError
from ansible_collections.community.workload_credentials.plugins.module_utils._api.times import written
from ansible_collections.community.workload_credentials.plugins.module_utils._resources.lease_report import (
    ReportLook,
    holders_in,
    holders_on,
    report_of,
)
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.secrets import (
    EXPIRATION,
    LEASE,
    MINTED,
)

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
PLACE = {"site_id": "a", "folder": "/"}


def at(minutes: float) -> datetime:
    """So many minutes from now."""
    return NOW + timedelta(minutes=minutes)


def lease(name: str, *, left: float = 30, path: str = "prod/aws") -> dict[str, Any]:
    """A lease of a list."""
    times = {"created_at": written(at(left - 60)), "expiration": written(at(left))}
    return {"id": name, "dynamic_secret_path": path, "dynamic_secret_type": "aws", "created_by": "who", **times}


def secret(lease_id: str | None, *, name: str = "app", left: float = 30) -> dict[str, Any]:
    """The metadata of a Secret that was pushed."""
    notes = {LEASE: lease_id, EXPIRATION: written(at(left)), MINTED: written(at(left - 60))} if lease_id else {}
    return {"kind": "Secret", "metadata": {"namespace": "web", "name": name, "annotations": notes}}


def report(
    *leases: dict[str, Any],
    secrets: list[dict[str, Any]] | None = None,
    elsewhere: tuple[str, ...] = (),
    previous: dict[str, Any] | None = None,
    now: datetime = NOW,
    place: dict[str, Any] | None = None,
) -> dict[str, Any]:
    place = place or PLACE
    look = ReportLook(
        now=now,
        holders=None if secrets is None else holders_in({"main": secrets}),
        elsewhere=elsewhere,
        margin=timedelta(minutes=5),
        keep=timedelta(days=1),
        whole_site=place["folder"] == "/",
    )
    return report_of(place, look, leases, previous or {}, {})[0]


def told(found: dict[str, Any]) -> dict[str, tuple[str, list[str]]]:
    """State and marks of each lease, in the report's order."""
    return {row["id"]: (row["state"], row["marks"]) for row in found["leases"]}


def test_a_lease_that_a_secret_holds_has_its_name_and_no_mark() -> None:
    (row,) = report(lease("x"), secrets=[secret("x"), secret("x", name="again"), secret(None)])["leases"]
    assert (row["holders"], row["marks"]) == (["main/web/again", "main/web/app"], [])
    assert row["from_now"] == {"start": -1800, "end": 1800}


@pytest.mark.parametrize(
    ("secrets", "elsewhere", "marks"),
    [
        ([], (), ["unheld"]),
        (None, (), []),
        ([], ("prod/aws",), []),
        ([], ("prod",), []),
        ([], ("",), []),
        ([], ("prod/a", "pro", "prod/aws/app"), ["unheld"]),
    ],
)
def test_what_nobody_holds_is_marked_where_somebody_looked(
    secrets: list[Any] | None, elsewhere: tuple[str, ...], marks: list[str]
) -> None:
    assert told(report(lease("x"), secrets=secrets, elsewhere=elsewhere)) == {"x": ("living", marks)}


def test_leases_that_end_first_come_first_and_are_marked() -> None:
    found = report(lease("late"), lease("over", left=-1), lease("soon", left=5), {**lease("ever"), "expiration": None})
    assert list(told(found)) == ["over", "soon", "late", "ever"]
    assert [row["id"] for row in found["leases"] if "ends_soon" in row["marks"]] == ["over", "soon"]
    assert found["leases"][-1]["from_now"]["end"] is None


def test_what_an_earlier_report_had_has_expired_or_ended_early() -> None:
    earlier = report(lease("expires", left=5), lease("revoked"), lease("stays", left=40))
    later = report(lease("stays", left=40), previous=earlier, now=at(10))
    assert told(later) == {"stays": ("living", []), "revoked": ("ended_early", []), "expires": ("expired", [])}
    revoked, expired = later["leases"][1:]
    assert (revoked["ended_after"], revoked["ended_before"]) == (written(NOW), written(at(10)))
    assert expired["ended_after"] == expired["ended_before"] == written(at(5))
    # What is known once stays as it is, and goes when it is a day old.
    again = report(lease("stays", left=40), previous=later, now=at(20))
    assert [row["ended_before"] for row in again["leases"][1:]] == [written(at(10)), written(at(5))]
    assert told(report(previous=again, now=at(24 * 60 + 9))) == {
        "stays": ("expired", []),
        "revoked": ("ended_early", []),
    }


def test_a_secret_whose_lease_has_ended_is_marked() -> None:
    earlier = report(lease("revoked"))
    later = report(
        previous=earlier,
        secrets=[secret("revoked"), secret("expired", left=-5), secret("gone"), secret("gone", name="too")],
    )
    assert told(later) == {
        "gone": ("not_listed", ["held_though_ended"]),
        "revoked": ("ended_early", ["held_though_ended"]),
        "expired": ("expired", ["held_though_ended"]),
    }
    assert {"main/web/app", "main/web/too"} == {
        holder for row in later["leases"] if row["id"] == "gone" for holder in row["holders"]
    }
    assert later["summary"]["held_though_ended"] == 3


def test_below_a_folder_a_secrets_lease_may_be_of_another_folder() -> None:
    place = {**PLACE, "folder": "prod"}
    assert told(report(secrets=[secret("gone"), secret("expired", left=-5)], place=place)) == {
        "expired": ("expired", ["held_though_ended"])
    }


def test_the_report_on_another_place_is_not_used() -> None:
    earlier = report(lease("x"))
    look = ReportLook(NOW, None, (), timedelta(0), timedelta(days=1), True)
    found, warnings = report_of({**PLACE, "site_id": "b"}, look, [], earlier, {})
    assert (found["leases"], len(warnings)) == ([], 1)


@pytest.mark.parametrize("previous", [{"leases": None}, {"leases": [1, {}, {"id": 3}, {"id": "x", "state": "?"}]}])
def test_rows_that_are_none_are_no_trouble(previous: dict[str, Any]) -> None:
    assert report(previous={**PLACE, **previous})["leases"] == []


def test_files_on_hosts_hold_leases_and_so_do_those_that_they_are_to_end() -> None:
    superseded = [{"lease_id": "old", "expiration": None, "revocable": True}]
    file = {"host": "web1", "path": "/etc/a", "lease_id": "new", "expiration": None, "superseded": superseded}
    held = [(one.name, one.lease_id) for one in holders_on([{**file, "lease_kind": "dynamic_secret"}])]
    assert held == [("web1:/etc/a", "new"), ("web1:/etc/a", "old")]
    assert holders_on([{**file, "lease_kind": "service_account"}]) == []
    with pytest.raises(OptionError, match="credentials_files of credentials_file_info"):
        holders_on([{"path": "/etc/a"}])
