# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Policies that are enforced: the token of a principal may do what they grant, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from workload_credentials_emulator import Control, Emulator, StartError
from workload_credentials_emulator.actions import ALL_ACTIONS, CHECKED_ON, ROLES

from .client import AZURE, OTHER_SITE, OTHER_TOKEN, ROLE, SITE, Api, assert_refused
from .conftest import Time
from .platform_client import Platform, cedar
from .test_actions import OPERATIONS

ANN = "token-of-ann"
WORKLOAD = "11111111-2222-4333-8444-555555555555"


@pytest.fixture
def platform(emulator: Emulator, control: Control) -> Platform:
    control.behave(enforce_policies=True)
    return Platform(emulator)


@pytest.fixture
def ann(platform: Platform, emulator: Emulator, control: Control) -> Api:
    """A client with the token of a user, for whom there are no policies yet."""
    control.add_token(ANN, user="ann@example.com")
    return Api(emulator, token=ANN)


@pytest.fixture
def filled(api: Api) -> Api:
    """A site with something of everything, in prod and beside it."""
    for folder in ("prod", "prod/aws", "prod2"):
        parent, _slash, name = folder.rpartition("/")
        api.folder(name, parent)
    for path in ("prod/db", "prod/aws/db", "prod2/db", "db"):
        parent, _slash, name = path.rpartition("/")
        api.static(name, parent, password="value")
    api.dynamic("app", "prod/aws", type="azure")
    api.dynamic("other", "prod/aws", type="azure")
    api.integration("aws")
    return api


def assert_denied(api: Api, method: str, address: str, body: Any = None) -> None:
    assert_refused(api.send(method, address, body), 403, "forbidden")


def test_without_policies_nothing_is_allowed_and_without_enforcement_everything(
    filled: Api, ann: Api, control: Control
) -> None:
    assert ann.get("/session") == {"valid": True}
    for address in ("/static", "/static/db", "/folders", "/integrations", "/leases/app?folder=prod/aws"):
        assert_denied(ann, "GET", address)
    control.behave(enforce_policies=False)
    assert ann.get("/static/db")
    # Tokens of nobody are the site's own.
    control.behave(enforce_policies=True)
    assert filled.get("/static/db")


@pytest.mark.parametrize(("method", "address", "body", "action", "path"), OPERATIONS)
def test_each_operation_needs_its_action_in_a_policy(
    api: Api, ann: Api, platform: Platform, method: str, address: str, body: Any, action: str, path: str
) -> None:
    api.folder("prod")
    for type in ("aws", "azure"):
        api.integration(type)
    api.done("POST", "/integrations/aws/unused", {"roleArn": ROLE})
    for name in ("item", "gone"):
        api.folder(name, "prod")
        api.static(name, "prod", value="1")
        api.dynamic(name, "prod", type="azure")
    api.dynamic("leased", "prod", type="azure")
    for kind in ("folders", "static", "dynamic"):
        api.done("DELETE", f"/{kind}/gone?folder=prod")
    if "LEASE" in address:
        address = address.replace("LEASE", api.generate("leased", "prod")["leaseId"])
    resource = 'Folder::"prod"'
    if path.startswith("integrations/"):
        resource = f'Integration::"{path.partition("/")[2]}"'
    elif not path:
        resource = "Product"
    platform.put("all-but-it", cedar(*sorted(ALL_ACTIONS - {action}), on="Product"))
    assert_denied(ann, method, address, body)
    platform.delete("all-but-it")
    assert_denied(ann, method, address, body)
    platform.put("it", cedar(action, on=resource))
    ann.done(method, address, body)


@pytest.mark.smoke
def test_a_grant_on_a_folder_cascades_and_stops_at_its_border(filled: Api, ann: Api, platform: Platform) -> None:
    platform.put("ann", cedar("Viewer", on='Folder::"/prod"'))
    assert ann.get("/static/db", folder="prod")["secret"] == {"password": "value"}
    assert ann.get("/static/db", folder="prod/aws")["secret"] == {"password": "value"}
    assert ann.get("/folders/prod/metadata")["id"]
    assert ann.paths("/folders", path="prod") == ["prod/aws"]
    for address in ("/static/db", "/static/db?folder=prod2", "/folders", "/integrations", "/folders/prod2/metadata"):
        assert_denied(ann, "GET", address)


def test_a_grant_on_one_item_reaches_it_alone(filled: Api, ann: Api, platform: Platform) -> None:
    platform.put("ann", cedar("GenerateDynamicCredential", on='DynamicSecret::"prod/aws/app"'))
    assert ann.generate("app", "prod/aws")["leaseId"]
    assert_denied(ann, "POST", "/dynamic/other/generate?folder=prod/aws")
    assert_denied(ann, "GET", "/dynamic/app?folder=prod/aws")


def test_a_folder_and_a_secret_of_one_path_are_two_things(api: Api, ann: Api, platform: Platform) -> None:
    api.folder("prod")
    api.static("prod", value="1")
    api.dynamic("prod", type="azure")
    platform.put("ann", cedar("Viewer", on='Folder::"prod"'))
    assert ann.get("/folders/prod/metadata")
    assert_denied(ann, "GET", "/static/prod")
    assert_denied(ann, "GET", "/dynamic/prod")
    platform.put("ann", cedar("Owner", on='Secret::"prod"'))
    assert ann.get("/static/prod")
    assert_denied(ann, "GET", "/folders/prod/metadata")
    assert_denied(ann, "GET", "/dynamic/prod")


def test_a_value_without_its_metadata_and_metadata_without_the_value(filled: Api, ann: Api, platform: Platform) -> None:
    platform.put("ann", cedar("ReadSecret", on='Secret::"/prod/db"'))
    assert ann.get("/static/db", folder="prod") == {"path": "prod/db", "secret": {"password": "value"}}
    assert_denied(ann, "GET", "/static/db/metadata?folder=prod")
    platform.put("ann", cedar("ReadSecretMetadata", on='Secret::"/prod/db"'))
    assert ann.get("/static/db/metadata", folder="prod")["id"]
    assert_denied(ann, "GET", "/static/db?folder=prod")


@pytest.mark.smoke
def test_a_list_has_two_layers(filled: Api, ann: Api, platform: Platform) -> None:
    platform.put("row", cedar("ReadSecretMetadata", on='Secret::"prod/aws/db"'))
    assert_denied(ann, "GET", "/static?path=prod&recursive=true")
    platform.put("list", cedar("ListFolderContents", on='Folder::"prod"'))
    assert ann.paths("/static", path="prod", recursive="true") == ["prod/aws/db"]
    assert ann.paths("/static", path="prod") == []
    assert ann.paths("/dynamic", path="prod/aws") == []
    assert_denied(ann, "GET", "/static")


@pytest.mark.parametrize("role", ["Owner", "Viewer", "Lister"])
def test_roles_are_what_the_vendor_says(filled: Api, ann: Api, platform: Platform, role: str) -> None:
    platform.put("ann", cedar(role, on='Folder::"prod"'))
    assert ann.paths("/static", path="prod") == ["prod/db"]
    requests = {"ReadSecret": ("GET", "/static/db?folder=prod", None)}
    requests["UpdateSecret"] = ("PATCH", "/static/db?folder=prod", {"secret": {}})
    requests["GenerateDynamicCredential"] = ("POST", "/dynamic/app/generate?folder=prod/aws", None)
    for action, (method, address, body) in requests.items():
        if action in ROLES[role]:
            ann.done(method, address, body)
        else:
            assert_denied(ann, method, address, body)
    assert ("GenerateDynamicCredential" in ROLES[role]) is False


def test_whether_an_owner_generates_can_be_chosen(filled: Api, ann: Api, platform: Platform, control: Control) -> None:
    platform.put("ann", cedar("Owner", on='Folder::"prod"'))
    assert_denied(ann, "POST", "/dynamic/app/generate?folder=prod/aws")
    control.behave(owner_generates=True)
    assert ann.generate("app", "prod/aws")


def test_the_product_and_its_roles(filled: Api, ann: Api, platform: Platform) -> None:
    def allowed() -> list[str]:
        tried = ("GET /static", "GET /static/db", "GET /integrations", "POST /dynamic/app/generate?folder=prod/aws")
        return [one for one in tried if ann.send(*one.split()).ok]

    def product(role: str) -> str:
        return cedar("Lister", on="Product").replace(
            'WorkloadCredentials::Action::"Lister"', f'Pathfinder::Action::"{role}"'
        )

    platform.put("ann", product("Admin"))
    assert len(allowed()) == 4
    for role in ("Auditor", "StandardUser"):
        platform.put("ann", product(role))
        assert allowed() == []
    platform.put("ann", cedar("Lister", on="Product"))
    assert allowed() == ["GET /static", "GET /integrations"]
    platform.put("ann", cedar("ReadSecret", on="Product"))
    assert allowed() == ["GET /static/db"]


def test_only_the_product_that_is_checked_counts(filled: Api, ann: Api, platform: Platform) -> None:
    for id, denied in ((SITE, True), (f"wlc_{SITE}", False)):
        platform.put("ann", cedar("ListIntegrations", on=f'Product::"{id}"'))
        assert platform.status("ann") == "ACTIVE"
        assert ann.send("GET", "/integrations").ok is not denied


def test_an_integration_goes_by_its_bare_name(filled: Api, ann: Api, platform: Platform) -> None:
    platform.put("ann", cedar("ReadIntegration", on='Integration::"/aws/my-aws"'))
    assert_denied(ann, "GET", "/integrations/aws/my-aws")
    platform.put("ann", cedar("ReadIntegration", on='Integration::"my-aws"'))
    assert ann.get("/integrations/aws/my-aws")
    platform.put("ann", cedar("Owner", on='Folder::"/"'))
    assert_denied(ann, "GET", "/integrations/aws/my-aws")


def test_integrations_are_listed_by_row(filled: Api, ann: Api, platform: Platform) -> None:
    platform.put("list", cedar("ListIntegrations", on="Product"))
    assert ann.get("/integrations") == {"data": []}
    platform.put("row", cedar("ReadIntegrationMetadata", on='Integration::"my-aws"'))
    assert [one["name"] for one in ann.get("/integrations")["data"]] == ["my-aws"]


def test_an_action_on_what_it_is_never_checked_on_does_nothing(filled: Api, ann: Api, platform: Platform) -> None:
    platform.put("ann", cedar("ReadSecret", "ListIntegrations", on='DynamicSecret::"prod/aws/app"'))
    assert platform.status("ann") == "ACTIVE"
    assert_denied(ann, "GET", "/static/db?folder=prod")
    assert_denied(ann, "GET", "/integrations")


def test_two_policies_add_up_and_each_can_be_taken_away(filled: Api, ann: Api, platform: Platform) -> None:
    platform.put("read", cedar("ReadSecret", on='Secret::"prod/db"'))
    platform.put("update", cedar("UpdateSecret", on='Secret::"prod/db"'))
    ann.get("/static/db", folder="prod")
    ann.done("PATCH", "/static/db?folder=prod", {"secret": {}})
    platform.delete("read")
    assert_denied(ann, "GET", "/static/db?folder=prod")
    ann.done("PATCH", "/static/db?folder=prod", {"secret": {}})
    platform.put("read", cedar("ReadSecret", on='Secret::"prod/db"'))
    ann.get("/static/db", folder="prod")


def test_a_policy_for_what_is_not_made_yet_works_once_it_is(api: Api, ann: Api, platform: Platform) -> None:
    platform.put("ann", cedar("ReadSecret", on='Secret::"later"'))
    assert_denied(ann, "GET", "/static/later")
    api.static("later", value="1")
    assert ann.get("/static/later")


def test_policies_are_for_one_site_and_one_principal(
    filled: Api, ann: Api, platform: Platform, emulator: Emulator, control: Control
) -> None:
    Api(emulator, site=OTHER_SITE, token=OTHER_TOKEN).static("db")
    assert platform.put("ann", cedar("ReadSecret", on='Secret::"db"', site=OTHER_SITE))["status"] == "ACTIVE"
    assert_denied(ann, "GET", "/static/db")
    platform.put("ann", cedar("ReadSecret", on='Secret::"db"', principal='Pathfinder::User::Email::"Ann@example.com"'))
    assert_denied(ann, "GET", "/static/db")
    platform.put("ann", cedar("ReadSecret", on='Secret::"db"'))
    assert ann.get("/static/db")
    control.add_token("elsewhere", sites=[OTHER_SITE], user="ann@example.com")
    assert_denied(Api(emulator, token="elsewhere"), "GET", "/static/db")


@pytest.mark.parametrize(
    ("principal", "token"),
    [
        (f'Pathfinder::Workload::Id::"{WORKLOAD}"', {"workload": WORKLOAD}),
        ('Pathfinder::Group::"team"', {"user": "bob@example.com", "groups": ["other", "team"]}),
        ('Pathfinder::Group::"team"', {"groups": ["team"]}),
        ('Pathfinder::Role::"team"', {"user": "bob@example.com", "roles": ["team"]}),
    ],
)
def test_every_kind_of_principal(
    filled: Api, platform: Platform, emulator: Emulator, control: Control, principal: str, token: dict[str, Any]
) -> None:
    platform.put("team", cedar("ReadSecret", on='Secret::"db"', principal=principal))
    control.add_token("of-the-team", **token)
    assert Api(emulator, token="of-the-team").get("/static/db")
    control.add_token("of-another", user="team", groups=["Team"], roles=["role"])
    assert_denied(Api(emulator, token="of-another"), "GET", "/static/db")


def test_who_makes_a_folder_or_a_dynamic_secret_owns_it(
    filled: Api, ann: Api, platform: Platform, emulator: Emulator, control: Control
) -> None:
    platform.put("ann", cedar("CreateFolder", "CreateSecret", "CreateDynamicSecret", on='Folder::"prod"'))
    ann.folder("mine", "prod")
    ann.static("app", "prod/mine", value="1")
    assert ann.get("/static/app", folder="prod/mine")
    body = {**AZURE, "integrationName": "my-azure"}
    ann.done("POST", "/dynamic/mine?folder=prod", body)
    assert ann.get("/dynamic/mine", folder="prod")
    # What needs an action of its own, an owner has not; nor is the maker of a static secret its owner.
    assert_denied(ann, "POST", "/dynamic/mine/generate?folder=prod")
    ann.static("app", "prod", value="1")
    assert_denied(ann, "GET", "/static/app?folder=prod")
    control.add_token("of-bob", user="bob@example.com")
    assert_denied(Api(emulator, token="of-bob"), "GET", "/static/app?folder=prod/mine")
    platform.delete("ann")
    assert ann.get("/static/app", folder="prod/mine")
    ann.done("DELETE", "/folders/mine?folder=prod&permanent=true&recursive=true")
    assert_denied(ann, "GET", "/static/app?folder=prod/mine")


def test_leases_are_created_by_the_principal_whatever_the_token(
    filled: Api, platform: Platform, emulator: Emulator, control: Control
) -> None:
    principal = f'Pathfinder::Workload::Id::"{WORKLOAD}"'
    platform.put("app", cedar("GenerateDynamicCredential", on='Folder::"prod"', principal=principal))
    for token in ("first", "second"):
        control.add_token(token, workload=WORKLOAD)
        Api(emulator, token=token).generate("app", "prod/aws")
    leases = filled.get("/leases/app", folder="prod/aws")["data"]
    assert [lease["createdBy"] for lease in leases] == [WORKLOAD] * 2


def test_living_a_grant_comes_and_goes_after_the_status_says_so(
    filled: Api, ann: Api, platform: Platform, control: Control, time: Time
) -> None:
    control.behave(living=True, enforce_policies=True)
    denied = ann.send("GET", "/static/db")
    platform.put("ann", cedar("ReadSecret", on='Secret::"db"'))
    time.now += 0.6
    assert platform.status("ann") == "ACTIVE"
    assert ann.send("GET", "/static/db").json() == denied.json()
    assert denied.json() == {"message": "forbidden: caller cannot perform this action", "code": "forbidden"}
    control.advance(0.3)
    assert ann.get("/static/db")
    platform.delete("ann")
    time.now += 0.6
    assert platform.status("ann") == "DELETED"
    assert ann.get("/static/db")
    time.now += 0.3
    assert_denied(ann, "GET", "/static/db")


@pytest.mark.parametrize(
    "wrong",
    [
        {"user": "ann", "permissions": ["read"]},
        {"workload": WORKLOAD, "grants": [{"actions": ["ReadSecret"]}]},
        {"user": "ann", "workload": WORKLOAD},
        {"workload": "ci"},
    ],
)
def test_a_principal_has_no_other_rights(control: Control, wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="400|must|invalid_request"):
        control.add_token("wrong", **wrong)


def test_tokens_of_principals_can_be_given_at_the_start(time: Callable[[], float]) -> None:
    principals = [f"workload:{WORKLOAD}=of-a-workload", "user:ann@example.com=of=ann", "group:team=of-a-group"]
    fill = {"tokens": [{"token": "of-a-file", "roles": ["auditor"]}]}
    with Emulator([SITE], ["all"], principals=principals, fill=fill) as emulator:
        emulator.control.behave(enforce_policies=True)
        for token in ("of-a-workload", "of=ann", "of-a-group", "of-a-file"):
            assert_denied(Api(emulator, token=token), "GET", "/static")


@pytest.mark.parametrize(
    "wrong", ["ann", "user:ann", "user:=token", "user:ann=", "robot:ann=token", "workload:ci=token", "=", ""]
)
def test_what_is_no_principal_is_said_at_the_start(wrong: str) -> None:
    with pytest.raises(StartError, match="is no principal with a token"):
        Emulator([SITE], ["all"], principals=[wrong])


def test_the_catalogue_is_whole() -> None:
    assert sum(len(actions) for actions in CHECKED_ON.values()) == len(ALL_ACTIONS) == 40
