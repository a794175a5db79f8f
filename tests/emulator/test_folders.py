# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Folders: the tree, its deletion and its return."""

from __future__ import annotations

import pytest

from .client import AWS, Api, assert_refused


@pytest.fixture
def tree(api: Api) -> Api:
    """``prod`` with a folder, a static and a dynamic secret in it, and a static one deeper."""
    api.folder("prod")
    api.folder("db", "prod")
    api.static("app", "prod", value="1")
    api.static("deep", "prod/db", value="1")
    api.dynamic("role", "prod")
    return api


def test_a_created_folder_is_shown_without_leading_slash(api: Api) -> None:
    api.folder("prod")
    created = api.folder("db", "/prod/")
    assert created["path"] == "prod/db"
    assert created["type"] == "folder"
    assert created["id"] == created["metadata"]["id"]
    assert created["createdAt"] == created["metadata"]["createdAt"]
    assert created["metadata"].keys() == {"id", "tags", "version", "createdAt"}
    assert api.get("/folders/db/metadata", folder="prod").keys() == {"id", "tags", "createdAt"}


def test_lists_show_one_level_or_all_by_path(api: Api) -> None:
    for name, folder in (("prod", ""), ("dev", ""), ("db", "prod"), ("app", "prod/db")):
        api.folder(name, folder)
    assert api.paths("/folders") == ["dev", "prod"]
    assert api.paths("/folders", recursive="true") == ["dev", "prod", "prod/db", "prod/db/app"]
    assert api.paths("/folders", path="prod") == ["prod/db"]
    assert api.paths("/folders", path="/prod/", recursive="true") == ["prod/db", "prod/db/app"]
    entry = api.get("/folders")["data"][0]
    assert entry.keys() == {"path", "type", "metadata"}
    assert entry["metadata"].keys() == {"id", "tags", "createdAt"}


def test_a_taken_path_is_409_and_says_by_what(api: Api) -> None:
    api.folder("prod")
    assert_refused(api.send("POST", "/folders/prod"), 409, "folder_already_exists")
    api.done("DELETE", "/folders/prod")
    assert_refused(api.send("POST", "/folders/prod"), 409, "deleted_folder_exists")


def test_nothing_is_created_in_a_missing_folder(api: Api) -> None:
    api.integration("aws")
    for kind, body in (("folders", None), ("static", {"secret": {}}), ("dynamic", AWS)):
        assert_refused(api.send("POST", f"/{kind}/x?folder=never", body), 404, "not_found")


def test_nothing_is_created_in_or_restored_into_a_deleted_folder(tree: Api) -> None:
    tree.done("DELETE", "/folders/prod?recursive=true")
    for kind, body in (("folders", None), ("static", {"secret": {}}), ("dynamic", AWS)):
        assert_refused(tree.send("POST", f"/{kind}/x?folder=prod", body), 409, "folder_deleted")
    for address in ("/folders/db/restore", "/static/app/restore", "/dynamic/role/restore"):
        assert_refused(tree.send("POST", f"{address}?folder=prod"), 409, "folder_deleted")


@pytest.mark.parametrize("permanent", ["false", "true"])
def test_a_folder_with_contents_needs_recursive(tree: Api, permanent: str) -> None:
    response = tree.send("DELETE", "/folders/prod", params={"permanent": permanent})
    assert_refused(response, 409, "folder_not_empty")
    assert tree.get("/static/app", folder="prod")
    tree.done("DELETE", "/folders/prod", params={"permanent": permanent, "recursive": "true"})
    assert_refused(tree.send("GET", "/folders/prod/metadata"), 404, "not_found")
    assert_refused(tree.send("GET", "/static/deep?folder=prod/db"), 404, "not_found")


@pytest.mark.parametrize(("name", "folder"), [("prod", ""), ("db", "prod")])
def test_one_thing_of_any_kind_makes_a_folder_not_empty(api: Api, name: str, folder: str) -> None:
    api.folder("prod")
    api.folder("db", "prod")
    api.folder("inner", "prod/db") if name == "prod" else api.dynamic("role", "prod/db")
    response = api.send("DELETE", f"/folders/{name}", params={"folder": folder})
    assert_refused(response, 409, "folder_not_empty")


def test_a_softly_deleted_folder_shows_its_contents_as_deleted(tree: Api) -> None:
    tree.done("DELETE", "/folders/prod?recursive=true")
    assert tree.paths("/folders", deletedOnly="true", recursive="true") == ["prod", "prod/db"]
    assert tree.paths("/static", path="prod", deletedOnly="true") == ["prod/app"]
    assert tree.paths("/dynamic", path="prod", deletedOnly="true") == ["prod/role"]
    assert_refused(tree.send("GET", "/static?path=prod"), 404, "not_found")
    assert_refused(tree.send("DELETE", "/folders/prod"), 404, "not_found")


def test_restoring_a_folder_restores_all_its_contents(tree: Api) -> None:
    tree.done("DELETE", "/folders/prod?recursive=true")
    restored = tree.done("POST", "/folders/prod/restore")
    assert restored["path"] == "prod"
    assert "deletedAt" not in restored["metadata"]
    assert tree.get("/static/deep", folder="prod/db")["secret"] == {"value": "1"}
    assert tree.get("/dynamic/role", folder="prod")
    assert tree.paths("/folders", recursive="true") == ["prod", "prod/db"]


def test_restoring_what_is_not_deleted_is_409_and_what_never_was_404(api: Api) -> None:
    api.folder("prod")
    assert_refused(api.send("POST", "/folders/prod/restore"), 409, "not_deleted")
    assert_refused(api.send("POST", "/folders/never/restore"), 404, "not_found")


def test_a_permanent_deletion_leaves_nothing(tree: Api) -> None:
    tree.done("DELETE", "/folders/prod?permanent=true&recursive=true")
    for kind in ("folders", "static", "dynamic"):
        assert tree.paths(f"/{kind}", recursive="true", deletedOnly="true") == []
    assert_refused(tree.send("POST", "/folders/prod/restore"), 404, "not_found")
    tree.folder("prod")
    assert tree.paths("/static", path="prod") == []


def test_deleted_contents_count_only_where_they_would_be_lost(api: Api) -> None:
    api.folder("prod")
    api.static("app", "prod")
    api.done("DELETE", "/static/app?folder=prod")
    assert_refused(api.send("DELETE", "/folders/prod?permanent=true"), 409, "folder_not_empty")
    api.done("DELETE", "/folders/prod")
    api.done("DELETE", "/folders/prod?permanent=true&recursive=true")
    assert api.paths("/static", recursive="true", deletedOnly="true") == []


def test_a_name_that_begins_alike_is_not_inside(api: Api) -> None:
    for folder in ("prod", "prod-2"):
        api.folder(folder)
    api.static("app", "prod-2")
    api.done("DELETE", "/folders/prod?permanent=true")
    assert api.get("/static/app", folder="prod-2")


@pytest.mark.parametrize("query", ["recursive=true", "recursive=true&permanent=true"])
def test_a_live_lease_keeps_the_whole_tree(tree: Api, query: str) -> None:
    tree.generate("role", "prod")
    assert_refused(tree.send("DELETE", f"/folders/prod?{query}"), 409, "dynamic_secret_in_use")
    assert tree.get("/static/app", folder="prod")
    assert tree.get("/folders/prod/metadata")
