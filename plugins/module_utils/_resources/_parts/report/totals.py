# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A lease report in numbers: totals by dynamic secret and by identity, groups of similar leases, what is new."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

LIVING, EXPIRED, ENDED_EARLY, NOT_LISTED = "living", "expired", "ended_early", "not_listed"
ENDS_SOON, UNHELD, HELD_THOUGH_ENDED = "ends_soon", "unheld", "held_though_ended"
STATES = (LIVING, EXPIRED, ENDED_EARLY, NOT_LISTED)
MARKS = (ENDS_SOON, UNHELD, HELD_THOUGH_ENDED)
# Leases that share these are one group: a page can show them as one line.
ALIKE = ("dynamic_secret_path", "created_by", "state", "marks")
Row = dict[str, Any]


def counted(rows: Iterable[Row]) -> dict[str, int]:
    """Return how many leases are in each state, and how many have each mark."""
    totals = dict.fromkeys((*STATES, *MARKS), 0)
    for row in rows:
        for word in (row["state"], *row["marks"]):
            totals[word] += 1
    return totals


def by_dynamic_secret(rows: Sequence[Row], types: Mapping[str, Any]) -> list[Row]:
    """Return the totals of each dynamic secret, the one with most active leases first.

    :arg types: the types of the dynamic secrets by path; those without leases have totals too.
    """
    grouped: dict[Any, list[Row]] = {path: [] for path in types}
    for row in rows:
        grouped.setdefault(row["dynamic_secret_path"], []).append(row)
    totals = []
    for path, own in grouped.items():
        kind = types.get(path) or next((row["dynamic_secret_type"] for row in own), None)
        totals.append({"dynamic_secret_path": path, "dynamic_secret_type": kind, **_totals(own)})
    return _sorted(totals, "dynamic_secret_path")


def by_identity(rows: Iterable[Row]) -> list[Row]:
    """Return the totals of each identity, the one with most active leases first."""
    grouped: dict[Any, list[Row]] = {}
    for row in rows:
        grouped.setdefault(row["created_by"], []).append(row)
    totals = []
    for identity, own in grouped.items():
        totals.append({"created_by": identity, "created_by_name": own[0]["created_by_name"], **_totals(own)})
    return _sorted(totals, "created_by")


def _totals(rows: Sequence[Row]) -> Row:
    expirations = [row["expiration"] for row in rows if row["state"] == LIVING and row["expiration"]]
    return {"leases": len(rows), **counted(rows), "next_expiration": min(expirations, default=None)}


def _sorted(totals: list[Row], name: str) -> list[Row]:
    return sorted(totals, key=lambda one: (-one[LIVING], -one["leases"], one[name] or ""))


def number_groups(rows: Iterable[Row]) -> None:
    """Give each row the number of its group, in the order of the rows."""
    numbers: dict[str, int] = {}
    for row in rows:
        row["group"] = numbers.setdefault(repr([row[name] for name in ALIKE]), len(numbers))


def since_previous(rows: Iterable[Row], earlier: Collection[Mapping[str, Any]], generated: str | None) -> Row | None:
    """Return the leases that are new, and those that have ended, since the earlier report; None: there is none.

    :arg earlier: its rows; ``generated``: when it was created.
    """
    if generated is None:
        return None
    known = {row["id"] for row in earlier}
    active = {row["id"] for row in earlier if row["state"] == LIVING}
    found: Row = {"generated": generated, "new": [], EXPIRED: [], ENDED_EARLY: []}
    for row in rows:
        if row["state"] == LIVING and row["id"] not in known:
            found["new"].append(row["id"])
        elif row["state"] in (EXPIRED, ENDED_EARLY) and row["id"] in active:
            found[row["state"]].append(row["id"])
    return found
