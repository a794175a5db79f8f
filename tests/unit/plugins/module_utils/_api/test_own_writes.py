# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run knows of its latest writes: when a read shows them, who is told, and what lies on disk."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.community.workload_credentials.plugins.module_utils._api.own_writes import (
    WINDOW,
    OwnWrites,
    Written,
    left_by,
    pauses,
)
from hypothesis import given
from hypothesis import strategies as st

VALUES = st.dictionaries(st.text(max_size=3), st.none() | st.integers() | st.text(max_size=4), max_size=4)


def writes(folder: str | None = None) -> OwnWrites:
    return OwnWrites("https://api.example.com/site/x", lambda: "token", folder)


@given(VALUES, VALUES)
def test_a_read_shows_a_change_when_it_has_what_was_left_and_nothing_that_went(
    before: dict[str, Any], after: dict[str, Any]
) -> None:
    before, after = ({key: value for key, value in one.items() if value is not None} for one in (before, after))
    own = writes()
    own.note(Written("static", "prod/app", content=left_by(before, after)))
    trace = own.of("static", "prod/app")
    assert trace is not None
    assert own.shows(trace, {"secret": after})
    assert own.shows(trace, {"secret": before}) is (before == after)
    assert own.shows(trace, {"tags": {}})
    assert not own.shows(trace, None)


def test_what_went_with_its_folder_is_gone_until_it_is_made_again() -> None:
    own = writes()
    own.note(Written("static", "prod/db/app"))
    own.note(Written("folders", "prod", gone=True))
    trace = own.of("static", "prod/db/app")
    assert trace is not None
    assert trace.gone
    own.note(Written("static", "prod/db/app"))
    trace = own.of("static", "prod/db/app")
    assert trace is not None
    assert not trace.gone


def test_tags_count_where_both_are_known() -> None:
    own = writes()
    own.note(Written("folders", "prod", tags={"env": "x"}))
    trace = own.of("folders", "prod")
    assert trace is not None
    assert own.shows(trace, {"tags": {"env": "x"}})
    assert not own.shows(trace, {"tags": {}})
    assert not own.shows(trace, {"metadata": {"tags": {}}})
    assert own.shows(trace, {"metadata": {}})


LEASE = "00000000-0000-4000-8000-000000000001"


@pytest.mark.parametrize("is_told", [True, False])
def test_another_process_knows_by_the_folder_or_by_being_told(tmp_path: Path, is_told: bool) -> None:
    folder = str(tmp_path / "writes")
    one = writes(folder)
    one.note(Written("static", "prod/app", content={"password": "canary"}))
    one.note_lease("prod/aws", LEASE)
    content = b"".join(path.read_bytes() for path in (tmp_path / "writes").iterdir())
    assert not any(word in content for word in (b"canary", b"prod", LEASE.encode()))
    other = writes(None if is_told else folder)
    if is_told:
        other.take(one.taken())
    trace = other.of("static", "prod/app")
    assert trace is not None
    assert other.shows(trace, {"secret": {"password": "canary"}})
    assert list(other.recent_leases("prod/aws")) == [one.name_of_lease(LEASE)]
    assert other.recent_leases("prod/azure") == {}
    other.note(Written("leases", LEASE, gone=True))
    assert other.recent_leases("prod/aws") == {}


@pytest.mark.parametrize("text", [None, "", "no JSON", "[]", '{"a": 1}', '{"a": {"at": "x"}}', '{"a": {"other": 1}}'])
def test_what_cannot_be_read_is_nothing(text: str | None) -> None:
    own = writes()
    own.take(text)
    assert own.taken() == ""


def test_a_folder_that_cannot_be_written_to_keeps_nobody_from_writing_to_the_service(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    own = writes(str(tmp_path / "file" / "writes"))
    own.note(Written("static", "prod/app"))
    assert own.of("static", "prod/app") is not None


def test_pauses_end_with_the_window(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    monkeypatch.setattr(time, "time", lambda: now[0])
    waited = []
    for pause in pauses(now[0]):
        waited.append(pause)
        now[0] += pause
    assert sum(waited) == pytest.approx(WINDOW)
    assert waited[0] < 0.04
    assert list(pauses(now[0] - WINDOW)) == []
    # A clock that was set back holds nobody up.
    assert sum(pauses(now[0] + 3600)) > 0
