# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A tree as a whole: what is refused, what is shown, in which order it is written, what is pruned."""

from __future__ import annotations

import re
from typing import Any

import pytest
from ansible_collections.community.workload_credentials.plugins.module_utils._api.errors import WorkloadCredentialsError
from ansible_collections.community.workload_credentials.plugins.module_utils._resources import tree as tree_module
from ansible_collections.community.workload_credentials.plugins.module_utils._resources._tree import carry_out, progress

from tests.support.definitions import ROLE, UUIDS, do, failure, populate
from tests.support.site import Site

pytestmark = pytest.mark.one_core
AWS = {"type": "aws", "integration_name": "main", "role_arn": ROLE, "ttl": 3600}
MAIN = {"aws/main": {"role_arn": ROLE}}
VALUES = {"user": "app", "password": "canary-tree-password"}


def secrets(*paths: str) -> dict[str, Any]:
    return {path: {"secret": dict(VALUES)} for path in paths}


def tree_of(**sections: Any) -> dict[str, Any]:
    return {"root": "prod", **sections}


def actions(result: dict[str, Any]) -> dict[str, str]:
    return {f"{change['kind']} {change['path']}": change["action"] for change in result["changes"]}


def counted(result: dict[str, Any]) -> dict[str, int]:
    return {action: number for action, number in result["summary"].items() if number}


def test_all_problems_stand_in_one_message_and_nothing_is_written(site: Site) -> None:
    do(site, "tree", **tree_of(static_secrets=secrets("taken")))
    site.forget()
    tree = tree_of(
        folders={"bad name": {}, "many": {"tags": {str(number): "x" for number in range(51)}}},
        static_secrets={"a": {"sekret": {}}, "b//c": {}, "/d": {}, "d": {}, "e": {"secret": "canary"}},
        integrations={"main": {}, "azure/x": {"role_arn": ROLE}},
        dynamic_secrets={"f": {**AWS, "ttl": 5}, "g": {"ttl": 900}, "h": {**AWS, "groups": {"a": 1}}},
    )
    for check_mode in (True, False):
        message = failure(site, "tree", check_mode=check_mode, **tree)
        assert message.startswith("This tree has 10 problems; nothing was written:\n- ")
        for words in (
            "folder prod/bad name: path: the character ' '",
            "static secret prod/a: sekret: there is no such option of a static secret; did you mean secret?",
            "static secret prod/b//c: path: it contains an empty name",
            "static secret prod/d is named twice",
            "(spelled '/d' and 'd'). Remove one of them.",
            "static secret prod/e: secret: the value is no mapping.",
            "integration main: path: an integration is named by type and name, such as aws/main.",
            "integration azure/x: role_arn: it belongs to type=aws",
            "dynamic secret prod/f: ttl: 5 s is outside of",
            "dynamic secret prod/g: type: it is missing",
            "dynamic secret prod/h: groups: the value is no list of texts.",
        ):
            assert words in message, words
        assert "canary" not in message
    assert site.requests() == []


def test_what_the_site_forbids_is_refused_before_anything_is_written(site: Site) -> None:
    do(site, "tree", **tree_of(static_secrets=secrets("taken/x"), integrations=MAIN, dynamic_secrets={"aws": AWS}))
    do(site, "integration", type="aws", name="other", role_arn=ROLE)
    site.forget()
    tree = tree_of(
        folders={"many": {"tags": {str(number): "x" for number in range(51)}}},
        static_secrets=secrets("taken", "new/x", "both"),
        dynamic_secrets={
            "both": AWS,
            "aws": {**AWS, "integration_name": "other"},
            "nowhere": {**AWS, "integration_name": "nope"},
            "short": {"type": "aws", "integration_name": "main"},
        },
        integrations={"azure/new": {"tenant_id": UUIDS[0]}},
    )
    for check_mode in (True, False):
        message = failure(site, "tree", check_mode=check_mode, **tree)
        for words in (
            "folder prod/many: tags: the resource would have 51 tags, the API allows 50.",
            "static secret prod/taken: a folder holds the path",
            "static secret prod/both: this tree also has a dynamic secret at the path",
            "dynamic secret prod/aws: prod/aws: integration_name is 'another integration' and cannot be changed",
            "dynamic secret prod/nowhere: integration_name: there is no aws integration 'nope'.",
            "dynamic secret prod/short: ttl: it is required to create prod/short.",
            "integration azure/new: client_id: azure integration 'new' does not exist, and creating",
        ):
            assert words in message, words
    assert site.writes() == []


def test_an_integration_of_an_earlier_task_counts_in_check_mode(site: Site) -> None:
    do(site, "integration", check_mode=True, type="aws", name="main", role_arn=ROLE)
    predicted = do(site, "tree", check_mode=True, **tree_of(dynamic_secrets={"aws": AWS}))
    assert actions(predicted)["dynamic_secret prod/aws"] == "created"
    do(site, "integration", type="aws", name="main", role_arn=ROLE)
    assert do(site, "tree", **tree_of(dynamic_secrets={"aws": AWS}))["changes"] == predicted["changes"]


def test_the_plan_is_shown_as_a_tree_without_values(site: Site) -> None:
    tree = tree_of(
        folders={"db": {"tags": {"team": "core"}}},
        static_secrets={**secrets("db/app"), **secrets("db/old")},
        integrations=MAIN,
        dynamic_secrets={"aws/app": AWS},
    )
    made = do(site, "tree", **tree)
    assert made["diff"]["prepared"] == (
        "+ prod/\n  + aws/\n"
        "    + app  (dynamic secret; credential_type: assumed_role; "
        f"integration_name: main; role_arn: {ROLE}; ttl: 3600; type: aws)\n"
        "  + db/  (tag team: core)\n"
        "    + app  (static secret; keys password, user)\n"
        "    + old  (static secret; keys password, user)\n"
        f"integrations:\n  + aws/main  (role_arn: {ROLE})\n"
        "7 created, 0 updated, 0 restored, 0 deleted, 0 unchanged\n"
    )
    do(site, "dynamic_secret", path="prod/aws/app", state="absent")
    changed = tree_of(
        folders={"db": {"tags": {"team": None, "x": "1"}}},
        static_secrets={"db/app": {"secret": {"password": "canary-other"}, "tags": {"a": "b"}}},
        dynamic_secrets={"aws/app": {**AWS, "ttl": 900}},
        prune=["static_secrets"],
    )
    shown = do(site, "tree", check_mode=True, **changed)["diff"]["prepared"]
    assert shown == (
        "prod:\n"
        "    aws/\n"
        "    + app  (dynamic secret; restored)\n"
        "  ~ db/  (tag team: core removed; tag x: 1)\n"
        "    ~ app  (static secret; keys password; tag a: b)\n"
        "    - old  (static secret)\n"
        "0 created, 2 updated, 1 restored, 1 deleted, 1 unchanged\n"
    )
    assert "canary" not in str(do(site, "tree", **changed))


def test_parents_are_written_first_and_integrations_before_definitions(site: Site) -> None:
    tree = tree_of(
        folders={"a/b/c": {}}, static_secrets=secrets("a/b/c/x"), integrations=MAIN, dynamic_secrets={"a/aws": AWS}
    )
    do(site, "tree", **tree)
    writes = [line.split("?")[0] for line in site.writes()]
    assert writes[:5] == [
        "POST /integrations/aws/main",
        "POST /folders/prod",
        "POST /folders/a",
        "POST /folders/b",
        "POST /folders/c",
    ]
    assert sorted(writes[5:]) == ["POST /dynamic/aws", "POST /static/x"]
    do(site, "tree", **tree_of(static_secrets=secrets("top"), prune=["folders", "static_secrets"], prune_limit=100))
    # It holds a definition, which is not pruned.
    site.forget()
    kept = do(site, "tree", **tree_of(prune=["folders", "static_secrets", "dynamic_secrets"], prune_limit=100))
    assert counted(kept) == {"deleted": 3}
    removals = [line.split("?")[0] for line in site.writes() if "recursive" not in line]
    assert sorted(removals[:2]) == ["DELETE /dynamic/aws", "DELETE /static/top"]
    assert removals[2] == "DELETE /folders/a"


def test_one_count_tells_how_far_the_whole_tree_is(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "_EVERY", 0.0)
    shown: list[str] = []
    tree = tree_of(folders={"a/b": {}}, static_secrets=secrets("a/b/x", "y"))
    do(site, "tree", progress=shown.append, **tree)
    assert [line for line in shown if "written" in line] == [f"tree: {done} of 5 written" for done in range(1, 6)]


def test_prune_stays_inside_of_the_root_and_of_the_named_kinds(site: Site) -> None:
    populate(site)
    do(site, "tree", root="", static_secrets=secrets("production", "prod/deep/x", "prod/keep"))
    do(site, "static_secret", path="prod/app", state="absent")
    site.forget()
    tree = tree_of(static_secrets=secrets("keep"), prune=["static_secrets", "folders"], prune_limit=70)
    result = do(site, "tree", **tree)
    assert actions(result) == {"static_secret prod/deep/x": "deleted", "folder prod/deep": "deleted"}
    found = do(site, "tree_info", values=False)["tree"]
    assert found["static_secrets"].keys() == {"production", "prod/keep"}
    assert found["dynamic_secrets"].keys() == {"prod/aws", "prod/azure"}
    deleted = do(site, "tree_info", root="prod", deleted_only=True)["tree"]
    # What was deleted before is still there to be restored.
    assert deleted["static_secrets"].keys() == {"app", "deep/x"}


def test_a_folder_with_contents_that_stay_is_kept(site: Site) -> None:
    do(site, "tree", **tree_of(static_secrets=secrets("old/x"), folders={"empty": {}}))
    result = do(site, "tree", **tree_of(prune=["folders"]))
    assert actions(result) == {"folder prod/empty": "deleted"}
    (warning,) = result["warnings"]
    assert warning == "folder prod/old is kept: it holds objects of kinds that are not pruned (1: prod/old/x)."
    assert not do(site, "tree", **tree_of(prune=["folders"]))["changed"]


def test_permanent_removes_nothing_that_could_be_restored(site: Site) -> None:
    do(site, "tree", **tree_of(static_secrets=secrets("old/x", "old/y")))
    do(site, "static_secret", path="prod/old/x", state="absent")
    prune = ["folders", "static_secrets"]
    result = do(site, "tree", **tree_of(prune=prune, permanent=True, prune_limit=100))
    assert actions(result) == {"static_secret prod/old/y": "deleted"}
    assert "folder prod/old is kept: it holds objects that can be restored" in result["warnings"][0]
    assert do(site, "static_secret", path="prod/old/x", secret=VALUES)["changed"]


def test_a_lost_file_empties_no_site(site: Site) -> None:
    do(site, "tree", **tree_of(static_secrets=secrets(*"abcd")))
    site.forget()
    half = tree_of(static_secrets=secrets("a", "b"), prune=["static_secrets"])
    less = tree_of(static_secrets=secrets("a"), prune=["static_secrets"])
    for check_mode in (True, False):
        message = failure(site, "tree", check_mode=check_mode, **less)
        assert "prune: 3 of 4 objects would be deleted, more than the 50 % that prune_limit allows." in message
    assert site.writes() == []
    assert counted(do(site, "tree", **half)) == {"deleted": 2, "unchanged": 2}
    assert counted(do(site, "tree", **less)) == {"deleted": 1, "unchanged": 1}
    assert "prune_limit" in failure(site, "tree", **tree_of(prune=["static_secrets"], prune_limit=99))


def test_active_leases_prevent_a_prune_unless_they_are_to_be_revoked(site: Site) -> None:
    populate(site)
    do(site, "dynamic_credentials", path="prod/azure")
    tree = tree_of(static_secrets={"app": {}}, dynamic_secrets={"aws": AWS}, prune=["dynamic_secrets"])
    for check_mode in (True, False):
        site.forget()
        message = failure(site, "tree", check_mode=check_mode, **tree)
        assert "dynamic secret prod/azure: prod/azure cannot be deleted: 1 of its leases are active" in message
        assert site.writes() == []
    result = do(site, "tree", **tree, revoke_leases=True)
    assert actions(result) == {"dynamic_secret prod/azure": "deleted"}
    assert [lease["state"] for lease in site.leases()] == ["revoked"]


def test_integrations_are_pruned_only_for_the_whole_site_and_unless_they_are_used(site: Site) -> None:
    populate(site)
    do(site, "integration", type="aws", name="unused", role_arn=ROLE)
    message = failure(site, "tree", root="prod", prune=["integrations"])
    assert message == "prune: integrations belong to the whole site, and this tree owns prod only (root)."
    result = do(site, "tree", root="", prune=["integrations"])
    assert actions(result) == {"integration aws/unused": "deleted"}
    assert [warning.partition(":")[0] for warning in result["warnings"]] == [
        "integration aws/main is kept",
        "integration azure/az is kept",
    ]
    # Definitions that can be restored need theirs then.
    gone = do(site, "tree", root="", prune=["integrations", "dynamic_secrets"], prune_limit=100)
    assert {change["kind"] for change in gone["changes"]} == {"dynamic_secret"}
    again = do(site, "tree", root="", prune=["integrations", "dynamic_secrets"], prune_limit=100)
    assert (again["changes"], len(again["warnings"])) == ([], 2)


def test_an_integration_stays_for_a_definition_that_can_be_restored(site: Site) -> None:
    do(site, "tree", root="", integrations=MAIN, dynamic_secrets={"aws": AWS})
    do(site, "dynamic_secret", path="aws", state="absent")
    result = do(site, "tree", root="", prune=["integrations"], prune_limit=100)
    assert result["changes"] == []
    assert "integration aws/main is kept: deleted dynamic secrets of its type may need it" in result["warnings"][0]


def test_prune_needs_a_root_that_somebody_named(site: Site) -> None:
    assert failure(site, "tree", prune=["folders"]).startswith("root: with prune it has to be named")
    assert failure(site, "tree", root="", prune=["folders"], prune_limit=101).startswith("prune_limit: 101")


def test_a_failure_stops_only_what_depends_on_it_and_the_next_run_goes_on(site: Site) -> None:
    tree = tree_of(static_secrets=secrets("bad/deep/x", "good/x", "y"), folders={"bad": {}})
    site.fault("status", method="POST", path="/folders/bad", status=400)
    site.fault("status", method="POST", path="/static/y", status=400)
    with pytest.raises(WorkloadCredentialsError) as failed:
        do(site, "tree", **tree)
    values: dict[str, Any] = failed.value.values  # type: ignore[attr-defined]
    message = str(failed.value)
    assert re.match(r"The tree was applied in part \(3 created, .*4 failed\)\. The same task goes on", message)
    assert "- folder prod/bad: POST /folders/bad?folder=prod: status 400" in message
    assert "- folder prod/bad/deep: not tried, because of the folder prod/bad" in message
    assert "- static secret prod/bad/deep/x: not tried, because of the folder prod/bad" in message
    assert "- static secret prod/y: POST /static/y?folder=prod: status 400" in message
    assert "canary" not in message
    assert values["changed"]
    assert actions(values).keys() == {"folder prod", "folder prod/good", "static_secret prod/good/x"}
    assert counted(values) == {"created": 3, "failed": 4}
    again = do(site, "tree", **tree)
    assert counted(again) == {"created": 4, "unchanged": 2}


def test_what_another_run_removed_in_the_meantime_is_gone(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    do(site, "tree", **tree_of(static_secrets=secrets("a", "b")))
    site.behave(living=True, read_lag=0.0)

    def also_elsewhere(client: Any, plan: Any) -> Any:
        do(site, "static_secret", path="prod/b", state="absent")
        return carry_out.carry_out(client, plan)

    monkeypatch.setattr(tree_module, "_carry_out", also_elsewhere)
    result = do(site, "tree", **tree_of(static_secrets=secrets("a"), prune=["static_secrets"]))
    assert actions(result) == {"static_secret prod/b": "deleted"}


def test_what_comes_back_with_a_folder_is_compared_and_goes_again_if_it_is_pruned(site: Site) -> None:
    do(site, "tree", **tree_of(static_secrets=secrets("a/x", "a/y", "a/z")))
    do(site, "folder", path="prod/a", state="absent", recursive=True)
    tree = tree_of(
        static_secrets={"a/x": {"secret": {"password": "canary-changed"}}, "a/y": {}},
        prune=["static_secrets"],
        permanent=True,
    )
    predicted = do(site, "tree", check_mode=True, **tree)
    result = do(site, "tree", **tree)
    assert predicted == result
    assert actions(result) == {
        "folder prod/a": "restored",
        "static_secret prod/a/x": "restored",
        "static_secret prod/a/y": "restored",
        "static_secret prod/a/z": "deleted",
    }
    assert not do(site, "tree", **tree)["changed"]
    # permanent is not for what was deleted before.
    assert do(site, "tree_info", root="prod", deleted_only=True)["tree"]["static_secrets"].keys() == {"a/z"}


def test_what_comes_back_with_a_folder_keeps_its_path_and_its_folder(site: Site) -> None:
    do(site, "tree", **tree_of(static_secrets=secrets("back/x", "back/in/x"), integrations=MAIN))
    do(site, "folder", path="prod/back", state="absent", recursive=True)
    site.forget()
    message = failure(site, "tree", **tree_of(dynamic_secrets={"back/x": AWS}))
    assert "dynamic secret prod/back/x: a static secret comes back at the path with a deleted folder" in message
    assert site.writes() == []
    tree = tree_of(folders={"back": {}}, prune=["folders"], prune_limit=100)
    predicted = do(site, "tree", check_mode=True, **tree)
    assert predicted == do(site, "tree", **tree)
    assert actions(predicted) == {"folder prod/back": "restored"}
    assert "folder prod/back/in is kept" in predicted["warnings"][0]


def test_what_only_a_restored_folder_shows_is_no_reason_to_say_that_nothing_was_written(site: Site) -> None:
    do(site, "tree", **tree_of(integrations=MAIN, dynamic_secrets={"back/aws": AWS}))
    do(site, "integration", type="aws", name="other", role_arn=ROLE)
    do(site, "folder", path="prod/back", state="absent", recursive=True)
    message = failure(site, "tree", **tree_of(dynamic_secrets={"back/aws": {**AWS, "integration_name": "other"}}))
    assert "; nothing was written but that deleted folders were restored:\n- dynamic secret prod/back/aws: " in message


def test_a_token_that_may_not_list_is_served_object_by_object(site: Site) -> None:
    populate(site)
    token = site.token_for("ReadSecret", "UpdateSecret", "ReadSecretMetadata", path="prod/app")
    tree = tree_of(static_secrets={"app": {"secret": {"port": 1}}}, access_token=token)
    result = do(site, "tree", **tree)
    assert actions(result) == {"static_secret prod/app": "updated"}
    message = failure(site, "tree", **tree, prune=["static_secrets"])
    assert "prune: this token may not list static_secrets" in message


def test_a_tree_that_is_read_names_what_is_missing_and_what_may_not_be_seen(site: Site) -> None:
    populate(site)
    assert failure(site, "tree_info", root="nowhere") == "root: there is no folder nowhere."
    token = site.token_for("ReadFolderMetadata", path="prod")
    assert "may not list folders, static_secrets, dynamic_secrets in prod" in failure(
        site, "tree_info", root="prod", access_token=token
    )
