# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The living leases that an event source watches: of the service below a folder, and of the Secrets of clusters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ...module_utils._api.client import Client
from ...module_utils._api.times import parse_time, written
from ...module_utils._credentials.lease import Lease
from ...module_utils._kube.client import InWorker
from ...module_utils._kube.objects import OBJECT_KINDS
from ...module_utils._resources._parts.leases import leases_below
from ...module_utils._resources._parts.visibility import listing
from ...module_utils._resources.lease_report import holders_in
from .._cluster.spec import SELECTOR


@dataclass(frozen=True)
class Watched:
    """A lease, and the Secrets that are known to hold it.

    :arg facts: the lease as the service lists it; empty: only a Secret names it.
    """

    id: str
    minted: datetime
    expiration: datetime
    facts: Mapping[str, Any] = field(default_factory=dict)
    holders: tuple[str, ...] = ()

    @property
    def lease(self) -> Lease:
        """Return the lease in the form that Margin takes."""
        return Lease(self.id, "", self.minted, self.expiration)

    def event(self, now: datetime) -> dict[str, Any]:
        """Return the event: it holds no value of a secret, and nothing that gives access to anything."""
        names = ("dynamic_secret_path", "dynamic_secret_type", "created_by")
        places = [dict(zip(("cluster", "namespace", "name"), holder.split("/"))) for holder in self.holders]
        return {
            "lease_id": self.id,
            "minted": written(self.minted),
            "expiration": written(self.expiration),
            "seconds_left": max(0, int((self.expiration - now).total_seconds())),
            **{name: self.facts.get(name) for name in names},
            "secrets": places,
        }


def of_service(client: Client, folder: str) -> Iterator[Watched]:
    """Yield the living leases below the folder: one request, and one for each dynamic secret.

    :raises WorkloadCredentialsError: they could not be read.
    """
    dynamic_secrets = client.items(listing("dynamic", {"folder": folder, "recursive": True}))
    for lease in leases_below(client, dynamic_secrets):
        minted, expiration = parse_time(lease.get("created_at")), parse_time(lease.get("expiration"))
        if minted is not None and expiration is not None:
            yield Watched(lease["id"], minted, expiration, lease)


def of_cluster(cluster: Mapping[str, Any]) -> Iterator[Watched]:
    """Yield the leases that Secrets hold, as their annotations say: one request.

    :arg cluster: its ``name``, and perhaps ``kubeconfig``, ``context`` and ``namespace``.
    :raises WorkloadCredentialsError: they could not be read.
    """
    options = {name: cluster[name] for name in ("kubeconfig", "context") if cluster.get(name)}
    with InWorker(options) as port:
        secrets = port.list(
            OBJECT_KINDS["Secret"], namespace=cluster.get("namespace"), labels=SELECTOR, metadata_only=True
        )
    for holder in holders_in({cluster["name"]: secrets or []}):
        if holder.minted is not None and holder.expiration is not None:
            yield Watched(holder.lease_id, holder.minted, holder.expiration, holders=(holder.name,))


def merged(leases: Sequence[Watched]) -> list[Watched]:
    """Return each lease once, with all its holders."""
    by_id: dict[str, Watched] = {}
    for lease in leases:
        other = by_id.get(lease.id, lease)
        holders = tuple(sorted({*other.holders, *lease.holders}))
        # The service knows the expiration better than an annotation.
        best = other if other.facts else lease
        by_id[lease.id] = Watched(lease.id, best.minted, best.expiration, best.facts, holders)
    return list(by_id.values())
