# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ending leases early, where the provider can.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.community.workload_credentials.plugins.module_utils._api.client import Client
from ansible_collections.community.workload_credentials.plugins.module_utils._api.errors import (
    ApiError,
    OptionError,
    RequestError,
    StateError,
    WorkloadCredentialsError,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._api.paths import parse_path
from ansible_collections.community.workload_credentials.plugins.module_utils._api.request import Replay, Request
from ansible_collections.community.workload_credentials.plugins.module_utils._resources.change import Change
from ansible_collections.community.workload_credentials.plugins.module_utils._resources.leases import (
    lease_by_id,
    lease_path,
    living_leases,
    named,
    revocable,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._spec import CONNECTION, Spec


def plan(client: Client, parameters: Mapping[str, Any]) -> Change:
    """Revoke every lease named that lives and can be revoked; what has gone is done.

    :raises StateError: one cannot be revoked and ``on_not_revocable`` is ``fail``.
    """
    leases = _wanted(client, parameters)
    keep = [lease for lease in leases if not revocable(lease)]
    ending = [lease for lease in leases if revocable(lease)]
    problem = f"These leases cannot be revoked and end only with their expiration: {named(keep)}." if keep else ""
    if keep and parameters["on_not_revocable"] == "fail":
        raise StateError(problem)
    return Change(
        requests=tuple(revocation(lease["id"]) for lease in ending),
        before={"leases": _shown(leases)},
        after={"leases": _shown(keep)},
        predicted=lambda: _result(ending, keep),
        outcome=lambda answers: _outcome(ending, keep, answers, parameters["on_not_revocable"]),
        explain=lambda error: _explained(ending, error),
        warnings=(problem,) if keep and parameters["on_not_revocable"] == "warn" else (),
    )


def revocation(lease_id: str, *, tolerated: Sequence[str] = ("lease_not_revocable", "lease_revoke_failed")) -> Request:
    """The request that ends a lease early."""
    return Request("DELETE", lease_path(lease_id, "lease_id"), replay=Replay.NEVER, tolerated=tuple(tolerated))


def _wanted(client: Client, parameters: Mapping[str, Any]) -> list[dict[str, Any]]:
    if parameters["path"] is not None:
        return living_leases(client, parse_path(parameters["path"], "path"))
    if parameters["minted"] is not None:
        # The action plugin puts their IDs in its place.
        raise OptionError("minted", "the leases of a run are known where Ansible runs only.")
    # Every ID is checked before the first request.
    for lease_id in parameters["lease_id"]:
        lease_path(lease_id, "lease_id")
    unique = dict.fromkeys(parameters["lease_id"])
    found = (lease_by_id(client, lease_id, "lease_id") for lease_id in unique)
    return [lease for lease in found if lease is not None]


def _outcome(
    ending: list[dict[str, Any]], keep: list[dict[str, Any]], answers: Sequence[Any], on_not_revocable: str
) -> dict[str, Any]:
    """What really happened: the service may refuse a lease that its type promised to revoke."""
    refused = [lease for lease, answer in zip(ending, answers) if isinstance(answer, ApiError)]
    failed = [answer for answer in answers if isinstance(answer, ApiError) and answer.code == "lease_revoke_failed"]
    revoked = [lease for lease in ending if lease not in refused]
    if failed or (refused and on_not_revocable == "fail"):
        reason = failed[0] if failed else next(answer for answer in answers if isinstance(answer, ApiError))
        done = f" Revoked: {named(revoked)}." if revoked else ""
        raise StateError(f"Not revoked: {named(refused)}.{done} {reason}")
    return _result(revoked, [*keep, *refused])


def _explained(ending: list[dict[str, Any]], error: RequestError) -> WorkloadCredentialsError:
    """The error of a revocation, with the leases that may live on, where it is not known what became of it."""
    if not getattr(error, "ambiguous", True):
        return error
    return StateError(
        f"{error} The request is not repeated, so these leases may live on: {named(ending)}. "
        "community.workload_credentials.lease_info shows which do; repeat the task for those."
    )


def _result(revoked: list[dict[str, Any]], keep: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "revoked": [lease["id"] for lease in revoked],
        "not_revocable": [
            {"id": lease["id"], "expiration": lease.get("expiration"), "seconds_left": lease["seconds_left"]}
            for lease in keep
        ],
    }


def _shown(leases: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{"id": lease["id"], "expiration": lease.get("expiration")} for lease in leases]


LEASE = Spec(
    name="lease",
    options={
        **CONNECTION,
        "state": {"type": "str", "choices": ["absent"], "default": "absent"},
        "lease_id": {"type": "list", "elements": "str", "aliases": ["lease_ids"]},
        "path": {"type": "str"},
        "minted": {"type": "str", "choices": ["run"]},
        "on_not_revocable": {"type": "str", "choices": ["warn", "fail", "ignore"], "default": "warn"},
    },
    plan=plan,
    required_one_of=(("path", "lease_id", "minted"),),
    mutually_exclusive=(("path", "lease_id", "minted"),),
)
