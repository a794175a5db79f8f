# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which lease a request without an answer has left, by what is known of the others."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Callable, Collection
from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.community.workload_credentials.plugins.module_utils._api.errors import (
    MayExistError,
    StateError,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._resources._parts.leases import (
    REVOKED,
    Ended,
)
from ansible_collections.community.workload_credentials.plugins.plugin_utils._leases import recovery
from ansible_collections.community.workload_credentials.plugins.plugin_utils._leases.kinds import Kind
from ansible_collections.community.workload_credentials.plugins.plugin_utils._leases.notes import Notes, SortedNotes
from ansible_collections.community.workload_credentials.plugins.plugin_utils._leases.recovery import (
    AMBIGUOUS,
    NO_LEASE,
    UNSETTLED,
    Others,
    ended,
    entries_of,
    foreign_entries,
    others_of,
    settled,
)

from tests.support.sources import origin

Settle = Callable[..., tuple[list[Any], list[str]]]


def _kind(living: Callable[..., list[dict[str, Any]]]) -> Kind:
    return Kind(nullcontext, lambda *_: [], bool, "a module", living, lambda _client: 30)


@pytest.fixture
def settle_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settle:
    """What becomes of a request, given the living leases (by ID, their creators) and whose they are known to be."""

    def run(leases: dict[str, str], known: Collection[str] = (), held: Collection[str] = ()) -> tuple[list[Any], Any]:
        made = datetime.fromtimestamp(time.time(), UTC).isoformat()
        living = [
            {"id": one, "created_by": creator, "created_at": made, "revocable": True} for one, creator in leases.items()
        ]
        monkeypatch.setattr(recovery, "KINDS", {"kind": _kind(lambda *_: living)})
        notes = Notes(tmp_path, origin())
        notes.unanswered(notes.ask("source", "use"))
        ready, fates = settled(None, entries_of([notes]), lambda: Others(frozenset(known)), held)
        return [one.note.id for one in ready], [one.how for one in fates]

    return run


def test_what_another_identity_minted_is_nobodys_where_ours_is_known(settle_one: Settle) -> None:
    assert settle_one({"a": "me", "b": "me", "c": "other"}, known=["a"]) == (["b"], [])


def test_what_secrets_hold_says_nothing_of_our_identity(settle_one: Settle) -> None:
    assert settle_one({"held": "me", "b": "me", "c": "other"}, held=["held"]) == ([], [AMBIGUOUS])
    # Secrets may hold what another identity minted.
    assert settle_one({"a": "me", "b": "me", "held": "other"}, known=["a"], held=["held"]) == (["b"], [])


def test_a_lease_that_may_be_ours_is_named_where_only_others_are_known(settle_one: Settle) -> None:
    assert settle_one({"held": "other", "b": "me"}, held=["held"]) == ([], [AMBIGUOUS])


def test_a_lease_of_who_minted_for_secrets_is_not_ours(settle_one: Settle) -> None:
    assert settle_one({"a": "me", "held": "other", "b": "other"}, known=["a"], held=["held"]) == ([], [])


@pytest.mark.parametrize(("is_there", "fates"), [(True, []), (False, [UNSETTLED])])
def test_what_another_run_gets_meanwhile_is_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_there: bool, fates: list[str]
) -> None:
    other, notes = Notes(tmp_path / "other", origin()), Notes(tmp_path / "dead", origin())
    (tmp_path / "other").mkdir()
    (tmp_path / "dead").mkdir()
    made = datetime.fromtimestamp(time.time(), UTC).isoformat()

    def living(*_: Any) -> list[dict[str, Any]]:
        # While the leases are read, another run asks for one, and gets it.
        name = other.ask("source", "use")
        if is_there:
            other.minted(name, "b", expiration=None, revocable=True)
        return [{"id": "b", "created_by": "me", "created_at": made, "revocable": True}]

    monkeypatch.setattr(recovery, "KINDS", {"kind": _kind(living)})
    notes.unanswered(notes.ask("source", "use"))
    ready, found = settled(None, entries_of([notes]), lambda: others_of([other]))
    assert (ready, [one.how for one in found]) == ([], fates)


def test_a_request_of_which_nothing_was_found_is_noted_until_somebody_was_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recovery, "KINDS", {"kind": _kind(lambda *_: [])})
    monkeypatch.setattr(recovery, "_PAUSE", 0)
    notes = Notes(tmp_path, origin())
    notes.ask("source", "use")
    _ready, (fate,) = settled(None, entries_of([notes]), Others)
    # Check mode comes to here too, and leaves everything as it is.
    assert (fate.how, list(notes.all()[0])) == (NO_LEASE, [fate.entry.name])


def _full(_descriptor: int) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def kept_by_others(journal: Path) -> list[str | None]:
    """What another token reads."""
    return [note.id for note in Notes(journal, origin(secret="another")).read().foreign.values()]


def test_where_nobody_knows_who_we_are_a_lease_is_named_and_not_ended(
    settle_one: Settle, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert settle_one({"theirs": "colleague"}) == ([], [AMBIGUOUS])
    assert settle_one({}) == ([], [])


@pytest.mark.parametrize(("creator", "ready"), [("me", ["a", "b"]), ("another", ["a"])])
def test_a_lease_of_another_source_says_who_we_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, creator: str, ready: list[str]
) -> None:
    made = datetime.fromtimestamp(time.time(), UTC).isoformat()
    living = [{"id": "b", "created_by": "me", "created_at": made, "revocable": True}]
    kind = replace(_kind(lambda *_: living), creator=lambda _client, lease_id: {"a": creator}[lease_id])
    monkeypatch.setattr(recovery, "KINDS", {"kind": kind})
    notes = Notes(tmp_path, origin())
    notes.minted(notes.ask("another source", "use"), "a", expiration=None, revocable=True)
    notes.unanswered(notes.ask("source", "use"))
    found, _fates = settled(None, entries_of([notes]), Others)
    assert [one.note.id for one in found] == ready


def test_what_another_token_asked_for_is_settled_by_what_it_minted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = datetime.fromtimestamp(time.time(), UTC).isoformat()
    living = [
        {"id": one, "created_by": creator, "created_at": made, "revocable": True}
        for one, creator in {"a": "me", "b": "me", "c": "other", "d": "other"}.items()
    ]
    monkeypatch.setattr(recovery, "KINDS", {"kind": _kind(lambda *_: living)})
    mine, other = Notes(tmp_path, origin()), Notes(tmp_path, origin(secret="other"))
    for notes, known in ((mine, "a"), (other, "c")):
        notes.minted(notes.ask("source", "use"), known, expiration=None, revocable=True)
        notes.unanswered(notes.ask("source", "use"))
    entries = [*entries_of([mine]), *foreign_entries([mine])]
    found, fates = settled(None, entries, Others)
    assert {(one.note.id, one.by is None) for one in found} == {("a", True), ("b", True), ("c", False), ("d", False)}
    assert fates == []


def test_a_note_that_was_changed_is_damaged_and_not_believed(tmp_path: Path) -> None:
    notes = Notes(tmp_path, origin())
    name = notes.minted(notes.ask("source", "use"), "a", expiration=None, revocable=True)
    path = notes.path_of(name)
    path.write_text(path.read_text().replace('"id": "a"', '"id": "b"'))
    assert notes.read().damaged == [name]
    path.write_text("")
    assert notes.read().damaged == [name]
    assert notes.set_aside(name).name == f"{name}.damaged"
    assert notes.read() == SortedNotes()


def _ask_and_fail(notes: Notes, monkeypatch: pytest.MonkeyPatch) -> None:
    with notes.asking("source", "use"):
        monkeypatch.setattr(os, "fsync", _full)
        raise MayExistError


def test_a_lease_that_is_known_is_ended_where_nothing_can_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = datetime.fromtimestamp(time.time(), UTC).isoformat()
    living = [{"id": one, "created_by": "me", "created_at": made, "revocable": True} for one in ("a", "b")]
    ends: list[str] = []

    def end(_client: Any, leases: Any) -> list[Ended]:
        ends.extend(str(one["id"]) for one in leases)
        return [Ended(one, REVOKED) for one in leases]

    monkeypatch.setattr(recovery, "KINDS", {"kind": replace(_kind(lambda *_: living), end=end)})
    notes = Notes(tmp_path, origin())
    notes.minted(notes.ask("source", "use"), "a", expiration=None, revocable=True)
    assert kept_by_others(tmp_path) == ["a"]
    with pytest.raises(MayExistError):
        _ask_and_fail(notes, monkeypatch)
    ready, fates = settled(None, entries_of([notes]), Others)
    assert [fate.how for fate in ended(None, ready)] == [REVOKED, REVOKED]
    assert (sorted(ends), fates) == (["a", "b"], [])
    # Nothing is left of it: neither a note nor half of one.
    assert list((tmp_path / "minted").iterdir()) == []


def test_the_folder_that_is_meant_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", _full)
    notes = Notes(tmp_path / "journal", origin(), in_journal_dir=True)
    (tmp_path / "journal").mkdir()
    with pytest.raises(StateError, match=rf"{tmp_path}/journal/minted: No space left .* option journal_dir"):
        notes.ask("source", "use")
    (tmp_path / "run").mkdir()
    notes = Notes.of_this_run(tmp_path / "run", origin(), str(tmp_path / "journals"), {})
    real = os.open

    def refused(path: Any, *given: Any, **more: Any) -> int:
        if ".journal" in str(path):
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return real(path, *given, **more)

    monkeypatch.undo()
    monkeypatch.setattr(os, "open", refused)
    said = rf"{tmp_path}/run/workload-credentials: Permission denied\. Its place is Ansible's setting local_tmp"
    with pytest.raises(StateError, match=said), notes.minting():
        pass
