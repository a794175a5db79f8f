# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When a file is kept and when it is written, from its note and its metadata alone."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from ansible_collections.community.workload_credentials.plugins.module_utils._credentials.lease import Lease
from ansible_collections.community.workload_credentials.plugins.plugin_utils._hosts.decisions import (
    KEEP,
    REFUSE,
    WRITE,
    Decision,
    Wanted,
    decided,
    found_of,
)
from ansible_collections.community.workload_credentials.plugins.plugin_utils._hosts.notes import (
    HostNote,
    Signature,
    note_of,
)
from hypothesis import given
from hypothesis import strategies as st

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
SITE = "a1b2c3d4-e5f6-4890-abcd-ef1234567890"
LEASE = Lease("11111111-1111-4111-8111-111111111111", "prod/aws", NOW, NOW + HOUR, site=SITE)
OLD = Lease("22222222-2222-4222-8222-222222222222", "prod/aws", NOW - HOUR, NOW + HOUR / 2)
WANTED = Wanted("web1", "/etc/web/aws.env", ("dynamic_secret", "prod/aws"), "d1", "env_file", True, SITE)
NOTE = HostNote(
    "web1",
    "/etc/web/aws.env",
    ("dynamic_secret", "prod/aws"),
    "d1",
    "env_file",
    ["A"],
    LEASE,
    file=Signature(10, 1000),
)
FILE = {"kind": "file", "size": 10, "mtime_ns": 1000, "is_marked": False}


def facts(note: HostNote | str | None = NOTE, **more: Any) -> dict[str, Any]:
    text = json.dumps(note.as_json()) if isinstance(note, HostNote) else note
    return {"path": "/etc/web/aws.env", "file": FILE, "note": text, "note_problem": "", **more}


def decision(
    found: dict[str, Any], wanted: Wanted = WANTED, now: datetime = NOW, gone: tuple[str, ...] = ()
) -> Decision:
    return decided(wanted, found_of(found, "web1"), now, gone)


def test_a_fresh_lease_is_kept_and_the_reason_says_how_long() -> None:
    assert decision(facts(), now=NOW + timedelta(minutes=13)) == Decision(KEEP, "47 minutes left")


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (facts(file=None), "file missing"),
        (facts(note=None, file=None), "file missing"),
        (facts(file={**FILE, "size": 11}), "file changed by somebody else"),
        (facts(file={**FILE, "mtime_ns": 1001}), "file changed by somebody else"),
        (facts(note="{}"), "its note cannot be read"),
        (facts(note='{"managed_by": "someone"}'), "its note cannot be read"),
        (facts(note=None, note_problem="Permission denied"), "its note cannot be read"),
        (facts(note=None, file={**FILE, "is_marked": True}), "its note is lost"),
        (facts(note=replace(NOTE, host="web2")), "its note is that of /etc/web/aws.env on web2"),
        (facts(note=replace(NOTE, path="/etc/x")), "its note is that of /etc/x on web1"),
        (facts(note=replace(NOTE, source=("dynamic_secret", "prod/other"))), "other source"),
        (facts(note=replace(NOTE, format="json")), "other format"),
        (facts(note=replace(NOTE, definition="d2")), "other definition"),
        (facts(note=replace(NOTE, lease=replace(LEASE, site="another"))), "other site"),
        (facts(note=replace(NOTE, lease=replace(LEASE, expiration=None))), "the expiration of its lease is not known"),
        (
            facts(note=replace(NOTE, file=Signature(12, 2000), former=Signature(10, 1000))),
            "an earlier run was interrupted before the file was in its place",
        ),
    ],
)
def test_what_is_not_as_it_was_left_gets_a_new_lease_with_the_reason(found: dict[str, Any], reason: str) -> None:
    made = decision(found)
    assert (made.action, made.reason) == (WRITE, reason)


def test_a_lease_in_its_last_quarter_is_due_and_so_is_one_that_ended() -> None:
    assert decision(facts(), now=NOW + HOUR * 0.74).action == KEEP
    due = decision(facts(), now=NOW + HOUR * 0.75)
    assert (due.action, due.reason) == (WRITE, "lease due: 15 minutes left")
    assert decision(facts(), now=NOW + HOUR).reason == "lease expired"
    assert decision(facts(), gone=(LEASE.id,)).reason == "its lease ended early"


def test_a_renewal_may_be_asked_for_or_forbidden() -> None:
    assert decision(facts(), replace(WANTED, renew="always")).reason == "renew=always"
    never = replace(WANTED, renew="never")
    kept = decision(facts(), never, now=NOW + HOUR)
    assert (kept.action, kept.reason) == (KEEP, "renew=never, though: lease expired")
    assert decision(facts(file=None), never).action == WRITE


@pytest.mark.parametrize(
    "found",
    [
        facts(note=None),
        facts(note=None, file={**FILE, "kind": "other"}),
        facts(file={**FILE, "kind": "other"}),
    ],
)
def test_what_is_not_ours_is_left_alone_unless_forced(found: dict[str, Any]) -> None:
    made = decision(found)
    assert made.action == REFUSE
    assert "force=true" in made.reason
    assert decision(found, replace(WANTED, force=True)).action == WRITE


def test_a_folder_is_refused_even_if_forced() -> None:
    found = facts(note=None, file={**FILE, "kind": "folder"})
    assert decision(found, replace(WANTED, force=True)).action == REFUSE


def test_all_leases_that_the_note_names_are_superseded_and_those_of_a_copied_machine_are_not() -> None:
    note = replace(NOTE, superseded=(OLD,))
    assert decision(facts(note=note, file=None)).superseded == (LEASE, OLD)
    assert decision(facts(note=replace(note, host="web2"))).superseded == ()


def test_a_source_without_leases_is_read_each_time() -> None:
    wanted = replace(WANTED, has_leases=False)
    assert decision(facts(note=replace(NOTE, lease=None)), wanted).action == KEEP


@given(st.text())
def test_any_text_is_a_note_or_none(text: str) -> None:
    assert note_of(text) is None or text.lstrip().startswith("{")


@given(
    st.recursive(
        st.none() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
    )
)
def test_any_value_in_a_field_is_a_note_or_none(value: Any) -> None:
    for field in NOTE.as_json():
        found = note_of(json.dumps({**NOTE.as_json(), field: value}))
        assert found is None or isinstance(found, HostNote)


def test_a_note_is_read_as_it_was_written() -> None:
    note = replace(NOTE, superseded=(replace(OLD, revocable=False, kind="service_account", site="https://c"),))
    assert note_of(json.dumps(note.as_json())) == note
