# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The control surface: journal, clock, reset."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta

import pytest
from workload_credentials_emulator import Control, Emulator
from workload_credentials_emulator.clock import written

from .client import AWS, MERGE_PATCH, OTHER_SITE, OTHER_TOKEN, SITE, TOKEN, Api, assert_refused, new_session


def test_the_journal_tells_what_was_asked_and_answered(api: Api, control: Control) -> None:
    api.folder("prod")
    api.send("GET", "/static/my%20app?folder=prod&folder=dev", headers={"User-Agent": "tests"})
    first, second = control.journal()
    assert second["seq"] == first["seq"] + 1
    assert (first["method"], first["path"]) == ("POST", f"/site/{SITE}/secrets/folders/prod")
    assert (first["status"], first["fault"]) == (201, None)
    assert second["path"] == f"/site/{SITE}/secrets/static/my%20app"
    assert second["query"] == {"folder": ["prod", "dev"]}
    assert second["headers"]["user-agent"] == "tests"
    assert second["headers"]["bt-secrets-api-version"] == "2026-04-28"
    assert second["status"] == 400
    assert first["connection"] == second["connection"]


def test_the_journal_knows_tokens_by_their_digest_only(api: Api, control: Control) -> None:
    api.get("/session")
    (entry,) = control.journal()
    assert entry["token_id"] == hashlib.sha256(TOKEN.encode()).hexdigest()[:8]
    assert "authorization" not in entry["headers"]
    assert TOKEN not in str(entry)


def test_the_journal_shows_bodies_that_hold_no_values(api: Api, control: Control) -> None:
    api.dynamic("app")
    api.done("PATCH", "/dynamic/app/metadata/tags", {"env": None})
    definition, tags = control.journal()[-2:]
    assert definition["body"] == AWS
    assert (tags["body"], tags["body_keys"], tags["headers"]["content-type"]) == ({"env": None}, ["env"], MERGE_PATCH)


@pytest.mark.parametrize(
    ("method", "path", "body", "names"),
    [
        ("POST", "/static/app", {"secret": {"a": {"b": "canary"}}}, ["secret", "secret.a", "secret.a.b"]),
        ("POST", "/static/tags", {"secret": {"password": "canary"}}, ["secret", "secret.password"]),
        ("PATCH", "/static/app", {"secret": {"password": "canary"}}, ["secret", "secret.password"]),
        ("POST", "/integrations/azure/tags", {"clientSecret": "canary"}, ["clientSecret"]),
        ("POST", "/dynamic/app", {"clientSecret": "canary"}, ["clientSecret"]),
        ("PUT", "/static/app/metadata/tags", {"secret": "canary"}, ["secret"]),
        ("POST", "/static/app", "canary", []),
        ("POST", "/static/app", '{"secret": canary', []),
    ],
)
def test_the_journal_only_names_what_may_be_secret(
    api: Api, control: Control, method: str, path: str, body: object, names: list[str]
) -> None:
    api.send(method, path, body)
    (entry,) = control.journal()
    assert entry["body_keys"] == names
    assert "canary" not in str(entry)


def test_the_journal_holds_refused_requests_and_not_its_own(api: Api, control: Control) -> None:
    api.send("GET", "/session", headers={"Authorization": None})
    control.leases()
    control.journal()
    assert [(entry["status"], entry["token_id"]) for entry in control.journal()] == [(401, None)]


def test_the_journal_can_be_cleared_and_read_by_site(emulator: Emulator, api: Api, control: Control) -> None:
    api.get("/session")
    control.clear_journal()
    Api(emulator, site=OTHER_SITE, token=OTHER_TOKEN).get("/session")
    assert len(control.journal()) == len(control.journal(OTHER_SITE)) == 1
    assert control.journal(SITE) == []


def test_leases_can_be_counted_by_site(emulator: Emulator, api: Api, control: Control) -> None:
    api.dynamic("app")
    api.generate("app")
    assert (control.leases(SITE)["minted"], control.leases(OTHER_SITE)["minted"]) == (1, 0)


def test_connections_can_be_counted(emulator: Emulator, control: Control) -> None:
    for _turn in range(2):
        client = Api(emulator)
        for _turn in range(3):
            client.get("/session")
    assert len({entry["connection"] for entry in control.journal()}) == 2


def test_the_clock_can_be_moved_set_and_reset(control: Control) -> None:
    before = datetime.fromisoformat(control.now())
    assert datetime.fromisoformat(control.advance(3600)) - before >= timedelta(hours=1)
    moment = datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert datetime.fromisoformat(control.set_clock(moment)) >= moment
    assert datetime.fromisoformat(control.now()) - moment < timedelta(hours=1)
    assert datetime.fromisoformat(control.reset_clock()) - before < timedelta(hours=1)


@pytest.mark.parametrize(
    "body", [{}, {"advance": 1, "reset": True}, {"now": "2030-01-01T00:00:00"}, {"now": "soon"}, {"speed": 2}]
)
def test_the_clock_moves_in_one_way_at_a_time(emulator: Emulator, body: object) -> None:
    response = new_session(emulator).post(f"{emulator.url}/_control/clock", json=body, timeout=20)
    assert_refused(response, 400, "invalid_request")


@pytest.mark.parametrize(
    ("microsecond", "text"),
    [
        (0, "2025-09-12T14:00:00-06:00"),
        (120000, "2025-09-12T14:00:00.12-06:00"),
        (1, "2025-09-12T14:00:00.000001-06:00"),
    ],
)
def test_times_are_written_as_in_the_document(microsecond: int, text: str) -> None:
    assert written(datetime(2025, 9, 12, 20, 0, 0, microsecond, tzinfo=UTC)) == text


def test_a_reset_empties_everything_but_sites_and_tokens(emulator: Emulator, api: Api, control: Control) -> None:
    control.add_token("kept-token")
    api.folder("prod")
    api.static("app")
    api.dynamic("app")
    api.generate("app")
    control.inject("status", times=9)
    control.fail_provider("generate", times=9)
    control.advance(10**6)
    control.reset()
    assert control.journal() == []
    assert control.leases() == {"minted": 0, "active": 0, "revoked": 0, "expired": 0, "by_path": {}, "leases": []}
    client = Api(emulator, token="kept-token")
    for kind in ("folders", "static", "dynamic", "integrations"):
        assert client.get(f"/{kind}") == {"data": []}
    assert datetime.fromisoformat(control.now()) - datetime.now(UTC) < timedelta(hours=1)


def test_the_control_surface_refuses_in_the_api_s_form(emulator: Emulator) -> None:
    session = new_session(emulator)
    assert_refused(session.get(f"{emulator.url}/_control/nothing", timeout=20), 404, "not_found")
    assert_refused(session.post(f"{emulator.url}/_control/faults", json={}, timeout=20), 400, "invalid_request")
