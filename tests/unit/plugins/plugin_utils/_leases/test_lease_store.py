# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import stat
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.community.workload_credentials.plugins.module_utils._api.errors import StateError
from ansible_collections.community.workload_credentials.plugins.module_utils._credentials.dynamic_secret import lease_of
from ansible_collections.community.workload_credentials.plugins.module_utils._credentials.lease import Credentials
from ansible_collections.community.workload_credentials.plugins.module_utils._credentials.source import origin_of
from ansible_collections.community.workload_credentials.plugins.plugin_utils._leases import lease_store
from ansible_collections.community.workload_credentials.plugins.plugin_utils._leases.lease_store import (
    LeaseStore,
    MintedLeases,
)

from tests.support.connection import settings
from tests.support.sources import Made

CANARY = "secret-canary-value"


def credentials(number: int, seconds: float = 3600) -> dict[str, Any]:
    expiration = datetime.now(UTC) + timedelta(seconds=seconds)
    return {
        "secretAccessKey": f"{CANARY}-{number}",
        "accessKeyId": number,
        "leaseId": f"lease-{number}",
        "expiration": expiration.isoformat(),
    }


class Mint:
    """Counts what is minted."""

    def __init__(self, seconds: float = 3600) -> None:
        self.count = 0
        self._seconds = seconds

    def __call__(self) -> dict[str, Any]:
        self.count += 1
        return credentials(self.count, self._seconds)


def source(path: str, mint: Callable[[], dict[str, Any]], variant: str = "") -> Made:
    def make() -> Credentials:
        values = mint()
        return Credentials(values, lease_of(values, path))

    return Made(path, make, variant)


class Store:
    """As one process has it."""

    def __init__(self, folder: Path, warn: Callable[[str], None] = pytest.fail, **changes: Any) -> None:
        self._store = LeaseStore(folder, origin_of(settings(**changes)), warn)

    def get(self, path: str, scope: str, min_ttl: int, mint: Callable[[], Any], variant: str = "") -> Mapping[str, Any]:
        return self._store.get(source(path, mint, variant), scope, min_ttl).values


def minted_leases(folder: Path, warn: Callable[[str], None] = pytest.fail, **changes: Any) -> MintedLeases:
    return MintedLeases(folder, origin_of(settings(**changes)), warn)


def files(folder: Path) -> list[Path]:
    return [path for path in (folder / "workload-credentials" / "store").iterdir() if not path.suffix]


def test_the_second_use_mints_nothing_and_gives_the_same_pair(tmp_path: Path) -> None:
    mint = Mint()
    assert Store(tmp_path).get("a", "host x", 300, mint) == Store(tmp_path).get("a", "host x", 300, mint)
    assert mint.count == 1


@pytest.mark.parametrize(
    "other",
    [
        {"access_token": "another"},
        {"site_id": "b1b2c3d4-e5f6-4890-abcd-ef1234567890"},
        {"api_url": "https://other.example.com"},
        {"service_name": "other"},
        {"auth_role": "other"},
    ],
)
def test_another_identity_never_sees_the_lease(tmp_path: Path, other: dict[str, str]) -> None:
    mint = Mint()
    Store(tmp_path).get("a", "", 300, mint)
    Store(tmp_path, **other).get("a", "", 300, mint)
    assert mint.count == 2


def test_another_path_or_host_has_a_lease_of_its_own(tmp_path: Path) -> None:
    mint = Mint()
    for path, scope in (("a", "host x"), ("b", "host x"), ("a", "host y"), ("a", "")):
        Store(tmp_path).get(path, scope, 300, mint)
    assert mint.count == 4


@pytest.mark.parametrize(("life", "min_ttl", "minted"), [(3600, 300, 1), (3600, 3601, 1), (200, 300, 1)])
def test_a_lease_is_replaced_when_it_is_about_to_expire(tmp_path: Path, life: int, min_ttl: int, minted: int) -> None:
    mint = Mint(life)
    for _use in range(2):
        Store(tmp_path).get("a", "", min_ttl, mint)
    assert mint.count == minted


def test_what_makes_other_credentials_makes_another_lease(tmp_path: Path) -> None:
    mint = Mint()
    for variant in ("", "audience b", ""):
        Store(tmp_path).get("a", "", 300, mint, variant)
    assert mint.count == 2


def test_nothing_on_disk_is_readable_by_others_or_in_the_clear(tmp_path: Path) -> None:
    Store(tmp_path).get("prod/aws/app", "host x", 300, Mint())
    folder = tmp_path / "workload-credentials"
    everything = [folder, *folder.rglob("*")]
    assert {stat.S_IMODE(path.stat().st_mode) for path in everything if path.is_dir()} == {0o700}
    kept = [path for path in everything if path.is_file()]
    assert {stat.S_IMODE(path.stat().st_mode) for path in kept} == {0o600}
    content = b"".join(path.read_bytes() + path.name.encode() for path in kept)
    assert not any(word in content for word in (CANARY.encode(), b"token-canary"))
    # What names a lease is no secret, and is only where it has to be read without the token.
    sealed = b"".join(path.read_bytes() + path.name.encode() for path in kept if path.parent.name != "minted")
    assert not any(word in sealed for word in (b"prod", b"lease-1", b"example.com"))


@pytest.mark.parametrize("damage", [b"", b"x", b"x" * 200])
def test_a_damaged_file_is_replaced_with_a_warning(tmp_path: Path, damage: bytes) -> None:
    mint, warnings = Mint(), []
    Store(tmp_path).get("a", "", 300, mint)
    files(tmp_path)[0].write_bytes(damage)
    assert Store(tmp_path, warnings.append).get("a", "", 300, mint)["accessKeyId"] == 2
    assert len(warnings) == 1
    assert Store(tmp_path).get("a", "", 300, mint)["accessKeyId"] == 2


def test_an_entry_does_not_work_under_another_name(tmp_path: Path) -> None:
    mint, warnings = Mint(), []
    Store(tmp_path).get("a", "", 300, mint)
    first = files(tmp_path)[0]
    Store(tmp_path).get("b", "", 300, mint)
    second = next(path for path in files(tmp_path) if path != first)
    second.write_bytes(first.read_bytes())
    assert Store(tmp_path, warnings.append).get("b", "", 300, mint)["accessKeyId"] == 3
    assert warnings


def _mint_in_process(folder: str) -> int:
    counter = Path(folder) / "minted"

    def mint() -> dict[str, Any]:
        with counter.open("a") as stream:
            stream.write("x")
        return credentials(1)

    return int(Store(Path(folder)).get("a", "", 300, mint)["accessKeyId"])


def test_processes_that_ask_at_once_mint_once(tmp_path: Path) -> None:
    with get_context("fork").Pool(8) as pool:
        assert set(pool.map(_mint_in_process, [str(tmp_path)] * 40)) == {1}
    assert (tmp_path / "minted").read_text() == "x"


def test_threads_that_ask_at_once_mint_once(tmp_path: Path) -> None:
    mint, one = Mint(), Store(tmp_path)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _number: one.get("a", "", 300, mint)["accessKeyId"], range(40)))
    assert (mint.count, set(found)) == (1, {1})


def test_a_failed_mint_leaves_nothing_behind(tmp_path: Path) -> None:
    def fail() -> dict[str, Any]:
        raise RuntimeError

    with pytest.raises(RuntimeError):
        Store(tmp_path).get("a", "", 300, fail)
    assert files(tmp_path) == []
    assert Store(tmp_path).get("a", "", 300, Mint())["accessKeyId"] == 1


def at(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """Let time have passed since now."""
    now = datetime.now(UTC).timestamp()
    monkeypatch.setattr(lease_store.time, "time", lambda: now + seconds)


@pytest.mark.parametrize(
    ("life", "passed", "minted"), [(3600, 3200, 1), (3600, 3301, 2), (200, 99, 1), (200, 101, 2), (3600, 3590, 2)]
)
def test_a_lease_ends_its_use_before_it_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, life: int, passed: int, minted: int
) -> None:
    mint = Mint(life)
    Store(tmp_path).get("a", "", 300, mint)
    at(monkeypatch, passed)
    assert Store(tmp_path).get("a", "", 300, mint)["accessKeyId"] == minted


def test_neither_what_outlives_the_run_nor_what_is_for_a_secret_ends_with_it(tmp_path: Path) -> None:
    minted = minted_leases(tmp_path)
    minted.mint(source("a", lambda: credentials(1)), "run")
    minted.mint(source("a", lambda: credentials(2)), "run", outlives=True)
    name = minted.notes.ask("a", "Secret shop/a", needs={"cluster": "c"})
    minted.notes.minted(name, "lease-3")
    assert minted.all() == ["lease-1"]
    assert sorted(str(note.id) for note in minted.notes.all()[0].values()) == ["lease-1", "lease-2", "lease-3"]


def test_a_wrong_clock_does_not_mint_at_each_use(tmp_path: Path) -> None:
    mint, warnings = Mint(-1000), []
    for _use in range(3):
        Store(tmp_path, warnings.append).get("a", "", 300, mint)
    assert mint.count == 1
    assert len(warnings) == 1
    assert "clock" in warnings[0]


def test_a_lease_that_was_ended_is_not_given_again(tmp_path: Path) -> None:
    mint, minted = Mint(), minted_leases(tmp_path)
    Store(tmp_path).get("a", "", 300, mint)
    Store(tmp_path).get("b", "", 300, mint)
    assert sorted(minted.all()) == ["lease-1", "lease-2"]
    minted.remove(["lease-1", "lease-that-never-was"])
    assert minted.all() == ["lease-2"]
    assert Store(tmp_path).get("a", "", 300, mint)["leaseId"] == "lease-3"
    assert Store(tmp_path).get("b", "", 300, mint)["leaseId"] == "lease-2"


def test_the_leases_of_an_earlier_token_are_known_and_forgotten(tmp_path: Path) -> None:
    warnings: list[str] = []
    minted_leases(tmp_path, access_token="another").mint(source("a", lambda: credentials(1)), "run")
    minted_leases(tmp_path, access_token="another").mint(source("a", lambda: credentials(2)), "run", outlives=True)
    minted = minted_leases(tmp_path, warnings.append)
    minted.mint(source("a", lambda: credentials(3)), "run")
    assert (minted.all(), [one.note.id for one in minted.foreign()]) == (["lease-3"], ["lease-1"])
    minted.remove(["lease-1"])
    assert minted.foreign() == []
    assert warnings == []


def test_the_leases_of_another_site_are_named_and_no_more(tmp_path: Path) -> None:
    warnings: list[str] = []
    other = {"site_id": "b1b2c3d4-e5f6-4890-abcd-ef1234567890"}
    minted_leases(tmp_path, **other).mint(source("a", lambda: credentials(1)), "run")
    minted = minted_leases(tmp_path, warnings.append)
    minted.mint(source("a", lambda: credentials(2)), "run")
    minted.mint(source("a", lambda: {"accessKeyId": "of no lease"}), "run")
    assert minted.all() == ["lease-2"]
    assert minted.foreign() == []
    assert other["site_id"] in warnings[0]
    assert "lease-1 (until 20" in warnings[0]


@pytest.mark.parametrize("blocked", ["", "store", "minted"])
def test_where_nothing_can_be_written_nothing_is_minted(tmp_path: Path, blocked: str) -> None:
    obstacle = tmp_path / "workload-credentials" / blocked
    obstacle.parent.mkdir(exist_ok=True)
    obstacle.write_text("")
    mint = Mint()
    with pytest.raises(StateError, match="Nothing can be written to this run's folder"):
        Store(tmp_path).get("a", "host x", 300, mint)
    assert mint.count == 0


def test_where_a_note_cannot_be_completed_its_lease_is_named(tmp_path: Path) -> None:
    def mint() -> dict[str, Any]:
        notes = tmp_path / "workload-credentials" / "minted"
        for one in notes.iterdir():
            one.unlink()
        notes.rmdir()
        notes.write_text("")
        return credentials(1)

    warnings: list[str] = []
    minted_leases(tmp_path, warnings.append).mint(source("a", mint), "run")
    assert "The lease lease-1 was minted" in warnings[0]
