# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Leases: reading them, and ending them early if the provider can."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from .._api.client import Client
from .._api.concurrency import gather_attempts
from .._api.errors import OptionError, StateError, WorkloadCredentialsError
from .._api.paths import ResourcePath, parse_path
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
    """The selected leases that are active.

    :arg unread: a sentence for each ID that could not be read.
    :arg unknown: new leases that the service does not know yet.
    :arg unlisted: a sentence about new leases that the service does not list yet, so that their IDs are not known.
    :arg hidden: sentences about leases that may only be hidden from this token.
    """

    leases: Sequence[ListedLease]
    unread: Mapping[str, str] = field(default_factory=dict)
    unknown: Sequence[ListedLease] = ()
    unlisted: str = ""
    hidden: Sequence[str] = ()


def look(client: Client, parameters: Mapping[str, Any]) -> SelectedLeases:
    """Return the selected leases that are active.

    :raises OptionError: a path or an ID has the wrong form.
    """
    if parameters["path"] is not None:
        leases, missing, unlisted = listed_leases(client, parse_path(parameters["path"], "path"))
        hidden = [sentence for sentence in missing if isinstance(sentence, Unseen)]
        return SelectedLeases(leases, unlisted=unlisted, hidden=hidden)
    if parameters["minted"] is not None:
        # The action plugin replaces the option with the leases' IDs.
        raise OptionError("minted", "only the controller knows the leases of a run.")
    # Every ID is checked before the first request.
    for lease_id in parameters["lease_id"]:
        lease_path(lease_id, "lease_id")
    return _by_id(client, list(dict.fromkeys(parameters["lease_id"])))


def _by_id(client: Client, lease_ids: Sequence[str]) -> SelectedLeases:
    """Read the leases; one that cannot be read does not prevent that the others end."""
    leases: list[ListedLease] = []
    unread: dict[str, str] = {}
    unknown: list[ListedLease] = []
    new = {lease_id: just_minted(client, lease_id) for lease_id in lease_ids}
    results = gather_attempts(lambda lease_id: lease_by_id(client, lease_id, "lease_id"), lease_ids)
    for lease_id, lease in zip(lease_ids, results):
        if isinstance(lease, WorkloadCredentialsError):
            unread[lease_id] = f"{lease_id}: it is revoked without being read. {lease}"
        elif lease is not None:
            leases.append(lease)
        else:
            unknown += filter(None, [new[lease_id]])
    return SelectedLeases(leases, unread, unknown)


def plan(selected: SelectedLeases, parameters: Mapping[str, Any]) -> Change:
    """Return the change that revokes all selected leases that are active and revocable.

    :raises StateError: one cannot be revoked and ``on_not_revocable`` is ``fail``.
    """
    on_not_revocable = parameters["on_not_revocable"]
    unread: list[ListedLease] = [{"id": lease_id, "seconds_left": None} for lease_id in selected.unread]
    keep = [lease for lease in selected.leases if not revocable(lease)]
    ending = [*filter(revocable, selected.leases), *unread]
    change = Change(
        before={"leases": _shown([*selected.leases, *unread])},
        after={"leases": _shown(keep)},
        predicted=_result([lease["id"] for lease in ending], keep),
        warnings=[*_warnings(keep, on_not_revocable), *selected.unread.values(), *selected.hidden],
    )
    if not (ending or selected.unknown or selected.unlisted):
        return change
    return replace(change, first=lambda client: _end(client, ending, keep, selected, on_not_revocable))


def _warnings(keep: Sequence[ListedLease], on_not_revocable: str) -> list[str]:
    """Return the warning about leases that cannot be revoked.

    :raises StateError: there are some and ``on_not_revocable`` is ``fail``.
    """
    problem = staying_words([Ended(lease, NOT_REVOCABLE) for lease in keep])
    if problem and on_not_revocable == "fail":
        raise StateError(problem)
    return [problem] if problem and on_not_revocable == "warn" else []


def _end(
    client: Client,
    ending: Sequence[ListedLease],
    keep: Sequence[ListedLease],
    selected: SelectedLeases,
    on_not_revocable: str,
) -> dict[str, Any]:
    """End the leases and return the result; the service may refuse one whose type is revocable."""
    ended = [*end_leases(client, ending), *map(never_known, selected.unknown)]
    staying = [lease for lease, outcome in zip(ending, ended) if outcome.how == NOT_REVOCABLE]
    if refused_words(ended) or selected.unlisted or (staying and on_not_revocable == "fail"):
        outcomes = account([*ended, *(Ended(lease, NOT_REVOCABLE) for lease in keep)])
        raise StateError(" ".join(filter(None, [selected.unlisted, outcomes])))
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
    """Return the lease of an ID, or the active leases of a dynamic secret or a folder."""
    if parameters["lease_id"] is not None:
        lease = lease_by_id(client, parameters["lease_id"], "lease_id")
        return ReadResult({"leases": [] if lease is None else [lease]})
    if parameters["path"] is not None:
        return _of_path(client, parse_path(parameters["path"], "path"))
    definitions, missing = listed(client, listing("dynamic", parameters))
    return ReadResult({"leases": leases_below(client, definitions)}, missing)


def _of_path(client: Client, path: ResourcePath) -> ReadResult:
    leases, missing, unlisted = listed_leases(client, path)
    values: dict[str, Any] = {"leases": [{**lease, "dynamic_secret_path": str(path)} for lease in leases]}
    if unlisted:
        values["warnings"] = [unlisted]
    return ReadResult(values, missing)


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
