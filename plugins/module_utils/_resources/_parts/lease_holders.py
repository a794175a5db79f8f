# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who holds a lease: Secrets of clusters, as the marks in their metadata say.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ansible_collections.community.workload_credentials.plugins.module_utils._api.errors import OptionError
from ansible_collections.community.workload_credentials.plugins.module_utils._api.times import parse_time
from ansible_collections.community.workload_credentials.plugins.module_utils._marks import (
    LEASE_MARKS,
    OPERATED_MARKS,
)

_NOTES = (LEASE_MARKS[:3], OPERATED_MARKS)


@dataclass(frozen=True)
class Holder:
    """A Secret that holds a lease.

    :arg name: its cluster, namespace and name, with slashes between them.
    """

    name: str
    lease_id: str
    minted: datetime | None
    expiration: datetime | None


def holders_in(clusters: Mapping[str, Any]) -> list[Holder]:
    """The Secrets that hold leases.

    :arg clusters: the Secrets of each cluster by its name, in Kubernetes' own form.
    :raises OptionError: they have another form.
    """
    return [holder for cluster, secrets in clusters.items() for holder in _in_cluster(str(cluster), secrets)]


def _in_cluster(cluster: str, secrets: Any) -> Iterator[Holder]:
    if not isinstance(secrets, list):
        raise OptionError("secrets", f"{cluster}: it needs a list of Secrets.")
    for secret in secrets:
        metadata = secret.get("metadata") if isinstance(secret, Mapping) else None
        if not isinstance(metadata, Mapping):
            raise OptionError("secrets", f"{cluster}: an entry has no metadata, so it is no Secret.")
        annotations = metadata.get("annotations")
        notes = annotations if isinstance(annotations, Mapping) else {}
        name = "/".join((cluster, str(metadata.get("namespace", "")), str(metadata.get("name", ""))))
        for lease, expiration, minted in _NOTES:
            if notes.get(lease):
                yield Holder(name, str(notes[lease]), parse_time(notes.get(minted)), parse_time(notes.get(expiration)))
