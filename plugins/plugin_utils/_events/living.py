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
from ...module_utils._resources.lease_report import Holder, holders_in
from .._cluster.spec import SELECTOR


@dataclass(frozen=True)
class Watched:
    """A lease, and who is known to hold it.

    :arg facts: what the service says of it beside its times; empty where a Secret alone tells of it.
    """

    id: str
    minted: datetime
    expiration: datetime
    facts: Mapping[str, Any] = field(default_factory=dict)
    holders: tuple[str, ...] = ()

    @property
    def lease(self) -> Lease:
        """The same, as the rule that renews leases knows it."""
        return Lease(self.id, "", self.minted, self.expiration)

    def event(self, now: datetime) -> dict[str, Any]:
        """What an event tells: no value, and nothing that could be used for anything."""
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
    """The living leases below the folder: one request, and one for each dynamic secret.

    :raises WorkloadCredentialsError: they could not be read.
    """
    found = client.items(listing("dynamic", {"folder": folder, "recursive": True}))
    for lease in leases_below(client, found):
        minted, expiration = parse_time(lease.get("created_at")), parse_time(lease.get("expiration"))
        if minted is not None and expiration is not None:
            yield Watched(lease["id"], minted, expiration, lease)


def of_cluster(cluster: Mapping[str, Any]) -> Iterator[Watched]:
    """The leases that pushed Secrets hold, by their metadata: one list.

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
            yield _held(holder, holder.minted, holder.expiration)


def _held(holder: Holder, minted: datetime, expiration: datetime) -> Watched:
    return Watched(holder.lease_id, minted, expiration, {}, (holder.name,))


def merged(found: Sequence[Watched]) -> list[Watched]:
    """Each lease once, with all that tell of it."""
    by_id: dict[str, Watched] = {}
    for one in found:
        other = by_id.get(one.id, one)
        holders = tuple(sorted({*other.holders, *one.holders}))
        # The service knows better than an annotation until when it is.
        best = other if other.facts else one
        by_id[one.id] = Watched(one.id, best.minted, best.expiration, best.facts, holders)
    return list(by_id.values())
