# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report on leases: the active ones, their holders, and the outcomes of those in an earlier report."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from functools import cached_property
from typing import Any

from .._access.generators import who_may_generate
from .._api.client import Client
from .._api.errors import OptionError
from .._api.paths import parse_folder
from .._api.times import parse_time, written
from .._change import ReadResult
from .._marks import LEASE_MARKS, OPERATED_MARKS, noted_lease
from .._spec import CONNECTION, Spec
from ._parts.leases import ListedLease, leases_below, revocable
from ._parts.report.metrics import metrics_of
from ._parts.report.totals import (
    ENDED_EARLY,
    ENDS_SOON,
    EXPIRED,
    HELD_THOUGH_ENDED,
    LIVING,
    NOT_LISTED,
    STATES,
    UNHELD,
    Row,
    by_dynamic_secret,
    by_identity,
    counted,
    number_groups,
    since_previous,
)
from ._parts.visibility import listed, listed_path, listing


@dataclass(frozen=True)
class Holder:
    """A Secret, or a file on a host, that holds a lease.

    :arg name: cluster, namespace and name of the Secret, with slashes between them; host and path of the file, with a
        colon.
    """

    name: str
    lease_id: str
    minted: datetime | None
    expiration: datetime | None


def holders_in(clusters: Mapping[str, Any]) -> list[Holder]:
    """Return the Secrets that hold leases.

    :arg clusters: the Secrets of each cluster by its name, in Kubernetes' own form.
    :raises OptionError: they have another form.
    """
    return [holder for cluster, secrets in clusters.items() for holder in _in_cluster(str(cluster), secrets)]


def _in_cluster(cluster: str, secrets: Any) -> Iterator[Holder]:
    if not isinstance(secrets, list):
        raise OptionError("secrets", f"{cluster}: it must be a list of Secrets.")
    for secret in secrets:
        metadata = secret.get("metadata") if isinstance(secret, Mapping) else None
        if not isinstance(metadata, Mapping):
            raise OptionError("secrets", f"{cluster}: an entry has no metadata, so it is not a Secret.")
        given = metadata.get("annotations")
        annotations = given if isinstance(given, Mapping) else {}
        name = "/".join((cluster, str(metadata.get("namespace", "")), str(metadata.get("name", ""))))
        for marks in (LEASE_MARKS, OPERATED_MARKS):
            lease = noted_lease(annotations, marks)
            if lease.id:
                yield Holder(name, lease.id, lease.minted, lease.expiration)


def holders_on(files: Sequence[Any]) -> list[Holder]:
    """Return the files on hosts that hold leases, or name them as superseded.

    :arg files: as credentials_file_info returns them.
    :raises OptionError: they have another form.
    """
    holders: list[Holder] = []
    for file in files:
        if not isinstance(file, Mapping) or not {"host", "path", "lease_id", "superseded"} <= file.keys():
            raise OptionError("files", "an entry is none of the credentials_files of credentials_file_info.")
        name = f"{file['host']}:{file['path']}"
        for lease in (file, *file["superseded"]):
            # Leases of other kinds are none of this site.
            if lease["lease_id"] and file.get("lease_kind") in (None, "dynamic_secret"):
                minted, expiration = parse_time(lease.get("minted")), parse_time(lease["expiration"])
                holders.append(Holder(name, lease["lease_id"], minted, expiration))
    return holders


@dataclass(frozen=True)
class ReportLook:
    """The scope and the time of a report.

    :arg holders: None: the report does not look for holders.
    :arg elsewhere: dynamic secrets, or their folders, whose leases something other than Secrets holds.
    :arg margin: a lease with this time left, or less, ends soon.
    :arg keep: how long the report shows leases that have ended.
    :arg whole_site: every lease of the site was listed.
    :arg names: names of identities, by their ID.
    """

    now: datetime
    holders: Sequence[Holder] | None
    elsewhere: Collection[str]
    margin: timedelta
    keep: timedelta
    whole_site: bool
    names: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def held(self) -> Mapping[str, list[str]]:
        """Return the names of the Secrets that hold a lease, by its ID."""
        names: dict[str, list[str]] = {}
        # The input may hold a Secret twice.
        for lease_id, name in sorted({(holder.lease_id, holder.name) for holder in self.holders or ()}):
            names.setdefault(lease_id, []).append(name)
        return names


def rows(
    look: ReportLook, living: Sequence[ListedLease], earlier: Sequence[Mapping[str, Any]], seen: datetime | None
) -> list[Row]:
    """Return the rows of active leases, the next to end first, and then of ended ones, the latest first.

    :arg earlier: the rows of the earlier report; ``seen``: when it was made.
    """
    active = [_active(look, lease) for lease in living]
    known = {row["id"] for row in active}
    ended = []
    for earlier_row in earlier:
        row = None if earlier_row["id"] in known else _ended(look, earlier_row, seen)
        if row is not None:
            ended.append(row)
    known |= {row["id"] for row in ended}
    ended += _unlisted(look, known)
    active.sort(key=lambda row: (row["expiration"] or "~", row["id"]))
    ended.sort(key=lambda row: (row["ended_before"], row["id"]), reverse=True)
    return active + ended


def _active(look: ReportLook, lease: ListedLease) -> Row:
    minted, expiration = parse_time(lease.get("created_at")), parse_time(lease.get("expiration"))
    holders = look.held.get(lease["id"], [])
    path = lease["dynamic_secret_path"]
    marks = [ENDS_SOON] if expiration and expiration - look.now <= look.margin else []
    if look.holders is not None and not holders and not _is_below(path, look.elsewhere):
        marks.append(UNHELD)
    return {
        "id": lease["id"],
        "dynamic_secret_path": path,
        "dynamic_secret_type": lease.get("dynamic_secret_type"),
        "revocable": revocable(lease),
        "created_by": lease.get("created_by"),
        "state": LIVING,
        "marks": marks,
        "holders": holders,
        "minted": written(minted),
        "expiration": written(expiration),
        "from_now": _from_now(look, minted, expiration),
    }


def _ended(look: ReportLook, row: Mapping[str, Any], seen: datetime | None) -> Row | None:
    """Return the row of a lease of an earlier report that is no longer listed; None: it ended too long ago."""
    expiration = parse_time(row.get("expiration"))
    after, before = parse_time(row.get("ended_after")), parse_time(row.get("ended_before"))
    state = row.get("state")
    if state == LIVING and expiration and expiration <= look.now:
        state, after, before = EXPIRED, expiration, expiration
    elif state == LIVING:
        state, after, before = ENDED_EARLY, seen, look.now
    if before is None or look.now - before > look.keep:
        return None
    return _over(look, {**row, "state": state}, after, before)


def _unlisted(look: ReportLook, known: Collection[str]) -> list[Row]:
    """Return the rows of leases that Secrets hold and no list shows, without those that may be in other folders.

    :arg known: the IDs of leases that have a row.
    """
    result: dict[str, Row] = {}
    for holder in look.holders or ():
        is_over = holder.expiration is not None and holder.expiration <= look.now
        if (is_over or look.whole_site) and holder.lease_id not in (*known, *result):
            result[holder.lease_id] = _held(look, holder, is_over=is_over)
    return list(result.values())


def _held(look: ReportLook, holder: Holder, *, is_over: bool) -> Row:
    """Return the row of a lease of which only its Secret is known."""
    row = {
        "id": holder.lease_id,
        "dynamic_secret_path": None,
        "dynamic_secret_type": None,
        "revocable": None,
        "created_by": None,
        "state": EXPIRED if is_over else NOT_LISTED,
        "minted": written(holder.minted),
        "expiration": written(holder.expiration),
    }
    return _over(look, row, holder.expiration if is_over else holder.minted, holder.expiration if is_over else look.now)


def _over(look: ReportLook, row: Mapping[str, Any], after: datetime | None, before: datetime | None) -> Row:
    """Return the row of a lease that ended between these two times."""
    holders = look.held.get(row["id"], [])
    return {
        **row,
        "marks": [HELD_THOUGH_ENDED] if holders else [],
        "holders": holders,
        "ended_after": written(after),
        "ended_before": written(before),
        "from_now": _from_now(look, parse_time(row.get("minted")), before),
    }


def _from_now(look: ReportLook, start: datetime | None, end: datetime | None) -> dict[str, int | None]:
    """Return the two times in seconds from now, which are negative in the past."""
    moments = {"start": start, "end": end}
    return {name: int((one - look.now).total_seconds()) if one else None for name, one in moments.items()}


def _is_below(path: str, places: Collection[str]) -> bool:
    # "" is the top.
    return any(place in ("", path) or path.startswith(f"{place}/") for place in places)


# Texts of a row that an earlier report may lack.
_TEXTS = ("dynamic_secret_path", "dynamic_secret_type", "created_by", "minted", "expiration")


def earlier_rows(report: Mapping[str, Any]) -> Iterator[Row]:
    """Yield the valid rows of an earlier report."""
    for row in report.get("leases") or ():
        if isinstance(row, Mapping) and isinstance(row.get("id"), str) and row.get("state") in STATES:
            texts = {name: row.get(name) if isinstance(row.get(name), str) else None for name in _TEXTS}
            yield {"revocable": None, **row, **texts}


def read(client: Client, parameters: Mapping[str, Any]) -> ReadResult:
    """Return the report, with one request for the definitions and one for the leases of each."""
    place, look = _place(parameters), _look(parameters)
    definitions, missing = listed(client, listing("dynamic", {**parameters, "recursive": True}))
    previous = _previous(parameters["previous"])
    # The service lists the types with a prefix.
    types = {str(listed_path(entry)): str(entry.get("type")).removeprefix("dynamic-") for entry in definitions}
    report, warnings = report_of(place, look, leases_below(client, definitions), previous or {}, types)
    report["may_generate"], unknown = who_may_generate(parameters, sorted(types))
    warnings += unknown
    if previous is None:
        warnings.append(
            "previous: it is damaged and is ignored, so the report does not show what has ended since then."
        )
    values = {
        "report": report,
        "metrics": metrics_of(report, parameters["metrics_limit"]),
        "warnings": warnings,
        "previous_is_damaged": previous is None,
    }
    return ReadResult(values, missing)


def _previous(given: Any) -> Mapping[str, Any] | None:
    """Return the earlier report, empty if there is none; None: it is damaged, as after a power cut."""
    if given is None or isinstance(given, Mapping):
        return given or {}
    try:
        report = json.loads(given)
    except (ValueError, TypeError):
        return None
    return report if isinstance(report, Mapping) else None


def report_of(
    place: Mapping[str, Any],
    look: ReportLook,
    leases: Sequence[ListedLease],
    previous: Mapping[str, Any],
    types: Mapping[str, Any],
) -> tuple[dict[str, Any], list[str]]:
    """Return the report and its warnings.

    :arg place: ``site_id`` and ``folder``, which a report and the earlier one must share.
    :arg types: the types of the dynamic secrets, by path.
    """
    warnings = []
    if previous and any(previous.get(name) != value for name, value in place.items()):
        warnings.append("previous: it is the report on another site or folder and is ignored.")
        previous = {}
    earlier, seen = list(earlier_rows(previous)), parse_time(previous.get("generated"))
    all_rows = rows(look, leases, earlier, seen)
    for row in all_rows:
        name = look.names.get(row["created_by"])
        row["created_by_name"] = str(name) if name else None
    number_groups(all_rows)
    report = {
        **place,
        "generated": written(look.now),
        "margin": int(look.margin.total_seconds()),
        "looked_for_holders": look.holders is not None,
        "summary": {**counted(all_rows), "dynamic_secrets": len(types)},
        "since_previous": since_previous(all_rows, earlier, written(seen)),
        "by_dynamic_secret": by_dynamic_secret(all_rows, types),
        "by_identity": by_identity(all_rows),
        "leases": all_rows,
    }
    return report, warnings


def _place(parameters: Mapping[str, Any]) -> dict[str, Any]:
    return {"site_id": parameters["site_id"], "folder": parse_folder(parameters["folder"], "folder") or "/"}


def _look(parameters: Mapping[str, Any]) -> ReportLook:
    for name in ("margin", "keep_days", "metrics_limit"):
        if parameters[name] < 0:
            raise OptionError(name, "it cannot be negative.")
    return ReportLook(
        now=datetime.now(timezone.utc),
        holders=_holders(parameters["secrets"], parameters["files"]),
        elsewhere=[parse_folder(one, "held_elsewhere") for one in parameters["held_elsewhere"]],
        margin=timedelta(seconds=parameters["margin"]),
        keep=timedelta(days=parameters["keep_days"]),
        whole_site=not parse_folder(parameters["folder"], "folder"),
        names=parameters["names"],
    )


def _holders(secrets: Any, files: Sequence[Any] | None) -> list[Holder] | None:
    """Return all that hold leases; None: the report does not look for holders."""
    if secrets is None and files is None:
        return None
    return [*holders_in(secrets or {}), *holders_on(files or ())]


LEASE_REPORT = Spec(
    name="lease_report",
    options={
        **CONNECTION,
        "folder": {"type": "str", "default": "/"},
        # Metadata is enough, but somebody may give whole Secrets, with their values.
        "secrets": {"type": "dict", "no_log": True},
        "files": {"type": "list", "elements": "dict"},
        "held_elsewhere": {"type": "list", "elements": "str", "default": []},
        "previous": {"type": "raw"},
        "margin": {"type": "int", "default": 300},
        "keep_days": {"type": "int", "default": 7},
        "names": {"type": "dict", "default": {}},
        "metrics_limit": {"type": "int", "default": 100},
    },
    read=read,
)
