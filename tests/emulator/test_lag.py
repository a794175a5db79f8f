# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads that lag behind writes, and leases that are not known yet."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from workload_credentials_emulator import Control, past

from .client import Api, assert_refused
from .conftest import Time

pytestmark = pytest.mark.smoke

LAG = 5.0


def _static(api: Api) -> Any:
    response = api.send("GET", "/static/app")
    return response.json()["secret"] if response.ok else response.status_code


@pytest.mark.parametrize("kind", ["folders", "static", "dynamic"])
def test_what_was_made_is_missing_until_readers_have_caught_up(
    api: Api, control: Control, time: Time, kind: str
) -> None:
    api.integration("aws")
    control.behave(read_lag=LAG)
    make: Callable[[], Any] = {
        "folders": lambda: api.folder("app"),
        "static": lambda: api.static("app", value="1"),
        "dynamic": lambda: api.dynamic("app"),
    }[kind]
    make()
    time.now += LAG - 0.01
    for address in [f"/{kind}/app/metadata", *([] if kind == "folders" else [f"/{kind}/app"])]:
        assert_refused(api.send("GET", address), 404, "not_found")
        control.behave(missing_is_forbidden=True)
        assert_refused(api.send("GET", address), 403, "forbidden")
        control.behave(missing_is_forbidden=False)
    assert api.paths(f"/{kind}") == ["app"]
    time.now += 0.01
    assert api.get(f"/{kind}/app/metadata")


def test_a_version_that_is_new_is_missing_too(api: Api, control: Control, time: Time) -> None:
    api.static("app", value="1")
    control.behave(read_lag=LAG)
    api.done("PATCH", "/static/app", {"secret": {"value": "2"}})
    assert_refused(api.send("GET", "/static/app?version=2"), 404, "not_found")
    time.now += LAG
    assert api.get("/static/app", version=2)["secret"] == {"value": "2"}


def test_each_write_is_seen_in_its_turn(api: Api, control: Control, time: Time) -> None:
    api.static("app", value="1")
    control.behave(read_lag=LAG)
    seen = []
    for value in ("2", "3"):
        time.now += 1
        api.done("PATCH", "/static/app", {"secret": {"value": value}})
    for _second in range(7):
        seen.append(_static(api)["value"])
        time.now += 1
    assert seen == ["1", "1", "1", "1", "2", "3", "3"]


def test_deletion_and_restoring_are_seen_late(api: Api, control: Control, time: Time) -> None:
    api.static("app", value="1")
    control.behave(read_lag=LAG)
    api.done("DELETE", "/static/app")
    assert _static(api) == {"value": "1"}
    time.now += LAG
    assert _static(api) == 404
    api.done("POST", "/static/app/restore")
    assert _static(api) == 404
    time.now += LAG
    assert _static(api) == {"value": "1"}
    api.done("DELETE", "/static/app?permanent=true")
    assert _static(api) == {"value": "1"}
    time.now += LAG
    assert _static(api) == 404


def test_what_a_folder_takes_with_it_is_seen_late(api: Api, control: Control, time: Time) -> None:
    api.folder("prod")
    api.static("app", "prod")
    control.behave(read_lag=LAG)
    api.done("DELETE", "/folders/prod?recursive=true")
    assert api.get("/folders/prod/metadata").keys() == {"id", "tags", "createdAt"}
    assert api.get("/static/app", folder="prod")
    time.now += LAG
    assert_refused(api.send("GET", "/static/app?folder=prod"), 404, "not_found")
    api.done("POST", "/folders/prod/restore")
    assert_refused(api.send("GET", "/static/app?folder=prod"), 404, "not_found")
    time.now += LAG
    assert api.get("/static/app", folder="prod")


@pytest.mark.parametrize(
    ("method", "body", "tags"),
    [("PUT", {"b": "2"}, {"b": "2"}), ("PATCH", {"b": "2"}, {"a": "1", "b": "2"}), ("DELETE", None, {})],
)
def test_tags_are_seen_late(
    api: Api, control: Control, time: Time, method: str, body: Any, tags: dict[str, str]
) -> None:
    api.static("app")
    api.done("PUT", "/static/app/metadata/tags", {"a": "1"})
    control.behave(read_lag=LAG)
    api.done(method, "/static/app/metadata/tags", body)
    assert api.get("/static/app/metadata")["tags"] == {"a": "1"}
    time.now += LAG
    assert api.get("/static/app/metadata")["tags"] == tags


def test_a_definition_is_seen_late(api: Api, control: Control, time: Time) -> None:
    api.dynamic("app")
    control.behave(read_lag=LAG)
    api.done("PATCH", "/dynamic/app", {"type": "aws", "ttl": 1800})
    assert api.get("/dynamic/app")["config"]["ttl"] == 900
    time.now += LAG
    assert api.get("/dynamic/app")["config"]["ttl"] == 1800


def test_an_integration_is_seen_late(api: Api, control: Control, time: Time) -> None:
    control.behave(read_lag=LAG)
    api.integration("azure")
    assert_refused(api.send("GET", "/integrations/azure/my-azure"), 404, "not_found")
    time.now += LAG
    client_id = "33333333-3333-3333-3333-333333333333"
    before = api.get("/integrations/azure/my-azure")["config"]
    api.done("PATCH", "/integrations/azure/my-azure", {"clientId": client_id})
    assert api.get("/integrations/azure/my-azure")["config"] == before
    time.now += LAG
    assert api.get("/integrations/azure/my-azure")["config"]["clientId"] == client_id
    api.done("DELETE", "/integrations/azure/my-azure")
    assert api.get("/integrations/azure/my-azure")


def test_writes_act_on_what_is_there(api: Api, control: Control, time: Time) -> None:
    control.behave(read_lag=LAG)
    api.folder("prod")
    api.static("app", "prod", value="1")
    assert_refused(api.send("POST", "/static/app?folder=prod", {"secret": {}}), 409, "secret_already_exists")
    api.done("PATCH", "/static/app?folder=prod", {"secret": {"other": "2"}})
    api.dynamic("app", "prod")
    assert api.generate("app", "prod")["leaseId"]
    api.done("DELETE", "/static/app?folder=prod")
    assert_refused(api.send("DELETE", "/static/app?folder=prod"), 404, "not_found")
    time.now += LAG
    api.done("POST", "/static/app/restore?folder=prod")
    time.now += LAG
    assert api.get("/static/app", folder="prod")["secret"] == {"value": "1", "other": "2"}


@pytest.mark.parametrize("lag", [False, True])
def test_lists_lag_where_they_are_to(api: Api, control: Control, time: Time, lag: bool) -> None:
    for name in ("kept", "gone"):
        api.static(name)
    control.behave(read_lag=LAG, lists_lag=lag)
    api.folder("prod")
    api.static("app")
    api.integration("aws")
    api.done("DELETE", "/static/gone")
    now = {"static": ["app", "kept"], "folders": ["prod"], "integrations": ["my-aws"], "prod": 200}
    before = {"static": ["gone", "kept"], "folders": [], "integrations": [], "prod": 404}
    assert _lists(api) == (before if lag else now)
    time.now += LAG
    assert _lists(api) == now


def _lists(api: Api) -> dict[str, Any]:
    return {
        "static": api.paths("/static"),
        "folders": api.paths("/folders"),
        "integrations": [one["name"] for one in api.get("/integrations")["data"]],
        "prod": api.send("GET", "/static?path=prod").status_code,
    }


def test_a_lease_is_unknown_at_first_and_lives(api: Api, control: Control, time: Time) -> None:
    api.dynamic("app", type="azure")
    control.behave(lease_lag=LAG)
    lease = api.generate("app")["leaseId"]
    for method in ("GET", "DELETE"):
        assert_refused(api.send(method, f"/leases/id/{lease}"), 404, "lease_not_found")
    assert api.get("/leases/app") == {"data": []}
    assert control.leases()["active"] == 1
    assert_refused(api.send("DELETE", "/dynamic/app"), 409, "dynamic_secret_in_use")
    time.now += LAG
    assert [one["id"] for one in api.get("/leases/app")["data"]] == [lease]
    api.done("DELETE", f"/leases/id/{lease}")
    assert control.leases()["revoked"] == 1


def test_nothing_is_kept_for_longer_than_readers_are_behind(time: Time) -> None:
    kept: past.Past[str, str] = past.Past(lambda: LAG)
    for number in range(100):
        kept.keep(f"item {number}", None)
        time.now += LAG / 4
    assert len(list(kept.keys())) <= 5
