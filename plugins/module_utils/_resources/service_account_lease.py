# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The leases of service accounts' tokens: reading, ending and pruning them."""

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
    """The selected leases that exist.

    :arg left: objects of leases without a record.
    :arg warnings: about objects that could not be listed.
    """

    leases: Sequence[AccountLease]
    left: Sequence[Object] = ()
    warnings: Sequence[str] = ()


def look(cluster: InWorker, parameters: Mapping[str, Any]) -> SelectedAccountLeases:
    """Return the selected leases; with ``pruned`` all of them, and objects of leases without a record.

    :raises OptionError: options exclude each other.
    """
    _check(parameters)
    if parameters["state"] != _PRUNED:
        return _selected(cluster, parameters)
    return SelectedAccountLeases(leases(cluster, parameters["namespace"]), *orphans(cluster, parameters["namespace"]))


def plan(selected: SelectedAccountLeases, parameters: Mapping[str, Any]) -> Change:
    """Return the change that ends the selected leases; with ``pruned`` only the expired ones."""
    ending = [lease for lease in selected.leases if parameters["state"] != _PRUNED or lease.is_expired]
    left = selected.left
    return Change(
        first=(lambda cluster: _end(cluster, ending, left)) if ending or left else None,
        before={"leases": list(map(_line, ending)), "left_behind": list(map(_name, left))},
        after={"leases": [], "left_behind": []},
        predicted=_result(ending, left),
        warnings=selected.warnings,
    )


def _check(parameters: Mapping[str, Any]) -> None:
    check_names(parameters["name"], parameters["namespace"])
    given = [name for name in ("lease_id", "name", "minted") if parameters[name] is not None]
    if parameters["state"] == _PRUNED:
        for name in given:
            raise OptionError(name, "state=pruned removes all expired leases, whatever they were for.")
        return
    if parameters["namespace"] is not None and parameters["name"] is None and parameters["lease_id"] is None:
        raise OptionError("namespace", "it is for name and for state=pruned.")
    if parameters["minted"] is not None:
        # The action plugin replaces the option with the leases' IDs.
        raise OptionError("minted", "only the controller knows the leases of a run.")
    check_places(parameters["lease_id"] or (), parameters["namespace"])


def _selected(cluster: InWorker, parameters: Mapping[str, Any]) -> SelectedAccountLeases:
    if parameters["name"] is not None:
        return SelectedAccountLeases(leases(cluster, parameters["namespace"], parameters["name"]))
    unique = list(dict.fromkeys(parameters["lease_id"]))
    return SelectedAccountLeases(list(filter(None, leases_by_id(cluster, unique, "lease_id"))))


def _end(cluster: InWorker, ending: Sequence[AccountLease], left: Sequence[Object]) -> dict[str, Any]:
    """End all leases, remove the other objects, and return the result.

    :raises StateError: something is left.
    """
    problems = end(cluster, ending)
    sentences = [sentence for lease in ending for sentence in problems[lease.id]]
    sentences += remove(cluster, left)
    if not sentences:
        return _result(ending, left)
    staying = [_line(lease) for lease in ending if problems[lease.id]]
    if staying:
        sentences.append(f"Leases that were not removed completely: {', '.join(staying)}.")
    revoked = [lease.id for lease in ending if not problems[lease.id]]
    if revoked:
        sentences.append(f"Revoked: {', '.join(revoked)}.")
    raise StateError(" ".join(dict.fromkeys(sentences)))


def _result(ending: Sequence[AccountLease], left: Sequence[Object]) -> dict[str, Any]:
    return {"revoked": [lease.id for lease in ending], "left_behind": list(map(_name, left))}


def _line(lease: AccountLease) -> str:
    return f"{lease.id} (until {lease.fields['expiration'] or 'unknown'})"


def _name(manifest: Object) -> str:
    metadata = manifest["metadata"]
    return f"{manifest['kind']} {'/'.join(filter(None, (metadata.get('namespace'), metadata['name'])))}"


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
    """Return the leases with an ID, a name, or in a namespace.

    :raises OptionError: a name or an ID has the wrong form.
    """
    check_names(parameters["name"], parameters["namespace"])
    if parameters["lease_id"] is not None:
        check_places([parameters["lease_id"]], parameters["namespace"])
        selected = list(filter(None, leases_by_id(cluster, [parameters["lease_id"]], "lease_id")))
    else:
        selected = leases(cluster, parameters["namespace"], parameters["name"])
    expired = parameters["expired"]
    return ReadResult({"leases": [shown(lease) for lease in selected if expired in (None, lease.is_expired)]})


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
