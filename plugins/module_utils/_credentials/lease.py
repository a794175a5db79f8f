# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Leases, their credentials, and the one rule that says when a lease is renewed."""

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

    :arg id: "": the service named none, so that nothing can end the lease.
    :arg source: the identity of the source, such as a dynamic secret's path.
    :arg minted: the time of minting, by this machine's clock.
    :arg expiration: None: it does not expire, or the expiration is not known.
    :arg revocable: whether its provider can end it early.
    :arg kind: the kind of its source.
    :arg site: the address of the service that minted it; None: the service of this run.
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
        """Return the time from minting to expiration. It is negative or 0 if one of the clocks is wrong."""
        return self.expiration - self.minted if self.expiration else _FOREVER

    def left(self, now: datetime) -> timedelta:
        """Return the time until it expires."""
        return self.expiration - now if self.expiration else _FOREVER


@dataclass(frozen=True)
class Credentials:
    """The values of one lease.

    :arg lease: None: the values do not expire, such as those of a static secret.
    :arg warnings: sentences for the user.
    """

    values: Mapping[str, Any]
    lease: Lease | None
    warnings: Sequence[str] = ()


@dataclass(frozen=True)
class Margin:
    """How much of a lease is left when it is renewed: a part of its life, but never more than these seconds."""

    part: float
    seconds: float = float("inf")

    def due(self, lease: Lease, now: datetime) -> bool:
        """Return whether it is time to renew the lease.

        A lease that was expired from the start is not renewed: each run would mint another one that is no better.
        """
        life = lease.life
        if not timedelta(0) < life < _FOREVER:
            return False
        return lease.left(now).total_seconds() <= min(self.seconds, life.total_seconds() * self.part)

    def interval(self, life: int) -> int:
        """Return after how many seconds to renew credentials that live for so many seconds."""
        return life - int(min(self.seconds, life * self.part))
