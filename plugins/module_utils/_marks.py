# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The names of the annotations that say which lease a Secret holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ._api.times import parse_time

DOMAIN = "workload-credentials.ansible.com"
PREFIX = f"{DOMAIN}/"
# A lease's annotations; leases of the Secrets API have no kind and no site.
_LEASE = ("lease-id", "expiration", "minted-at", "definition", "keys", "lease-kind", "lease-site")
LEASE_MARKS = tuple(PREFIX + name for name in _LEASE)
# The ExternalSecret that will adopt a pushed Secret and has not done so yet.
MOVING = PREFIX + "moving-to"
# The lease of External Secrets Operator; a Secret that was pushed may still hold the role's annotations too.
OPERATED_MARKS = tuple(f"{PREFIX}operated-{name}" for name in _LEASE[:3])


@dataclass(frozen=True)
class NotedLease:
    """What the annotations of a Secret say of its lease; None: they do not say it."""

    id: str | None
    minted: datetime | None
    expiration: datetime | None


def noted_lease(annotations: Mapping[str, Any], marks: Sequence[str] = LEASE_MARKS) -> NotedLease:
    """Return what these annotations say.

    :arg marks: LEASE_MARKS or OPERATED_MARKS.
    """
    lease_id, expiration, minted = (annotations.get(mark) for mark in marks[:3])
    return NotedLease(None if lease_id is None else str(lease_id), parse_time(minted), parse_time(expiration))
