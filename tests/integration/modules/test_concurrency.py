# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two writers at once, and creations whose answer is lost: success or a clear error, never a lost key."""

from __future__ import annotations

import dataclasses
import importlib
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from ansible_collections.community.workload_credentials.plugins.module_utils._api import client as wire
from ansible_collections.community.workload_credentials.plugins.module_utils._api.paths import ResourcePath
from ansible_collections.community.workload_credentials.plugins.module_utils._api.request import Request, item
from ansible_collections.community.workload_credentials.plugins.module_utils._resources.index import spec_of

from tests.support.definitions import ROLE, do, failure, populate
from tests.support.site import Site

pytestmark = pytest.mark.one_core
RESOURCES = "ansible_collections.community.workload_credentials.plugins.module_utils._resources"
DEFINITION = {"type": "aws", "integration_name": "main", "role_arn": ROLE}


@pytest.fixture(autouse=True)
def definitions(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Folders and integrations to work with, and no waiting."""
    populate(site)
    monkeypatch.setattr(wire, "sleep", lambda _seconds: None)


def meanwhile(monkeypatch: pytest.MonkeyPatch, module: str, request: Request, site: Site) -> None:
    """Let another writer's request arrive between the module's first plan and its first write."""
    spec = spec_of(module)
    others = [request]

    def plan(*arguments: Any) -> Any:
        change = spec.plan(*arguments)
        while others:
            site.client().send(others.pop())
        return change

    resource = importlib.import_module(f"{RESOURCES}.{module}")
    monkeypatch.setattr(resource, module.upper(), dataclasses.replace(spec, plan=plan))


def path(name: str) -> ResourcePath:
    return ResourcePath("prod", name)


def values(site: Site, where: str) -> dict[str, Any]:
    secret: dict[str, Any] = do(site, "static_secret_info", path=where)["static_secrets"][0]["secret"]
    return secret


def test_a_secret_that_another_made_meanwhile_keeps_the_others_keys(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs = item("POST", "static", path("both"), body={"secret": {"theirs": "1", "shared": "theirs"}})
    meanwhile(monkeypatch, "static_secret", theirs, site)
    result = do(site, "static_secret", path="prod/both", secret={"ours": "2", "shared": "ours"})
    assert result["changed"]
    assert values(site, "prod/both") == {"theirs": "1", "ours": "2", "shared": "ours"}


def test_a_folder_that_another_made_meanwhile_is_there(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    meanwhile(monkeypatch, "folder", item("POST", "folders", ResourcePath("", "new")), site)
    assert do(site, "folder", path="new/inner", tags={"a": "1"})["folder"]["metadata"]["tags"] == {"a": "1"}


@pytest.mark.parametrize("kind", ["drop_after", "drop_before"])
@pytest.mark.parametrize(
    ("module", "arguments"),
    [
        ("folder", {"path": "prod/lost", "tags": {"a": "1"}}),
        ("static_secret", {"path": "prod/lost", "secret": {"a": "1"}, "tags": {"a": "1"}}),
        ("integration", {"type": "aws", "name": "lost", "role_arn": ROLE}),
        ("dynamic_secret", {"path": "prod/lost", "ttl": 900, **DEFINITION, "tags": {"a": "1"}}),
    ],
)
def test_a_creation_whose_answer_is_lost_is_ours(site: Site, kind: str, module: str, arguments: dict[str, Any]) -> None:
    site.fault(kind, method="POST")
    assert do(site, module, **arguments)["changed"]
    assert not do(site, module, **arguments)["changed"]


def test_a_conflict_after_a_lost_answer_that_is_not_ours_is_an_error(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs = item("POST", "static", path("lost"), body={"secret": {"a": "theirs"}})
    meanwhile(monkeypatch, "static_secret", theirs, site)
    site.fault("drop_before", method="POST", path="/static/lost", skip=1)
    assert "409" in failure(site, "static_secret", path="prod/lost", secret={"a": "ours"})
    assert values(site, "prod/lost") == {"a": "theirs"}


def test_many_writers_lose_no_key(site: Site) -> None:
    with ThreadPoolExecutor(8) as pool:
        results = list(
            pool.map(lambda key: do(site, "static_secret", path="prod/many", secret={f"k{key}": str(key)}), range(16))
        )
    assert all(result["changed"] for result in results)
    assert values(site, "prod/many") == {f"k{key}": str(key) for key in range(16)}


def test_many_make_the_same_tree(site: Site) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: do(site, "folder", path=f"tree/a/b/{number % 4}"), range(16)))
    folders = do(site, "folder_info", folder="tree", recursive=True)["folders"]
    assert [one["path"] for one in folders] == ["tree/a", "tree/a/b", *(f"tree/a/b/{number}" for number in range(4))]


def test_a_restore_whose_answer_is_lost_is_done(site: Site) -> None:
    do(site, "static_secret", path="prod/app", state="absent")
    site.fault("drop_after", method="POST", path="/static/app/restore")
    assert do(site, "static_secret", path="prod/app", secret={"user": "new"})["changed"]
    assert values(site, "prod/app")["user"] == "new"
