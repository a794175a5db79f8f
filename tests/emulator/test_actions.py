# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The vendor's actions: each operation needs exactly what is named here, on the path that is named."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.routing import APIRoute
from workload_credentials_emulator import Control, Emulator
from workload_credentials_emulator.actions import ALL_ACTIONS, PERMISSIONS, ROLES
from workload_credentials_emulator.calls import CALLS
from workload_credentials_emulator.routes import ROUTERS

from .client import AWS, ROLE, Api, assert_refused

HOLDER = "token-of-few-actions"
TAGS = {"env": "dev"}


def _about(kind: str, noun: str) -> list[tuple[str, str, Any, str, str]]:
    """What folders, static secrets and dynamic secrets have alike."""
    tags = f"/{kind}/item/metadata/tags?folder=prod"
    return [
        ("GET", f"/{kind}?path=prod", None, "ListFolderContents", "prod"),
        ("DELETE", f"/{kind}/item?folder=prod", None, f"Delete{noun}", "prod/item"),
        ("DELETE", f"/{kind}/item?folder=prod&permanent=true", None, f"Destroy{noun}", "prod/item"),
        ("POST", f"/{kind}/gone/restore?folder=prod", None, f"Restore{noun}", "prod/gone"),
        ("GET", f"/{kind}/item/metadata?folder=prod", None, f"Read{noun}Metadata", "prod/item"),
        ("PUT", tags, TAGS, f"Write{noun}Tags", "prod/item"),
        ("PATCH", tags, TAGS, f"Write{noun}Tags", "prod/item"),
        ("PATCH", tags, {"env": None}, f"Delete{noun}Tags", "prod/item"),
        ("DELETE", tags, None, f"Delete{noun}Tags", "prod/item"),
    ]


# What is asked, and the one action that it needs, with the path.
OPERATIONS: list[tuple[str, str, Any, str, str]] = [
    *_about("folders", "Folder"),
    *_about("static", "Secret"),
    *_about("dynamic", "DynamicSecret"),
    ("POST", "/folders/new?folder=prod", None, "CreateFolder", "prod"),
    ("POST", "/static/new?folder=prod", {"secret": {}}, "CreateSecret", "prod"),
    ("POST", "/dynamic/new?folder=prod", AWS, "CreateDynamicSecret", "prod"),
    ("DELETE", "/folders/item?folder=prod&recursive=true", None, "DeleteFolder", "prod/item"),
    ("DELETE", "/folders/item?folder=prod&recursive=true&permanent=true", None, "ForceDestroyFolder", "prod/item"),
    ("GET", "/static/item?folder=prod", None, "ReadSecret", "prod/item"),
    ("PATCH", "/static/item?folder=prod", {"secret": {}}, "UpdateSecret", "prod/item"),
    ("GET", "/dynamic/item?folder=prod", None, "ReadDynamicSecret", "prod/item"),
    ("PATCH", "/dynamic/item?folder=prod", {"type": "azure"}, "UpdateDynamicSecret", "prod/item"),
    ("POST", "/dynamic/item/generate?folder=prod", None, "GenerateDynamicCredential", "prod/item"),
    ("GET", "/leases/leased?folder=prod", None, "ListLeases", "prod/leased"),
    ("GET", "/leases/id/LEASE", None, "ReadLease", "prod/leased"),
    ("DELETE", "/leases/id/LEASE", None, "RevokeLease", "prod/leased"),
    ("GET", "/integrations", None, "ListIntegrations", ""),
    ("GET", "/integrations/aws", None, "ListIntegrations", ""),
    ("POST", "/integrations/aws/new", {"roleArn": ROLE}, "CreateIntegration", ""),
    ("GET", "/integrations/aws/my-aws", None, "ReadIntegration", "integrations/my-aws"),
    ("PATCH", "/integrations/aws/my-aws", {"roleArn": ROLE}, "UpdateIntegration", "integrations/my-aws"),
    ("DELETE", "/integrations/aws/unused", None, "DeleteIntegration", "integrations/unused"),
    ("GET", "/integrations/aws/my-aws/dynamic", None, "ListDynamicSecrets", "integrations/my-aws"),
]


@pytest.fixture
def filled(api: Api) -> Api:
    """A site in which each operation has what it is about."""
    api.folder("prod")
    api.integration("aws")
    api.done("POST", "/integrations/aws/unused", {"roleArn": ROLE})
    for name in ("item", "gone"):
        api.folder(name, "prod")
        api.static(name, "prod", value="1")
        api.dynamic(name, "prod", type="azure")
    api.dynamic("leased", "prod", type="azure")
    for kind in ("folders", "static", "dynamic"):
        api.done("DELETE", f"/{kind}/gone?folder=prod")
    return api


def _holder(emulator: Emulator, *grants: tuple[str | set[str], str]) -> Api:
    given = [{"actions": [one] if isinstance(one, str) else sorted(one), "path": path} for one, path in grants]
    emulator.control.add_token(HOLDER, grants=given)
    return Api(emulator, token=HOLDER)


@pytest.mark.parametrize(("method", "address", "body", "action", "path"), OPERATIONS)
def test_an_operation_needs_its_action_and_no_other(
    filled: Api, emulator: Emulator, method: str, address: str, body: Any, action: str, path: str
) -> None:
    if "LEASE" in address:
        address = address.replace("LEASE", filled.generate("leased", "prod")["leaseId"])
    without = _holder(emulator, (set(ALL_ACTIONS - {action}), ""))
    assert_refused(without.send(method, address, body), 403, "forbidden")
    if path:
        elsewhere = _holder(emulator, (set(ALL_ACTIONS - {action}), ""), (action, f"{path}/below"))
        assert_refused(elsewhere.send(method, address, body), 403, "forbidden")
    _holder(emulator, (action, path)).done(method, address, body)


@pytest.mark.parametrize(
    ("kind", "body", "action"),
    [
        ("folders", None, "CreateFolder"),
        ("static", {"secret": {}}, "CreateSecret"),
        ("dynamic", AWS, "CreateDynamicSecret"),
    ],
)
def test_making_something_is_checked_on_its_folder(
    filled: Api, emulator: Emulator, kind: str, body: Any, action: str
) -> None:
    assert_refused(
        _holder(emulator, (action, "prod/new")).send("POST", f"/{kind}/new?folder=prod", body), 403, "forbidden"
    )
    assert_refused(_holder(emulator, (action, "prod")).send("POST", f"/{kind}/new", body), 403, "forbidden")


def test_every_operation_is_tested() -> None:
    routes = [route for router in ROUTERS for route in router.routes if isinstance(route, APIRoute)]
    tested = set()
    for method, address, *_others in OPERATIONS:
        path = address.partition("?")[0].replace("LEASE", "00000000-0000-4000-8000-000000000000")
        (route,) = [one for one in routes if method in (one.methods or ()) and one.path_regex.match(path)][:1]
        tested.add((method, route.path_format))
    every = {(method, route.path_format) for route in routes for method in route.methods or ()}
    assert every - tested == {("GET", "/session")}
    # The table has no row besides.
    assert CALLS.keys() == {f"{method} {path}" for method, path in tested}


def test_the_catalogue_is_the_vendor_s() -> None:
    assert len(ALL_ACTIONS) == 40
    untested = ALL_ACTIONS - {action for *_others, action, _path in OPERATIONS}
    assert untested == {"ReadIntegrationMetadata", "WriteIntegrationTags", "DeleteIntegrationTags"}


def test_a_patch_of_tags_may_need_both(filled: Api, emulator: Emulator) -> None:
    address, body = "/static/item/metadata/tags?folder=prod", {"env": None, "team": "a"}
    for action in ("WriteSecretTags", "DeleteSecretTags"):
        assert_refused(_holder(emulator, (action, "prod")).send("PATCH", address, body), 403, "forbidden")
    _holder(emulator, ({"WriteSecretTags", "DeleteSecretTags"}, "prod")).done("PATCH", address, body)
    assert filled.get("/static/item/metadata", folder="prod")["tags"] == {"team": "a"}


def test_a_value_may_be_read_without_its_metadata(filled: Api, emulator: Emulator) -> None:
    reader = _holder(emulator, ("ReadSecret", "prod"))
    assert reader.get("/static/item", folder="prod") == {"path": "prod/item", "secret": {"value": "1"}}
    assert_refused(reader.send("GET", "/static/item/metadata?folder=prod"), 403, "forbidden")
    reader = _holder(emulator, ({"ReadSecret", "ReadSecretMetadata"}, "prod/item"))
    assert reader.get("/static/item", folder="prod")["metadata"]["version"] == 1


@pytest.mark.parametrize(
    ("kind", "action"),
    [("folders", "ReadFolderMetadata"), ("static", "ReadSecretMetadata"), ("dynamic", "ReadDynamicSecretMetadata")],
)
def test_a_list_shows_what_the_token_may_see(filled: Api, emulator: Emulator, kind: str, action: str) -> None:
    assert _holder(emulator, ("ListFolderContents", "prod")).paths(f"/{kind}", path="prod") == []
    one = _holder(emulator, ("ListFolderContents", ""), (action, "prod/item"))
    assert one.paths(f"/{kind}", recursive="true") == ["prod/item"]
    assert one.paths(f"/{kind}", path="prod", deletedOnly="true") == []


def test_lists_of_integrations_and_of_their_users_show_what_the_token_may_see(filled: Api, emulator: Emulator) -> None:
    one = _holder(emulator, ("ListIntegrations", ""), ("ReadIntegrationMetadata", "integrations/unused"))
    assert [found["name"] for found in one.get("/integrations")["data"]] == ["unused"]
    assert one.get("/integrations/azure") == {"data": []}
    users = _holder(
        emulator, ("ListDynamicSecrets", "integrations/my-azure"), ("ReadDynamicSecretMetadata", "prod/item")
    )
    assert users.paths("/integrations/azure/my-azure/dynamic") == ["prod/item"]


def test_grants_cascade_and_add_up(filled: Api, emulator: Emulator, control: Control) -> None:
    filled.folder("production")
    filled.static("item", "production")
    holder = _holder(emulator, ("ReadSecret", "/prod/"), ("ReadSecretMetadata", ""))
    assert holder.get("/static/item", folder="prod")["metadata"]
    assert_refused(holder.send("GET", "/static/item?folder=production"), 403, "forbidden")
    control.add_token(HOLDER, actions=["ReadSecret"], path_prefix="production")
    assert holder.get("/static/item", folder="production")["path"] == "production/item"
    assert_refused(holder.send("GET", "/static/item?folder=prod"), 403, "forbidden")


def test_a_denial_does_not_tell_what_there_is(filled: Api, emulator: Emulator, control: Control) -> None:
    holder = _holder(emulator, ("ReadSecret", "other"))
    told = [holder.send("GET", f"/static/{name}?folder=prod").json()["message"] for name in ("item", "none")]
    assert told == [f"the access token lacks ReadSecret on prod/{name}." for name in ("item", "none")]
    control.behave(living=True)
    for name in ("item", "none"):
        response = holder.send("GET", f"/static/{name}?folder=prod")
        assert response.json() == {"code": "forbidden", "message": "forbidden: caller cannot perform this action"}


@pytest.mark.parametrize("role", ROLES)
def test_a_role_is_a_set_of_actions(filled: Api, emulator: Emulator, role: str) -> None:
    holder = _holder(emulator, (role, ""))
    may = {
        "GET /static/item": role != "Lister",
        "GET /static/item/metadata": True,
        "GET /static": True,
        "PATCH /static/item": role in ("Owner", "Admin"),
        "POST /dynamic/item/generate": role == "Admin",
        "GET /integrations": role != "Owner",
        "GET /leases/leased": role in ("Owner", "Admin"),
    }
    for request, allowed in may.items():
        method, _space, address = request.partition(" ")
        body = {"secret": {}} if method == "PATCH" else None
        place = "" if address == "/integrations" else "?path=prod" if address == "/static" else "?folder=prod"
        assert holder.send(method, address + place, body).ok == allowed, request


def test_permissions_share_out_all_actions() -> None:
    assert frozenset().union(*PERMISSIONS.values()) == ALL_ACTIONS
    assert sum(len(actions) for actions in PERMISSIONS.values()) == len(ALL_ACTIONS)


@pytest.mark.parametrize(
    ("rights", "named"),
    [
        ({"actions": ["readSecret"]}, "readSecret"),
        ({"actions": ["Auditor"]}, "Auditor"),
        ({"grants": [{"actions": ["Secret"]}]}, "Secret"),
        ({"grants": [{"path": "prod"}]}, "grants"),
        ({"permissions": ["list"]}, "permissions"),
    ],
)
def test_what_is_no_right_is_refused_by_name(control: Control, rights: dict[str, Any], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        control.add_token(HOLDER, **rights)


def test_a_token_without_rights_may_do_nothing(filled: Api, emulator: Emulator, control: Control) -> None:
    control.add_token(HOLDER, actions=[])
    assert_refused(Api(emulator, token=HOLDER).send("GET", "/static?path=prod"), 403, "forbidden")
