# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Leases, the credentials that they end, and the one rule that says when a lease is renewed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

DYNAMIC_SECRET, STATIC_SECRET = "dynamic_secret", "static_secret"
SERVICE_ACCOUNT, STS_SESSION = "service_account", "sts_session"
_FOREVER = timedelta.max


@dataclass(frozen=True)
class Lease:
    """A lease of a source.

    :arg id: "" where the service named none: it cannot be ended then.
    :arg source: the identity of the source, such as a dynamic secret's path.
    :arg minted: when, by this machine's clock.
    :arg expiration: None where it has none, or where it is not known.
    :arg revocable: whether its provider can end it early.
    :arg kind: of its source.
    :arg site: the address of the service that minted it; None: the one that this run speaks with.
    """

    id: str
    source: str
    minted: datetime
    expiration: datetime | None
    revocable: bool = True
    kind: str = DYNAMIC_SECRET
    site: str | None = None

    @property
    def life(self) -> timedelta:
        """From minting to expiration. None at all: one of the clocks is wrong."""
        return self.expiration - self.minted if self.expiration else _FOREVER

    def left(self, now: datetime) -> timedelta:
        """Until it expires."""
        return self.expiration - now if self.expiration else _FOREVER


@dataclass(frozen=True)
class Credentials:
    """Values of one lease; ``lease`` is None for values that do not end, as those of a static secret.

    :arg warnings: what the user should know of them, a sentence each.
    """

    values: Mapping[str, Any]
    lease: Lease | None
    warnings: Sequence[str] = ()


@dataclass(frozen=True)
class Margin:
    """A lease is renewed once no more than this is left of it: a part of its life, and at most so many seconds."""

    part: float
    seconds: float = float("inf")

    def due(self, lease: Lease, now: datetime) -> bool:
        """Whether it is time.

        A lease that was expired from the start is not renewed: a new one would be no better, and would come each time.
        """
        life = lease.life
        if not timedelta(0) < life < _FOREVER:
            return False
        return lease.left(now).total_seconds() <= min(self.seconds, life.total_seconds() * self.part)

    def interval(self, life: int) -> int:
        """Seconds after which credentials of such a life (in seconds) are renewed."""
        return life - int(min(self.seconds, life * self.part))
