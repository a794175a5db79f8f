# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The notes of a task's leases where the disk becomes full in its middle."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ansible_collections.community.workload_credentials.plugins.module_utils._api.errors import StateError
from ansible_collections.community.workload_credentials.plugins.module_utils._credentials.lease import (
    Credentials,
    Lease,
)
from ansible_collections.community.workload_credentials.plugins.plugin_utils._leases.ledger import Ledger
from ansible_collections.community.workload_credentials.plugins.plugin_utils._leases.notes import GIVEN, Notes
from ansible_collections.community.workload_credentials.plugins.plugin_utils._leases.sealed import SealedFolder

from tests.support.sources import Made, origin

NOW = datetime.fromtimestamp(0, UTC)
LEASE = Lease("lease", "prod/azure", NOW, NOW)
ENTRY: Any = SimpleNamespace(source="dynamic_secret", namespace="apps", name="azure", where="apps/azure")


def full(*_: Any) -> None:
    raise StateError("No space left on device.")


@pytest.fixture
def notes(tmp_path: Path) -> Notes:
    return Notes(tmp_path, origin())


def minted_on_a_full_disk(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    """A lease of which no more could be noted than that it was requested."""
    with monkeypatch.context() as patch:

        def mint() -> Credentials:
            patch.setattr(SealedFolder, "save", full)
            return Credentials({}, LEASE)

        ledger.mint(Made("prod/azure", mint), ENTRY)


def ledger_of(notes: Notes) -> Ledger:
    return Ledger(lambda *_: None, notes=lambda *_: notes)


def test_a_lease_that_a_secret_gets_is_noted_by_its_name(notes: Notes, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = ledger_of(notes)
    minted_on_a_full_disk(ledger, monkeypatch)
    ledger.hand_over([LEASE], [])
    # What says only that a lease was requested would lead to this one, and to its end.
    assert [(note.id, note.phase) for note in notes.all()[0].values()] == [("lease", GIVEN)]
    ledger.owned(LEASE)
    assert notes.all()[0] == {}


def test_no_secret_gets_a_lease_that_cannot_be_noted(notes: Notes, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = ledger_of(notes)
    minted_on_a_full_disk(ledger, monkeypatch)
    monkeypatch.setattr(SealedFolder, "save", full)
    with pytest.raises(StateError, match="No space"):
        ledger.hand_over([LEASE], [])


def test_leases_are_ended_though_the_disk_is_full(notes: Notes, monkeypatch: pytest.MonkeyPatch) -> None:
    ended: list[str] = []
    ledger = ledger_of(notes)
    monkeypatch.setattr(ledger, "_ended", lambda leases: (ended.extend(lease.id for lease in leases), ("", ""))[1])
    ledger.mint(Made("prod/azure", lambda: Credentials({}, LEASE)), ENTRY)
    monkeypatch.setattr(SealedFolder, "save", full)
    assert ledger.end() == ("", "")
    assert ended == ["lease"]
