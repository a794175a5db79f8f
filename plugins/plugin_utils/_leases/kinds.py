# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How to find and end leases of each kind of source: a new kind is one entry of KINDS."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from ...module_utils._api.client import Client
from ...module_utils._api.errors import WorkloadCredentialsError
from ...module_utils._api.paths import parse_path
from ...module_utils._api.settings import Settings
from ...module_utils._credentials.lease import DYNAMIC_SECRET, SERVICE_ACCOUNT
from ...module_utils._credentials.source import Origin
from ...module_utils._resources._parts.leases import (
    Ended,
    end_leases,
    is_lease_id,
    lease_by_id,
    living_leases,
    revocable,
)
from .._worker import environment_in_force
from .sealed import key_of_run

# Seconds that one attempt at a cluster takes at most, from connecting to the answer.
_CLUSTER_SECONDS = 80.0


@dataclass(frozen=True)
class Kind:
    """What can be done with a kind's leases.

    :arg connect: makes a client of an Origin's ``connection``, as a context.
    :arg end: ends leases, each with ``id``, ``expiration`` and ``revocable``; returns what became of each, in order.
    :arg is_id: returns whether a request can name a lease by this ID.
    :arg module: the module with which users end such leases.
    :arg living: returns the active leases of a source with ``id``, ``expiration``, ``created_at``, ``created_by`` and
        ``revocable``; the lease of an unanswered request is among them. Never called for a kind whose notes have IDs
        from the beginning.
    :arg creator: returns who minted the lease with an ID, as ``created_by`` has it; None: that is not known.
    :arg timeout: returns the seconds that one attempt of a request takes at most.
    :arg at_once: how many leases one call of ``end`` gets where progress is shown.
    """

    connect: Callable[[Mapping[str, Any]], AbstractContextManager[Any]]
    end: Callable[[Any, Sequence[Mapping[str, Any]]], list[Ended]]
    is_id: Callable[[str | None], bool]
    module: str
    living: Callable[[Any, str], list[dict[str, Any]]] = lambda _client, _source: []
    creator: Callable[[Any, str], Any] = lambda _client, _lease_id: None
    timeout: Callable[[Any], float] = lambda _client: 0.0
    at_once: int = 1


def _living(client: Client, source: str) -> list[dict[str, Any]]:
    leases = living_leases(client, parse_path(source, "path"))
    return [{**lease, "revocable": revocable(lease)} for lease in leases]


def _creator(client: Client, lease_id: str) -> Any:
    return (lease_by_id(client, lease_id, "lease_id") or {}).get("created_by")


def _accounts() -> Any:
    # Loaded here, as most runs use no cluster.
    from ...module_utils._credentials import service_account

    return service_account


@contextmanager
def _cluster(connection: Mapping[str, Any]) -> Iterator[Any]:
    from ...module_utils._kube.options import cluster_of

    with environment_in_force(connection["environment"]), cluster_of(connection["options"]) as cluster:
        yield cluster


def clusters_at(sites: Collection[str], temporary: Path) -> Iterator[Origin]:
    """Yield the clusters at these addresses to which the environment, or a context of its kubeconfig, leads."""
    if not sites:
        return
    from ...module_utils._kube.options import cluster_of, contexts

    missing = set(sites)
    for options in [{}, *({"context": name} for name in contexts())]:
        with suppress(WorkloadCredentialsError), cluster_of(options) as cluster:
            if cluster.address in missing:
                missing.remove(cluster.address)
                yield _accounts().origin_of_cluster(cluster, options, lambda: key_of_run(temporary))


KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        DYNAMIC_SECRET: Kind(
            connect=lambda connection: nullcontext(Client(Settings(**connection))),
            end=end_leases,
            is_id=is_lease_id,
            module="community.workload_credentials.lease",
            living=_living,
            creator=_creator,
            timeout=lambda client: float(client.settings.timeout),
        ),
        SERVICE_ACCOUNT: Kind(
            connect=_cluster,
            end=lambda cluster, leases: list(_accounts().end_by_id(cluster, leases)),
            is_id=lambda lease_id: bool(_accounts().is_lease_id(lease_id)),
            module="community.workload_credentials.service_account_lease",
            living=lambda cluster, source: list(_accounts().living(cluster, source)),
            timeout=lambda _cluster: _CLUSTER_SECONDS,
            # One call looks all of its leases up together.
            at_once=8,
        ),
    }
)
