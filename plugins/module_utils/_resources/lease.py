# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Leases: reading them, and ending them early where the provider can."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .._api.client import Client
from .._api.concurrency import gather_attempts
from .._api.errors import OptionError, StateError, WorkloadCredentialsError
from .._api.paths import parse_path
from .._change import Change, ReadResult
from .._spec import CONNECTION, Spec
from ._parts.leases import (
    NOT_REVOCABLE,
    Ended,
    ListedLease,
    account,
    end_leases,
    just_minted,
    lease_by_id,
    lease_path,
    leases_below,
    listed_leases,
    never_known,
    refused_words,
    revocable,
    revoked_ids,
    staying_words,
)
from ._parts.visibility import Unseen, listed, listing


@dataclass(frozen=True)
class SelectedLeases:
    """Those of the leases named that live.

    :arg unread: a sentence for each ID of which that could not be read.
    :arg unknown: those that were minted a moment ago and that the service does not know yet.
    :arg unseen: a sentence about such ones that it does not list yet, of which the IDs are not known here.
    :arg hidden: sentences about leases that may only be hidden from this token.
    """

    leases: Sequence[ListedLease]
    unread: Mapping[str, str] = field(default_factory=dict)
    unknown: Sequence[ListedLease] = ()
    unseen: str = ""
    hidden: Sequence[str] = ()


def look(client: Client, parameters: Mapping[str, Any]) -> SelectedLeases:
    """Which of the leases live.

    :raises OptionError: a path, or an ID, that is none.
    """
    if parameters["path"] is not None:
        listed, missing, unseen = listed_leases(client, parse_path(parameters["path"], "path"))
        return SelectedLeases(listed, unseen=unseen, hidden=[one for one in missing if isinstance(one, Unseen)])
    if parameters["minted"] is not None:
        # The action plugin puts their IDs in its place.
        raise OptionError("minted", "the leases of a run are known where Ansible runs only.")
    # Every ID is checked before the first request.
    for lease_id in parameters["lease_id"]:
        lease_path(lease_id, "lease_id")
    unique = list(dict.fromkeys(parameters["lease_id"]))
    fresh = {one: just_minted(client, one) for one in unique}
    found = gather_attempts(lambda lease_id: lease_by_id(client, lease_id, "lease_id"), unique)
    failed = {one: error for one, error in zip(unique, found) if isinstance(error, WorkloadCredentialsError)}
    # None that cannot be read stands in the way of the others.
    unread = {one: f"{one}: it is revoked without being read. {error}" for one, error in failed.items()}
    read = (lease for lease in found if not isinstance(lease, WorkloadCredentialsError))
    unknown = [fresh[one] or {} for one, lease in zip(unique, found) if lease is None and fresh[one]]
    return SelectedLeases([lease for lease in read if lease is not None], unread, unknown)


def plan(found: SelectedLeases, parameters: Mapping[str, Any]) -> Change:
    """Revoke every lease named that lives and can be revoked; what has gone is done.

    :raises StateError: one cannot be revoked and ``on_not_revocable`` is ``fail``.
    """
    leases, on_not_revocable = found.leases, parameters["on_not_revocable"]
    keep = [lease for lease in leases if not revocable(lease)]
    unread: list[ListedLease] = [{"id": lease_id, "seconds_left": None} for lease_id in found.unread]
    ending = [*(lease for lease in leases if revocable(lease)), *unread]
    problem = staying_words([Ended(lease, NOT_REVOCABLE) for lease in keep])
    if keep and on_not_revocable == "fail":
        raise StateError(problem)
    is_known = not found.unknown and not found.unseen
    return Change(
        first=(lambda client: _end(client, ending, keep, found, on_not_revocable)) if ending or not is_known else None,
        before={"leases": _shown([*leases, *unread])},
        after={"leases": _shown(keep)},
        predicted=_result([lease["id"] for lease in ending], keep),
        warnings=(*((problem,) if keep and on_not_revocable == "warn" else ()), *found.unread.values(), *found.hidden),
    )


def _end(
    client: Client,
    ending: Sequence[ListedLease],
    keep: Sequence[ListedLease],
    found: SelectedLeases,
    on_not_revocable: str,
) -> dict[str, Any]:
    """What became of the leases: the service may refuse one that its type promised to revoke."""
    ended = [*end_leases(client, ending), *map(never_known, found.unknown)]
    staying = [lease for lease, one in zip(ending, ended) if one.how == NOT_REVOCABLE]
    if refused_words(ended) or found.unseen or (staying and on_not_revocable == "fail"):
        told = account([*ended, *(Ended(lease, NOT_REVOCABLE) for lease in keep)])
        raise StateError(" ".join(filter(None, [found.unseen, told])))
    return _result(revoked_ids(ended), [*keep, *staying])


def _result(revoked: list[str], keep: Sequence[ListedLease]) -> dict[str, Any]:
    return {
        "revoked": revoked,
        "not_revocable": [
            {"id": lease["id"], "expiration": lease.get("expiration"), "seconds_left": lease["seconds_left"]}
            for lease in keep
        ],
    }


def _shown(leases: Sequence[ListedLease]) -> list[dict[str, Any]]:
    return [{"id": lease["id"], "expiration": lease.get("expiration")} for lease in leases]


LEASE = Spec(
    name="lease",
    options={
        **CONNECTION,
        "state": {"type": "str", "choices": ["absent"], "default": "absent"},
        "lease_id": {"type": "list", "elements": "str", "aliases": ["lease_ids"]},
        "path": {"type": "str"},
        "minted": {"type": "str", "choices": ["run", "dead_runs"]},
        "on_not_revocable": {"type": "str", "choices": ["warn", "fail", "ignore"], "default": "warn"},
    },
    look=look,
    plan=plan,
    required_one_of=(("path", "lease_id", "minted"),),
    mutually_exclusive=(("path", "lease_id", "minted"),),
)


def read(client: Client, parameters: Mapping[str, Any]) -> ReadResult:
    """What is there."""
    leases, missing, unseen = _found(client, parameters)
    return ReadResult({"leases": leases, **({"warnings": [unseen]} if unseen else {})}, missing)


def _found(client: Client, parameters: Mapping[str, Any]) -> tuple[list[dict[str, Any]], tuple[str, ...], str]:
    if parameters["lease_id"] is not None:
        found = lease_by_id(client, parameters["lease_id"], "lease_id")
        return [] if found is None else [found], (), ""
    if parameters["path"] is not None:
        path = parse_path(parameters["path"], "path")
        leases, missing, unseen = listed_leases(client, path)
        return [{**lease, "dynamic_secret_path": str(path)} for lease in leases], missing, unseen
    definitions, missing = listed(client, listing("dynamic", parameters))
    return leases_below(client, definitions), missing, ""


LEASE_INFO = Spec(
    name="lease_info",
    options={
        **CONNECTION,
        "path": {"type": "str"},
        "lease_id": {"type": "str"},
        "folder": {"type": "str"},
        "recursive": {"type": "bool", "default": False},
    },
    read=read,
    required_one_of=(("path", "lease_id", "folder"),),
    mutually_exclusive=(("path", "lease_id", "folder"), ("path", "recursive"), ("lease_id", "recursive")),
)
