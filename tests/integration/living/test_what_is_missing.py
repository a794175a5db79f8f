# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A service that answers 403 for what is missing: what is there is told by lists, and by the write itself."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.community.workload_credentials.plugins.module_utils._api.client import Client
from ansible_collections.community.workload_credentials.plugins.module_utils._api.errors import WorkloadCredentialsError
from ansible_collections.community.workload_credentials.plugins.module_utils._api.request import Request
from ansible_collections.community.workload_credentials.plugins.plugin_utils._static_secrets import read_secrets

from tests.support.definitions import ROLE, do, failure, populate
from tests.support.represented import represented
from tests.support.site import Site

pytestmark = pytest.mark.one_core

WORLDS: dict[str, dict[str, Any]] = {"alone": {"missing_is_forbidden": True}, "living": {"living": True}}
DEFINITION = {"type": "aws", "integration_name": "main", "role_arn": ROLE, "ttl": 900}
# What is made, with the actions that making it needs, and what it writes.
MADE: dict[str, tuple[dict[str, Any], tuple[str, ...], list[str]]] = {
    "folder": ({"path": "prod/new"}, ("CreateFolder",), ["POST /folders/new?folder=prod"]),
    "static_secret": (
        {"path": "prod/new", "secret": {"a": "1"}},
        ("CreateSecret",),
        ["POST /static/new?folder=prod"],
    ),
    "dynamic_secret": (
        {"path": "prod/new", **DEFINITION},
        ("CreateDynamicSecret",),
        ["POST /dynamic/new?folder=prod"],
    ),
    "integration": (
        {"type": "aws", "name": "new", "role_arn": ROLE},
        ("CreateIntegration",),
        ["POST /integrations/aws/new"],
    ),
}
LACKS = {
    "static_secret": "ReadSecret",
    "dynamic_secret": "ReadDynamicSecret",
    "integration": "ReadIntegration",
}


@pytest.fixture(params=represented(WORLDS, by=["living"]))
def masked(site: Site, request: pytest.FixtureRequest) -> Site:
    """A populated site that answers so."""
    populate(site)
    site.behave(**WORLDS[request.param])
    return site


@pytest.mark.parametrize("module", MADE)
def test_what_is_missing_is_made_once(masked: Site, module: str) -> None:
    wanted, _actions, writes = MADE[module]
    first = do(masked, module, **wanted)
    assert (first["changed"], "warnings" in first) == (True, False)
    assert not do(masked, module, **wanted)["changed"]
    assert masked.writes() == writes


@pytest.mark.parametrize("module", MADE)
def test_who_may_only_make_it_makes_it(masked: Site, module: str) -> None:
    wanted, actions, writes = MADE[module]
    result = do(masked, module, **wanted, access_token=masked.token_for(*actions))
    assert (result["changed"], masked.writes()) == (True, writes)


@pytest.mark.parametrize("module", LACKS)
def test_what_turns_out_to_be_there_is_named_with_the_permission_that_lacks(masked: Site, module: str) -> None:
    wanted, actions, _writes = MADE[module]
    do(masked, module, **wanted)
    said = failure(masked, module, **wanted, access_token=masked.token_for(*actions))
    assert "409" in said
    assert f"lacks the permission {LACKS[module]}" in said


@pytest.mark.parametrize("module", MADE)
def test_check_mode_makes_nothing_and_foresees_the_change(masked: Site, module: str) -> None:
    wanted, _actions, _writes = MADE[module]
    assert do(masked, module, **wanted, check_mode=True)["changed"]
    assert masked.writes() == []


ABSENT: dict[str, dict[str, Any]] = {
    "folder": {"path": "prod/none"},
    "static_secret": {"path": "prod/none"},
    "dynamic_secret": {"path": "prod/none"},
    "integration": {"type": "aws", "name": "none"},
}


@pytest.mark.parametrize("check_mode", [False, True])
@pytest.mark.parametrize("module", ABSENT)
def test_absent_of_what_is_not_seen_is_ok_with_a_warning(masked: Site, module: str, check_mode: bool) -> None:
    result = do(masked, module, state="absent", **ABSENT[module], check_mode=check_mode)
    assert not result["changed"]
    (warning,) = result["warnings"]
    assert "counts as absent" in warning
    assert "lacks the permission Delete" in warning


def test_absent_of_what_is_hidden_and_may_be_deleted_deletes_it(masked: Site) -> None:
    token = masked.token_for("DeleteSecret")
    assert do(masked, "static_secret", path="prod/app", state="absent", access_token=token)["changed"]
    assert do(masked, "static_secret_info", folder="prod")["static_secrets"] == []


def test_absent_of_what_is_seen_and_may_not_be_deleted_fails(masked: Site) -> None:
    token = masked.token_for("ListFolderContents", "ReadSecretMetadata")
    said = failure(masked, "static_secret", path="prod/app", state="absent", access_token=token)
    assert "lacks the permission DeleteSecret" in said


def test_folders_above_are_made_by_who_may_only_make_folders(masked: Site) -> None:
    token = masked.token_for("CreateFolder", "WriteFolderTags", path="prod")
    result = do(masked, "folder", path="prod/b/c", tags={"x": "1"}, access_token=token)
    assert result["changed"]
    assert do(masked, "folder", path="prod/b/c")["folder"]["metadata"]["tags"] == {"x": "1"}
    assert "status 404" in failure(masked, "folder", path="prod/q/c", parents=False, access_token=token)


def test_a_folder_that_is_there_and_may_not_be_read_is_enough(masked: Site) -> None:
    token = masked.token_for("CreateFolder")
    result = do(masked, "folder", path="prod", access_token=token)
    assert (result["changed"], "ReadFolderMetadata" in result["warnings"][0]) == (False, True)


READ_AND_MAKE = ("ReadSecret", "ReadSecretMetadata", "CreateSecret", "RestoreSecret", "UpdateSecret", "DestroySecret")


@pytest.mark.parametrize(
    ("on_deleted", "writes"),
    [
        ("restore", ["POST /static/app", "POST /static/app/restore", "PATCH /static/app"]),
        ("replace", ["POST /static/app", "DELETE /static/app", "POST /static/app"]),
    ],
)
def test_a_deleted_one_that_may_not_be_listed_is_met_by_the_creation(
    masked: Site, on_deleted: str, writes: list[str]
) -> None:
    # Another run, of which this one knows nothing, and no moment ago.
    masked.behave(read_lag=0.0)
    Client(masked.settings()).send(Request("DELETE", "/static/app", query={"folder": "prod"}))
    token = masked.token_for(*READ_AND_MAKE)
    wanted = {"path": "prod/app", "secret": {"user": "other"}, "access_token": token}
    masked.forget()
    assert do(masked, "static_secret", **wanted, on_deleted=on_deleted)["changed"]
    assert [line.split("?")[0] for line in masked.writes()] == writes


def test_on_deleted_fail_holds_for_what_only_the_creation_meets(masked: Site) -> None:
    masked.behave(read_lag=0.0)
    Client(masked.settings()).send(Request("DELETE", "/static/app", query={"folder": "prod"}))
    token = masked.token_for(*READ_AND_MAKE)
    said = failure(masked, "static_secret", path="prod/app", secret={}, on_deleted="fail", access_token=token)
    assert "is deleted" in said


LOOKUP = {"key": None, "version": None, "default": None, "concurrency": 8, "in_check_mode": False}


def looked_up(site: Site, path: str, *, token: str = "", **options: Any) -> tuple[Any, list[str]]:
    """The values, or the message, and the warnings."""
    said: list[str] = []
    given = {"on_missing": "error", "on_denied": "error", **LOOKUP, **options}
    try:
        return read_secrets(site.client(**({"access_token": token} if token else {})), [path], given, said.append), said
    except WorkloadCredentialsError as error:
        return str(error), said


def test_a_lookup_tells_missing_denied_and_neither(masked: Site) -> None:
    # The list of its folder does not show it.
    assert looked_up(masked, "prod/none", on_missing="skip") == ([], [])
    assert looked_up(masked, "prod/none", default="other") == (["other"], [])
    assert looked_up(masked, "no/where/none", on_missing="skip") == ([], [])
    assert "there is no static secret" in looked_up(masked, "prod/none", on_denied="skip")[0]
    # The list shows it.
    lister = masked.token_for("ListFolderContents", "ReadSecretMetadata")
    assert looked_up(masked, "prod/app", token=lister, on_denied="skip") == ([], [])
    said = looked_up(masked, "prod/app", token=lister, on_missing="skip", default="other")[0]
    assert "prod/app exists, and this token lacks the permission ReadSecret" in said
    # Nobody tells.
    blind = masked.token_for("ReadFolderMetadata")
    said = looked_up(masked, "prod/app", token=blind, on_missing="skip")[0]
    assert "prod/app does not exist, or this token lacks the permission ReadSecret" in said
    values, (warning,) = looked_up(masked, "prod/app", token=blind, on_denied="warn")
    assert (values, "does not exist, or this token lacks" in warning) == ([], True)


@pytest.mark.parametrize(
    ("module", "arguments", "name"),
    [
        ("static_secret_info", {"path": "prod/none"}, "static_secrets"),
        ("static_secret_info", {"path": "prod/none", "values": False}, "static_secrets"),
        ("dynamic_secret_info", {"path": "prod/none"}, "dynamic_secrets"),
        ("integration_info", {"type": "aws", "name": "none"}, "integrations"),
    ],
)
def test_info_modules_find_nothing_where_nothing_is(
    masked: Site, module: str, arguments: dict[str, Any], name: str
) -> None:
    assert do(masked, module, **arguments)[name] == []


def test_an_empty_list_is_no_refusal(masked: Site) -> None:
    token = masked.token_for("ListFolderContents")
    assert do(masked, "static_secret_info", folder="prod", access_token=token)["static_secrets"] == []


def test_generating_from_nothing_and_without_the_permission(masked: Site) -> None:
    assert "there is no dynamic secret 'none'" in failure(masked, "dynamic_credentials", path="prod/none")
    owner = masked.token_for("Owner")
    said = failure(masked, "dynamic_credentials", path="prod/aws", access_token=owner)
    assert "lacks the permission GenerateDynamicCredential" in said
    assert "which its owner may lack" in said
    assert masked.leases() == []


def test_no_look_waits_where_nothing_was_written(site: Site) -> None:
    populate(site)
    site.behave(living=True)
    # Another run, which has written nothing.
    client = Client(site.settings())
    given = {"on_missing": "skip", "on_denied": "error", **LOOKUP}
    assert read_secrets(client, ["prod/none"], given, print) == []
    assert site.requests() == ["GET /static/none?folder=prod", "GET /static?path=prod"]
