# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The leases of service accounts' tokens: their records, ending them, and removing what has expired."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .._api.errors import OptionError, StateError
from .._change import Change, ReadResult
from .._kube.client import InWorker
from .._kube.objects import Object
from .._kube.options import AUTH, SECRET_VARIABLES, SECRETS, cluster_of
from .._spec import Spec
from ._parts.accounts.ending import check_places, end, leases, leases_by_id, orphans, remove
from ._parts.accounts.objects import AccountLease, shown
from ._parts.accounts.wanted import check_names

_PRUNED = "pruned"


@dataclass(frozen=True)
class SelectedAccountLeases:
    """Those of the leases meant that are there.

    :arg left: what lost leases have left.
    :arg warnings: what could not be looked at.
    """

    leases: Sequence[AccountLease]
    left: Sequence[Object] = ()
    warnings: Sequence[str] = ()


def look(cluster: InWorker, parameters: Mapping[str, Any]) -> SelectedAccountLeases:
    """Which leases are meant and there; with ``pruned`` all of them, and what lost ones have left.

    :raises OptionError: options that exclude each other.
    """
    _check(parameters)
    if parameters["state"] != _PRUNED:
        return _meant(cluster, parameters)
    return SelectedAccountLeases(leases(cluster, parameters["namespace"]), *orphans(cluster, parameters["namespace"]))


def plan(found: SelectedAccountLeases, parameters: Mapping[str, Any]) -> Change:
    """End those that are meant, whether they have expired or not; with ``pruned`` only those that have."""
    ending = [one for one in found.leases if parameters["state"] != _PRUNED or one.is_expired]
    left = found.left
    return Change(
        first=(lambda cluster: _ended(cluster, ending, left)) if ending or left else None,
        before={"leases": [_line(one) for one in ending], "left_behind": [_name(one) for one in left]},
        after={"leases": [], "left_behind": []},
        predicted=_result(ending, left),
        warnings=found.warnings,
    )


def _check(parameters: Mapping[str, Any]) -> None:
    check_names(parameters["name"], parameters["namespace"])
    given = [name for name in ("lease_id", "name", "minted") if parameters[name] is not None]
    if parameters["state"] == _PRUNED:
        for name in given:
            raise OptionError(name, "state=pruned removes what has expired, whatever it was for.")
        return
    if parameters["namespace"] is not None and parameters["name"] is None and parameters["lease_id"] is None:
        raise OptionError("namespace", "it is for name and for state=pruned.")
    if parameters["minted"] is not None:
        # The action plugin puts their IDs in its place.
        raise OptionError("minted", "the leases of a run are known where Ansible runs only.")
    check_places(parameters["lease_id"] or (), parameters["namespace"])


def _meant(cluster: InWorker, parameters: Mapping[str, Any]) -> SelectedAccountLeases:
    """Those that are named."""
    if parameters["name"] is not None:
        return SelectedAccountLeases(leases(cluster, parameters["namespace"], parameters["name"]))
    unique = list(dict.fromkeys(parameters["lease_id"]))
    return SelectedAccountLeases([one for one in leases_by_id(cluster, unique, "lease_id") if one is not None])


def _ended(cluster: InWorker, ending: Sequence[AccountLease], left: Sequence[Object]) -> dict[str, Any]:
    """What became of them: all are tried."""
    ended = end(cluster, ending)
    problems = [problem for one in ended for problem in one.problems] + remove(cluster, left)
    if problems:
        done = [one.lease.id for one in ended if not one.problems]
        staying = [_line(one.lease) for one in ended if one.problems]
        said = f" Leases of which something is left: {', '.join(staying)}." if staying else ""
        said += f" Revoked: {', '.join(done)}." if done else ""
        raise StateError(" ".join(dict.fromkeys(problems)) + said)
    return _result(ending, left)


def _result(ending: Sequence[AccountLease], left: Sequence[Object]) -> dict[str, Any]:
    return {"revoked": [one.id for one in ending], "left_behind": [_name(one) for one in left]}


def _line(lease: AccountLease) -> str:
    return f"{lease.id} (until {lease.fields['expiration'] or 'unknown'})"


def _name(found: Object) -> str:
    metadata = found["metadata"]
    return f"{found['kind']} {'/'.join(filter(None, (metadata.get('namespace'), metadata['name'])))}"


SERVICE_ACCOUNT_LEASE = Spec(
    name="service_account_lease",
    options={
        **AUTH,
        "state": {"type": "str", "choices": ["absent", _PRUNED], "default": "absent"},
        "lease_id": {"type": "list", "elements": "str", "aliases": ["lease_ids"]},
        "name": {"type": "str"},
        "namespace": {"type": "str"},
        "minted": {"type": "str", "choices": ["run", "dead_runs"]},
    },
    look=look,
    plan=plan,
    connect=cluster_of,
    guarded=SECRETS,
    secret_variables=SECRET_VARIABLES,
    required_if=(("state", "absent", ("lease_id", "name", "minted"), True),),
    mutually_exclusive=(("lease_id", "name", "minted"),),
)


def read(cluster: InWorker, parameters: Mapping[str, Any]) -> ReadResult:
    """What is there.

    :raises OptionError: a name or an ID that is none.
    """
    check_names(parameters["name"], parameters["namespace"])
    if parameters["lease_id"] is not None:
        check_places([parameters["lease_id"]], parameters["namespace"])
        found = [one for one in leases_by_id(cluster, [parameters["lease_id"]], "lease_id") if one is not None]
    else:
        found = leases(cluster, parameters["namespace"], parameters["name"])
    expired = parameters["expired"]
    return ReadResult({"leases": [shown(one) for one in found if expired is None or one.is_expired == expired]})


SERVICE_ACCOUNT_LEASE_INFO = Spec(
    name="service_account_lease_info",
    options={
        **AUTH,
        "namespace": {"type": "str"},
        "name": {"type": "str"},
        "lease_id": {"type": "str"},
        "expired": {"type": "bool"},
    },
    read=read,
    connect=cluster_of,
    guarded=SECRETS,
    secret_variables=SECRET_VARIABLES,
    mutually_exclusive=(("lease_id", "name"),),
)
