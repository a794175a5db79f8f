# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tags, alike on folders, static and dynamic secrets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from .client import Api, assert_refused

FIFTY = {f"key-{number}": "x" for number in range(50)}


class Tagged:
    """The tags of one resource."""

    def __init__(self, api: Api, kind: str) -> None:
        self.api = api
        self.address = f"/{kind}/app/metadata"

    def put(self, tags: Any) -> Any:
        """Replace all tags."""
        return self.api.done("PUT", f"{self.address}/tags", tags)

    def refused(self, method: str, tags: Any, code: str) -> None:
        """The change is refused, and nothing changed."""
        before = self.now()
        assert_refused(self.api.send(method, f"{self.address}/tags", tags), 400, code)
        assert self.now() == before

    def patch(self, tags: Any) -> None:
        """Patch the tags."""
        self.api.done("PATCH", f"{self.address}/tags", tags)

    def now(self) -> Any:
        """The tags as they are."""
        return self.api.get(self.address)["tags"]


@pytest.fixture(params=["folders", "static", "dynamic"])
def tagged(api: Api, request: pytest.FixtureRequest) -> Tagged:
    """A new resource of each kind."""
    create: dict[str, Callable[[str], Any]] = {"folders": api.folder, "static": api.static, "dynamic": api.dynamic}
    create[request.param]("app")
    return Tagged(api, request.param)


def test_a_new_resource_has_no_tags(tagged: Tagged) -> None:
    assert tagged.now() == {}


def test_put_replaces_and_answers_the_new_set(tagged: Tagged) -> None:
    assert tagged.put({"env": "prod", "owner": "db"}) == {"env": "prod", "owner": "db"}
    assert tagged.put({"team": "a"}) == {"team": "a"}
    assert tagged.now() == {"team": "a"}
    assert tagged.put({}) == {}
    assert tagged.now() == {}


def test_patch_merges_and_null_removes(tagged: Tagged) -> None:
    tagged.put({"env": "prod", "owner": "db"})
    tagged.patch({"env": "dev", "owner": None, "new": "", "unknown": None})
    assert tagged.now() == {"env": "dev", "new": ""}


def test_delete_clears(tagged: Tagged) -> None:
    tagged.put({"env": "prod"})
    for _turn in range(2):
        tagged.api.done("DELETE", f"{tagged.address}/tags")
        assert tagged.now() == {}


def test_patch_finds_keys_without_case_and_keeps_their_spelling(tagged: Tagged) -> None:
    tagged.put({"Env": "prod", "Straße": "x"})
    tagged.patch({"ENV": "dev", "STRASSE": "y"})
    assert tagged.now() == {"Env": "dev", "Straße": "y"}
    tagged.patch({"env": None})
    assert tagged.now() == {"Straße": "y"}


def test_put_brings_its_own_spelling(tagged: Tagged) -> None:
    tagged.put({"Env": "prod"})
    assert tagged.put({"ENV": "prod"}) == {"ENV": "prod"}


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_keys_that_differ_by_case_only_are_refused_in_one_request(tagged: Tagged, method: str) -> None:
    tagged.put({"Env": "prod"})
    tagged.refused(method, {"env": "a", "ENV": "b"}, "duplicate_tag")


def test_a_resource_has_at_most_fifty_tags(tagged: Tagged) -> None:
    assert tagged.put(FIFTY) == FIFTY
    tagged.refused("PATCH", {"one-more": "x"}, "too_many_tags")
    tagged.refused("PUT", {**FIFTY, "one-more": "x"}, "too_many_tags")
    tagged.patch({"KEY-0": "changed"})
    tagged.patch({"key-1": None, "one-more": "x"})
    assert len(tagged.now()) == 50


def test_a_value_has_at_most_256_characters(tagged: Tagged) -> None:
    tagged.put({"key": "ü" * 256})
    for method in ("PUT", "PATCH"):
        tagged.refused(method, {"key": "x" * 257}, "invalid_request")


def test_tags_of_what_is_missing_or_deleted_are_404(tagged: Tagged) -> None:
    tagged.api.done("DELETE", tagged.address.removesuffix("/metadata"))
    for method, body in (("PUT", {}), ("PATCH", {}), ("DELETE", None)):
        for address in (tagged.address, tagged.address.replace("app", "never")):
            assert_refused(tagged.api.send(method, f"{address}/tags", body), 404, "not_found")


def test_tags_do_not_make_versions(api: Api) -> None:
    api.static("app")
    api.done("PUT", "/static/app/metadata/tags", {"a": "b"})
    assert api.get("/static/app/metadata")["version"] == 1
