# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads, and lists, that lag behind the run's own writes: every task ends as if they did not."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.definitions import ROLE, do, populate
from tests.support.plays import Plays
from tests.support.represented import represented
from tests.support.site import Site

WORLDS: dict[str, dict[str, Any]] = {
    "reads": {"read_lag": 0.4},
    "reads, long": {"read_lag": 1.8},
    "reads and lists": {"read_lag": 0.4, "lists_lag": True},
    "reads and lists, masked": {"read_lag": 0.4, "lists_lag": True, "missing_is_forbidden": True},
    "living": {"living": True, "lists_lag": True},
}
DEFINITION = {"type": "aws", "integration_name": "main", "role_arn": ROLE, "ttl": 900}


@pytest.fixture(params=represented(WORLDS, by=["reads, long", "living"]))
def lagging(site: Site, request: pytest.FixtureRequest) -> Site:
    """A populated site whose reads lag."""
    populate(site)
    site.behave(**WORLDS[request.param])
    return site


def written(site: Site) -> list[str]:
    """Method and address of each write, without its query."""
    return [line.split("?")[0] for line in site.writes()]


@pytest.mark.one_core
@pytest.mark.parametrize(
    ("module", "wanted", "writes"),
    [
        ("folder", {"path": "a/b", "tags": {"x": "1"}}, ["/folders/a", "/folders/b", "/folders/b/metadata/tags"]),
        (
            "static_secret",
            {"path": "prod/new", "secret": {"a": "1"}, "tags": {"x": "1"}},
            ["/static/new", "/static/new/metadata/tags"],
        ),
        ("dynamic_secret", {"path": "prod/new", **DEFINITION}, ["/dynamic/new"]),
        ("integration", {"type": "aws", "name": "new", "role_arn": ROLE}, ["/integrations/aws/new"]),
    ],
)
def test_what_was_just_made_is_there(lagging: Site, module: str, wanted: dict[str, Any], writes: list[str]) -> None:
    first = do(lagging, module, **wanted)
    second = do(lagging, module, **wanted)
    assert (first["changed"], second["changed"]) == (True, False)
    assert (first.get("warnings"), second.get("warnings")) == (None, None)
    assert [line.split(" ")[1] for line in written(lagging)] == writes


@pytest.mark.one_core
def test_a_token_that_was_rotated_since_the_write_sees_no_old_values(lagging: Site) -> None:
    rotated = lagging.granted_token({"": ["ReadSecret", "UpdateSecret", "ReadSecretMetadata"]})
    do(lagging, "static_secret", path="prod/app", secret={"password": "second"})
    again = do(lagging, "static_secret", path="prod/app", secret={"password": "second"}, access_token=rotated)
    assert again["changed"] is False
    assert written(lagging) == ["PATCH /static/app"]


@pytest.mark.one_core
def test_values_that_change_there_and_back(lagging: Site) -> None:
    values = ["first", "second", "canary-static-password"]
    changed = [do(lagging, "static_secret", path="prod/app", secret={"password": one})["changed"] for one in values]
    again = do(lagging, "static_secret", path="prod/app", secret={"password": values[-1]})
    assert (changed, again["changed"]) == ([True, True, True], False)
    assert written(lagging) == ["PATCH /static/app"] * 3
    assert again["static_secret"]["metadata"]["version"] == 4


@pytest.mark.one_core
def test_a_definition_that_changes_and_is_made_again(lagging: Site) -> None:
    own = {"path": "prod/aws", "type": "aws"}
    assert do(lagging, "dynamic_secret", **own, ttl=1800)["dynamic_secret"]["config"]["ttl"] == 1800
    assert not do(lagging, "dynamic_secret", **own, ttl=1800)["changed"]
    assert do(lagging, "dynamic_secret", path="prod/aws", state="absent", permanent=True)["changed"]
    made = do(lagging, "dynamic_secret", path="prod/aws", **DEFINITION)
    assert (made["changed"], made["dynamic_secret"]["config"]["ttl"]) == (True, 900)
    assert written(lagging) == ["PATCH /dynamic/aws", "DELETE /dynamic/aws", "POST /dynamic/aws"]


@pytest.mark.one_core
def test_what_is_purged_right_after_its_making_and_its_deletion(lagging: Site) -> None:
    own: dict[str, Any] = {"path": "prod/new"}
    do(lagging, "static_secret", **own, secret={"a": "1"})
    assert do(lagging, "static_secret", **own, state="absent", permanent=True)["changed"]
    assert not do(lagging, "static_secret", **own, state="absent", permanent=True)["changed"]
    assert do(lagging, "static_secret", **own, secret={"a": "1"})["changed"]
    assert do(lagging, "static_secret", **own, state="absent")["changed"]
    assert do(lagging, "static_secret", **own, state="absent", permanent=True)["changed"]
    assert not do(lagging, "static_secret", **own, state="absent")["changed"]
    # What is not there any more is made, and not restored.
    assert do(lagging, "static_secret", **own, secret={"a": "2"})["changed_keys"] == ["a"]
    lagging.behave(living=False)
    assert do(lagging, "static_secret_info", **own)["static_secrets"][0]["metadata"]["version"] == 1


@pytest.mark.one_core
def test_what_was_just_deleted_is_restored(lagging: Site) -> None:
    assert do(lagging, "static_secret", path="prod/app", state="absent")["changed"]
    back = do(lagging, "static_secret", path="prod/app", secret={"user": "app"})
    assert (back["changed"], back["changed_keys"]) == (True, [])
    assert written(lagging)[-1] == "POST /static/app/restore"
    assert not do(lagging, "static_secret", path="prod/app", secret={"user": "app"})["changed"]


@pytest.mark.one_core
@pytest.mark.parametrize("permanent", [False, True])
def test_a_folder_that_goes_with_all_and_is_made_again(lagging: Site, permanent: bool) -> None:
    secret = {"path": "a/b/app", "secret": {"a": "1"}}
    do(lagging, "folder", path="a/b")
    do(lagging, "static_secret", **secret)
    assert do(lagging, "folder", path="a", state="absent", recursive=True, permanent=permanent)["changed"]
    assert do(lagging, "static_secret_info", path="a/b/app")["static_secrets"] == []
    assert do(lagging, "folder", path="a/b")["changed"]
    # A restored folder comes back with its contents, one that is made is empty.
    assert do(lagging, "static_secret", **secret)["changed"] is permanent
    assert len(do(lagging, "static_secret_info", folder="a", recursive=True)["static_secrets"]) == 1


@pytest.mark.one_core
def test_lists_show_what_was_just_written(lagging: Site) -> None:
    do(lagging, "folder", path="a/b")
    assert [one["path"] for one in do(lagging, "folder_info", folder="a")["folders"]] == ["a/b"]
    do(lagging, "static_secret", path="a/b/one", secret={"x": "1"})
    found = do(lagging, "static_secret_info", folder="a", recursive=True)["static_secrets"]
    assert [(one["path"], one["secret"]) for one in found] == [("a/b/one", {"x": "1"})]
    do(lagging, "static_secret", path="a/b/one", state="absent")
    assert do(lagging, "static_secret_info", folder="a/b")["static_secrets"] == []
    assert len(do(lagging, "static_secret_info", folder="a/b", deleted_only=True)["static_secrets"]) == 1
    do(lagging, "integration", type="aws", name="new", role_arn=ROLE)
    assert {one["name"] for one in do(lagging, "integration_info")["integrations"]} == {"az", "main", "new"}


@pytest.mark.one_core
def test_a_list_that_lags_longer_than_reads_is_no_proof_of_what_was_removed(site: Site) -> None:
    populate(site)
    site.behave(missing_is_forbidden=True, read_lag=1.0, lists_lag=True)
    # Who may not read sees by lists alone.
    token = site.token_for("ListFolderContents", "ReadSecretMetadata", "CreateSecret", "DestroySecret")
    assert do(site, "static_secret", path="prod/app", state="absent", permanent=True, access_token=token)["changed"]
    assert do(site, "static_secret", path="prod/app", secret={"a": "1"}, access_token=token)["changed"]
    assert written(site) == ["DELETE /static/app", "POST /static/app"]


@pytest.mark.one_core
def test_another_token_reads_what_was_written_without_a_wait(site: Site) -> None:
    populate(site)
    do(site, "static_secret", path="prod/app", secret={"user": "other"})
    site.forget()
    do(site, "static_secret", path="prod/app", secret={"user": "other"}, access_token=site.token_for("Owner"))
    assert site.requests() == ["GET /static/app?folder=prod"]


@pytest.mark.one_core
def test_a_read_back_that_stays_refused_is_a_warning(site: Site) -> None:
    populate(site)
    site.fault("status", method="GET", path="/static/app/metadata", status=403, times=20)
    result = do(site, "static_secret", path="prod/app", secret={"user": "other"})
    assert (result["changed"], result["changed_keys"]) == (True, ["user"])
    assert result["static_secret"]["metadata"]["version"] == 2
    assert "was written, but could not be read afterwards" in result["warnings"][0]


COLLECTION = "community.workload_credentials"
LOOKUP = "lookup('community.workload_credentials.static_secret', 'new/app', key='a')"
TASKS: list[dict[str, Any]] = [
    {f"{COLLECTION}.folder": {"path": "new"}},
    {f"{COLLECTION}.integration": {"type": "aws", "name": "main", "role_arn": ROLE}},
    {f"{COLLECTION}.static_secret": {"path": "new/app", "secret": {"a": "1"}}},
    {f"{COLLECTION}.dynamic_secret": {"path": "new/aws", **DEFINITION}},
    {f"{COLLECTION}.static_secret": {"path": "new/app", "secret": {"a": "2"}}},
    {"ansible.builtin.set_fact": {"read": "{{ " + LOOKUP + " }}"}},
    {f"{COLLECTION}.dynamic_credentials": {"path": "new/aws"}},
    {f"{COLLECTION}.folder_info": {}},
]


@pytest.mark.newest_core
@pytest.mark.parametrize("way", represented(["worker", "module", "both"], by=["both"]))
def test_tasks_of_one_run_see_what_those_before_have_written(site: Site, plays: Plays, way: str) -> None:
    site.behave(living=True, read_lag=1.5, lists_lag=True)
    tasks: list[dict[str, Any]] = TASKS
    if way == "both":
        # Every other task in a process of its own, which others tell of what they wrote, and which tells them.
        foreign = plays.host(as_module=True)["ansible_python_interpreter"]
        variables = {"vars": {"ansible_python_interpreter": foreign}}
        tasks = [{**task, **(variables if number % 2 else {})} for number, task in enumerate(TASKS)]
    outcome = plays.tasks(tasks, as_module=way == "module").ok()
    assert outcome.results[5]["ansible_facts"]["read"] == "2"
    assert [one["path"] for one in outcome.result["folders"]] == ["new"]
    assert written(site) == [
        "POST /folders/new",
        "POST /integrations/aws/main",
        "POST /static/app",
        "POST /dynamic/aws",
        "PATCH /static/app",
        "POST /dynamic/aws/generate",
    ]
