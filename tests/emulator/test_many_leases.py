# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Many leases: no request walks over those that are none of its business, and what has ended is forgotten."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from workload_credentials_emulator.clock import Clock
from workload_credentials_emulator.items import Lease
from workload_credentials_emulator.leases import Leases

from .client import Api

TTL = 900.0


@pytest.fixture
def looked_at(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The ids of the leases that anything was read of."""
    ids: set[str] = set()

    def noting(lease: Lease, name: str) -> Any:
        ids.add(object.__getattribute__(lease, "id"))
        return object.__getattribute__(lease, name)

    monkeypatch.setattr(Lease, "__getattribute__", noting)
    return ids


def test_a_request_looks_at_no_lease_of_another_definition(api: Api, looked_at: set[str]) -> None:
    for name in ("app", "other"):
        api.dynamic(name, type="azure")
    for _turn in range(20):
        api.generate("other")
    lease = api.generate("app")["leaseId"]
    assert len(looked_at) == 21
    looked_at.clear()
    for method, address in (
        ("GET", "/leases/app"),
        ("GET", f"/leases/id/{lease}"),
        ("DELETE", "/dynamic/app"),
        ("DELETE", f"/leases/id/{lease}"),
        ("GET", "/leases/app"),
    ):
        api.send(method, address)
    assert looked_at == {lease}


@pytest.fixture
def clock() -> Clock:
    """A clock that the test moves."""
    return Clock()


@pytest.fixture
def leases(clock: Clock) -> Leases:
    """Of those that have ended three are kept."""
    return Leases(clock, kept=3)


@pytest.fixture
def mint(clock: Clock, leases: Leases) -> Callable[..., Lease]:
    """Mint a lease."""

    def minted(id: str, secret: str = "app") -> Lease:
        now = clock.now()
        lease = Lease(id, secret, f"prod/{secret}", "azure", {}, "entity", now, now + timedelta(seconds=TTL), "owner")
        leases.add(lease)
        return lease

    return minted


def _states(leases: Leases) -> dict[str, str]:
    return {lease.id: state for lease, state in leases.shown()}


def test_what_has_expired_is_in_no_list(clock: Clock, leases: Leases, mint: Callable[..., Lease]) -> None:
    for secret in ("app", "other"):
        for number in range(2):
            mint(f"{secret} {number}", secret)
        clock.advance(TTL / 2)
    assert leases.of("app") == []
    assert leases.get("app 0") is None
    assert [lease.id for lease in leases.of("other")] == ["other 0", "other 1"]
    assert _states(leases) == {"app 0": "expired", "app 1": "expired", "other 0": "active", "other 1": "active"}


def test_what_ended_long_ago_is_only_counted(clock: Clock, leases: Leases, mint: Callable[..., Lease]) -> None:
    leases.revoke(mint("revoked", "other"))
    for number in range(5):
        mint(f"old {number}")
    clock.advance(TTL)
    mint("new")
    assert list(_states(leases)) == ["old 2", "old 3", "old 4", "new"]
    counted = Counter({(path, state): number for path, state, number in leases.forgotten()})
    assert counted == {("prod/other", "revoked"): 1, ("prod/app", "expired"): 2}


def test_a_clock_that_goes_back_revives_what_is_remembered(
    clock: Clock, leases: Leases, mint: Callable[..., Lease]
) -> None:
    leases.revoke(mint("revoked"))
    mint("expired")
    clock.advance(TTL)
    assert leases.of("app") == []
    clock.advance(-TTL)
    assert [lease.id for lease in leases.of("app")] == ["expired"]
    assert _states(leases) == {"revoked": "revoked", "expired": "active"}
    clock.advance(TTL)
    assert leases.of("app") == []
