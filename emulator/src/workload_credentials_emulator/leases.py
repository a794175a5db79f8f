# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The leases of a site: those that live by their dynamic secret, those that have ended as far as anybody asks."""

from __future__ import annotations

import heapq
from collections import Counter, deque
from collections.abc import Iterator
from datetime import datetime

from .clock import Clock
from .items import Lease

# How many that have ended are still shown; of older ones only the number is known.
_KEPT = 10_000


class Leases:
    """All leases that were minted, so arranged that no request walks over those of others."""

    def __init__(self, clock: Clock, *, kept: int = _KEPT) -> None:
        self._clock = clock
        self._numbers: dict[str, int] = {}
        self._living: dict[str, Lease] = {}
        self._by_secret: dict[str, dict[str, Lease]] = {}
        self._ends: list[tuple[datetime, int, Lease]] = []
        self._ended: deque[Lease] = deque()
        self._kept = kept
        self._forgotten: Counter[tuple[str, str]] = Counter()
        self._minted = 0
        self._latest = clock.now()

    def add(self, lease: Lease) -> None:
        """Note a new lease."""
        self._minted += 1
        self._numbers[lease.id] = self._minted
        self._begin(lease)

    def get(self, id: str) -> Lease | None:
        """The lease, if it lives."""
        self._settle()
        return self._living.get(id)

    def of(self, secret_id: str) -> list[Lease]:
        """The living leases of a dynamic secret, the oldest first."""
        self._settle()
        return list(self._by_secret.get(secret_id, {}).values())

    def revoke(self, lease: Lease) -> None:
        """End it before its time."""
        lease.revoked = True
        self._end(lease)

    def shown(self) -> list[tuple[Lease, str]]:
        """Those that are remembered, with their states, the oldest first."""
        self._settle()
        now = self._clock.now()
        leases = sorted([*self._ended, *self._living.values()], key=lambda lease: self._numbers[lease.id])
        return [(lease, lease.state(now)) for lease in leases]

    def forgotten(self) -> Iterator[tuple[str, str, int]]:
        """How many there were besides, by path and state."""
        return ((path, state, number) for (path, state), number in self._forgotten.items())

    def _settle(self) -> None:
        """Take note of those that have expired, or that live again because the clock went back."""
        now = self._clock.now()
        if now < self._latest:
            back = [lease for lease in self._ended if lease.state(now) == "active"]
            self._ended = deque(lease for lease in self._ended if lease.state(now) != "active")
            for lease in back:
                self._begin(lease)
        self._latest = now
        while self._ends and self._ends[0][0] <= now:
            *_others, lease = heapq.heappop(self._ends)
            if lease.id in self._living:
                self._end(lease)

    def _begin(self, lease: Lease) -> None:
        self._living[lease.id] = lease
        self._by_secret.setdefault(lease.secret_id, {})[lease.id] = lease
        heapq.heappush(self._ends, (lease.expires_at, self._numbers[lease.id], lease))

    def _end(self, lease: Lease) -> None:
        del self._living[lease.id]
        of_secret = self._by_secret[lease.secret_id]
        del of_secret[lease.id]
        if not of_secret:
            del self._by_secret[lease.secret_id]
        self._ended.append(lease)
        if len(self._ended) > self._kept:
            oldest = self._ended.popleft()
            del self._numbers[oldest.id]
            self._forgotten[oldest.path, "revoked" if oldest.revoked else "expired"] += 1
