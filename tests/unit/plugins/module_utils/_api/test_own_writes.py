# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run tells its processes of its latest writes."""

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

# What Linux takes in one variable of an environment.
LONGEST_VARIABLE = 128 * 1024
VALUES = st.dictionaries(st.text(max_size=3), st.none() | st.integers() | st.text(max_size=4), max_size=4)
SECRET = {"password": "canary-value", "gone": None}


def writes(folder: Path | None = None, token: str = "token") -> OwnWrites:
    return OwnWrites("https://example.com/site/1", lambda: token, None if folder is None else str(folder))


def test_another_process_knows_what_was_written(tmp_path: Path) -> None:
    own, other = writes(tmp_path), writes()
    own.note(Written("static", "prod/app", content=SECRET, tags={"a": "1"}))
    own.note(Written("folders", "old", gone=True, deleted=True))
    own.note_lease("prod/aws", "lease", "2026-05-10T21:00:00Z")
    other.take(own.taken())
    trace = other.of("static", "prod/app")
    assert trace is not None
    assert trace.is_recent
    assert other.shows(trace, {"secret": {"password": "canary-value"}, "metadata": {"tags": {"a": "1"}}})
    assert not other.shows(trace, {"secret": {"password": "other"}})
    assert not other.shows(trace, {"secret": {"password": "canary-value", "gone": "not"}})
    assert not other.shows(trace, None)
    assert list(other.listed_in("static", "prod", recursive=False)) == [other.name_of("static", "prod/app")]
    assert len(other.listed_in("static", "", recursive=True)) == 1
    below, folder = other.of("static", "old/app"), other.left_at("folders", "old")
    assert (below is not None and below.gone, folder is not None and folder.deleted) == (True, True)
    assert [one.expiration for one in other.recent_leases("prod/aws").values()] == ["2026-05-10T21:00:00Z"]


def test_many_writes_fit_in_a_variable_and_the_latest_are_told(tmp_path: Path) -> None:
    own, other = writes(tmp_path), writes()
    for number in range(1000):
        own.note(Written("static", f"a/b/c/{number}", content={f"key {key}": "v" for key in range(5)}))
    text = own.taken()
    assert len(text) < LONGEST_VARIABLE
    other.take(text)
    assert other.of("static", "a/b/c/999") is not None


def test_neither_values_nor_ids_are_on_disk_or_handed_over(tmp_path: Path) -> None:
    own = writes(tmp_path)
    own.note(Written("static", "prod/app", content=SECRET))
    own.note_lease("prod/aws", "lease-canary", None)
    kept = "".join(path.read_text(encoding="utf-8") for path in tmp_path.iterdir())
    for text in (kept, own.taken(), own.made(), "".join(path.name for path in tmp_path.iterdir())):
        assert "canary" not in text


def test_a_folder_that_was_made_again_holds_nothing_of_before_and_a_restored_one_does() -> None:
    for restored in (False, True):
        own = writes()
        own.note(Written("static", "a/app", content=SECRET))
        own.note(Written("folders", "a", gone=True))
        own.note(Written("folders", "a", restored=restored))
        trace = own.of("static", "a/app")
        assert trace is not None
        assert trace.gone is not restored


def test_what_another_token_has_written_is_not_compared() -> None:
    own, other = writes(), writes(token="other")
    own.note(Written("static", "prod/app", content=SECRET, version=3))
    other.take(own.taken())
    trace = other.of("static", "prod/app")
    assert trace is not None
    assert other.shows(trace, {"secret": {}})
    assert not other.shows(trace, None)
    # The version is no secret.
    assert other.shows(trace, {"secret": {}, "metadata": {"version": 3}})
    assert not other.shows(trace, {"secret": {}, "metadata": {"version": 2}})


def test_what_cannot_be_read_is_nothing() -> None:
    own = writes()
    for text in ("", "nonsense", "[]", '{"a": 1}', '{"a": {"at": "x"}}', '{"a": {"unknown": 1}}', None):
        own.take(text)
    assert own.taken() == ""


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


def test_tags_count_where_both_are_known() -> None:
    own = writes()
    own.note(Written("folders", "prod", tags={"env": "x"}))
    trace = own.of("folders", "prod")
    assert trace is not None
    assert own.shows(trace, {"tags": {"env": "x"}})
    assert not own.shows(trace, {"tags": {}})
    assert not own.shows(trace, {"metadata": {"tags": {}}})
    assert own.shows(trace, {"metadata": {}})


def test_a_folder_that_cannot_be_written_to_keeps_nobody_from_writing_to_the_service(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    own = writes(tmp_path / "file" / "writes")
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
