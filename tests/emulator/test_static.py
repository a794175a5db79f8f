# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Static secrets: values, versions, soft deletion."""

from __future__ import annotations

from typing import Any

import pytest
from workload_credentials_emulator import Control, Emulator

from .client import SITE, TOKEN, Api, assert_refused


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"password": "p", "empty": "", "unicode": "ü💡", "multi": "a\nb"},
        {"number": 1, "float": 1.5, "yes": True, "nothing": None, "list": [1, {"a": None}], "nested": {"a": {}}},
        {"big": 2**70, "quotes": "\"'\\"},
    ],
)
def test_a_value_is_kept_as_it_is(api: Api, value: Any) -> None:
    created = api.done("POST", "/static/app", {"secret": value})
    assert created["path"] == "app"
    assert created["secret"] == api.get("/static/app")["secret"] == value
    assert created["metadata"] == api.get("/static/app/metadata")


def test_every_patch_makes_a_version(api: Api) -> None:
    api.static("app", value="1")
    for patch in ({"secret": {"value": "2"}}, {"secret": {}}, {}, {"secret": {"missing": None}}):
        assert api.done("PATCH", "/static/app", patch) is None
    found = api.get("/static/app", versions="true")
    assert found["secret"] == {"value": "2"}
    assert found["metadata"]["version"] == 5
    assert [one["version"] for one in found["versions"]] == [5, 4, 3, 2, 1]


def test_history_is_only_shown_on_request(api: Api) -> None:
    api.static("app")
    assert "versions" not in api.get("/static/app")
    assert "versions" not in api.get("/static/app", versions="false")
    assert "versions" not in api.get("/static")["data"][0]
    assert len(api.get("/static", versions="true")["data"][0]["versions"]) == 1


def test_an_earlier_version_can_be_read(api: Api) -> None:
    api.static("app", value="1")
    api.done("PATCH", "/static/app", {"secret": {"value": "2"}})
    first = api.get("/static/app", version=1)
    assert (first["secret"], first["metadata"]["version"]) == ({"value": "1"}, 1)
    assert api.get("/static/app", version=2)["secret"] == {"value": "2"}
    assert_refused(api.send("GET", "/static/app?version=3"), 404, "not_found")


def test_created_at_is_the_item_s_and_each_version_has_its_own(api: Api, control: Control) -> None:
    created = api.static("app", value="1")["metadata"]["createdAt"]
    control.advance(60)
    api.done("PATCH", "/static/app", {"secret": {"value": "2"}})
    found = api.get("/static/app", versions="true")
    assert found["metadata"]["createdAt"] == api.get("/static/app/metadata")["createdAt"] == created
    newest, oldest = found["versions"]
    assert oldest["createdAt"] == created
    assert newest["createdAt"] > created


def test_lists_hold_no_values(api: Api) -> None:
    api.static("app", password="value-canary")
    listed = api.get("/static")["data"]
    assert [entry.keys() for entry in listed] == [{"path", "type", "metadata"}]
    assert listed[0]["type"] == "static"
    assert "canary" not in str(listed)


def test_lists_show_one_folder_or_all_below_by_path(api: Api) -> None:
    api.folder("prod")
    api.folder("db", "prod")
    for name, folder in (("b", ""), ("a", ""), ("a", "prod/db"), ("z", "prod"), ("prod-like", "")):
        api.static(name, folder)
    assert api.paths("/static") == ["a", "b", "prod-like"]
    assert api.paths("/static", recursive="true") == ["a", "b", "prod-like", "prod/db/a", "prod/z"]
    assert api.paths("/static", path="prod") == ["prod/z"]
    assert api.paths("/static", path="prod", recursive="true") == ["prod/db/a", "prod/z"]


def test_paths_have_a_leading_slash_where_that_is_asked_for(emulator: Emulator) -> None:
    with Emulator([SITE], [TOKEN], leading_slash=True) as slashed:
        for running, path in ((emulator, "prod/app"), (slashed, "/prod/app")):
            api = Api(running)
            folder = api.folder("prod")
            shown = [api.static("app", "prod"), api.get("/static/app", folder="prod"), folder]
            api.done("DELETE", "/static/app?folder=prod")
            assert api.paths("/static", path="prod", deletedOnly="true") == [path]
            shown.append(api.done("POST", "/static/app/restore?folder=prod"))
            assert [one["path"] for one in shown] == [path, path, "prod", path]
            assert api.paths("/static", path="prod", recursive="true") == [path]


def test_an_empty_folder_lists_nothing_and_a_missing_one_is_404(api: Api) -> None:
    api.folder("prod")
    for kind in ("static", "folders", "dynamic"):
        assert api.get(f"/{kind}", path="prod") == {"data": []}
        assert_refused(api.send("GET", f"/{kind}?path=missing"), 404, "not_found")


def test_a_softly_deleted_secret_is_only_in_the_list_of_deleted_ones(api: Api) -> None:
    api.static("app", value="1")
    api.done("DELETE", "/static/app")
    for address in ("/static/app", "/static/app/metadata"):
        assert_refused(api.send("GET", address), 404, "not_found")
    assert_refused(api.send("PATCH", "/static/app", {"secret": {}}), 404, "not_found")
    assert_refused(api.send("DELETE", "/static/app"), 404, "not_found")
    assert api.paths("/static") == []
    (deleted,) = api.get("/static", deletedOnly="true")["data"]
    assert deleted["path"] == "app"
    assert deleted["metadata"]["deletedAt"] >= deleted["metadata"]["createdAt"]


def test_a_restored_secret_is_as_it_was(api: Api) -> None:
    api.static("app", value="1")
    api.done("PATCH", "/static/app", {"secret": {"value": "2"}})
    api.done("PUT", "/static/app/metadata/tags", {"env": "prod"})
    before = api.get("/static/app", versions="true")
    api.done("DELETE", "/static/app")
    restored = api.done("POST", "/static/app/restore")
    assert restored == api.get("/static/app")
    assert "deletedAt" not in restored["metadata"]
    assert api.get("/static/app", versions="true") == before


def test_restoring_what_is_not_deleted_is_409_and_what_never_was_404(api: Api) -> None:
    api.static("app")
    assert_refused(api.send("POST", "/static/app/restore"), 409, "not_deleted")
    assert_refused(api.send("POST", "/static/never/restore"), 404, "not_found")


@pytest.mark.parametrize("softly_first", [False, True])
def test_a_permanent_deletion_leaves_nothing(api: Api, softly_first: bool) -> None:
    first = api.static("app", value="1")
    if softly_first:
        api.done("DELETE", "/static/app")
    api.done("DELETE", "/static/app?permanent=true")
    assert api.paths("/static", deletedOnly="true") == []
    assert_refused(api.send("DELETE", "/static/app?permanent=true"), 404, "not_found")
    assert_refused(api.send("POST", "/static/app/restore"), 404, "not_found")
    second = api.static("app")
    assert second["metadata"]["version"] == 1
    assert second["metadata"]["id"] != first["metadata"]["id"]


def test_a_taken_path_is_409_and_says_by_what(api: Api) -> None:
    api.static("app")
    assert_refused(api.send("POST", "/static/app", {"secret": {}}), 409, "secret_already_exists")
    api.done("DELETE", "/static/app")
    assert_refused(api.send("POST", "/static/app", {"secret": {}}), 409, "deleted_secret_exists")


def test_static_dynamic_and_folder_at_one_path_are_separate(api: Api) -> None:
    api.static("app")
    api.dynamic("app")
    api.folder("app")
    api.done("DELETE", "/static/app?permanent=true")
    assert api.paths("/dynamic") == api.paths("/folders") == ["app"]
