# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ending the leases of service accounts' tokens, and removing what has expired.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.community.workload_credentials.plugins.module_utils._api.errors import (
    OptionError,
    StateError,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._change import Change
from ansible_collections.community.workload_credentials.plugins.module_utils._kube.in_worker import InWorker
from ansible_collections.community.workload_credentials.plugins.module_utils._kube.options import (
    AUTH,
    SECRET_VARIABLES,
    SECRETS,
    cluster_of,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._kube.wire import Object
from ansible_collections.community.workload_credentials.plugins.module_utils._resources._parts.accounts.ending import (
    check_places,
    end,
    leases,
    leases_by_id,
    orphans,
    remove,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._resources._parts.accounts.objects import (
    Lease,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._resources._parts.accounts.wanted import (
    check_names,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._spec import Spec

_PRUNED = "pruned"


@dataclass(frozen=True)
class Found:
    """Those of the leases meant that are there.

    :arg left: what lost leases have left.
    :arg warnings: what could not be looked at.
    """

    leases: Sequence[Lease]
    left: Sequence[Object] = ()
    warnings: Sequence[str] = ()


def look(cluster: InWorker, parameters: Mapping[str, Any]) -> Found:
    """Which leases are meant and there; with ``pruned`` all of them, and what lost ones have left.

    :raises OptionError: options that exclude each other.
    """
    _check(parameters)
    if parameters["state"] != _PRUNED:
        return _meant(cluster, parameters)
    return Found(leases(cluster, parameters["namespace"]), *orphans(cluster, parameters["namespace"]))


def plan(found: Found, parameters: Mapping[str, Any]) -> Change:
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


def _meant(cluster: InWorker, parameters: Mapping[str, Any]) -> Found:
    """Those that are named."""
    if parameters["name"] is not None:
        return Found(leases(cluster, parameters["namespace"], parameters["name"]))
    unique = list(dict.fromkeys(parameters["lease_id"]))
    return Found([one for one in leases_by_id(cluster, unique, "lease_id") if one is not None])


def _ended(cluster: InWorker, ending: Sequence[Lease], left: Sequence[Object]) -> dict[str, Any]:
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


def _result(ending: Sequence[Lease], left: Sequence[Object]) -> dict[str, Any]:
    return {"revoked": [one.id for one in ending], "left_behind": [_name(one) for one in left]}


def _line(lease: Lease) -> str:
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
