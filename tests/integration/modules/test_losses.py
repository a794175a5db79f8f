# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is removed for good to make room, when what should take its place then fails: the message names it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.integration.modules.scenarios import COLLECTION
from tests.support.definitions import ROLE, UUIDS, do, failure
from tests.support.plays import Plays
from tests.support.represented import represented
from tests.support.site import TOKEN, Site

pytestmark = pytest.mark.one_core

GONE, NOT_MADE, UNKNOWN = (
    "this was deleted permanently",
    "The new one was not created",
    "The current state is not known",
)
MADE, PERHAPS = "The new one was created", "This may have been deleted permanently"
POLICY = '{"Version": "2012-10-17"}'


@dataclass(frozen=True)
class Case:
    """A fault at one request of a recreation.

    :arg at: what follows the definition's name in the path.
    :arg makes: whether the wanted definition is there at the end; None: no definition is.
    """

    name: str
    says: tuple[str, ...]
    kind: str = "status"
    method: str = "POST"
    at: str = ""
    makes: bool | None = None
    more: dict[str, Any] = field(default_factory=dict)


CASES = [
    Case("refused", ("status 400", GONE, NOT_MADE), more={"status": 400}),
    Case(
        "provider",
        ("aws_credential_validation_failed", GONE, NOT_MADE),
        more={"status": 502, "code": "aws_credential_validation_failed"},
    ),
    Case("breakdown", ("status 500", GONE, UNKNOWN), more={"status": 500}),
    Case("conflict", ("status 409", GONE, UNKNOWN), more={"status": 409}),
    Case("unsent", ("POST", GONE, UNKNOWN), kind="drop_before"),
    Case("unheard", ("POST", GONE, UNKNOWN), kind="drop_after", makes=True),
    Case("untagged", ("status 403", GONE, MADE), method="PATCH", at="/metadata/tags", makes=True, more={"status": 403}),
    Case("kept", ("status 403",), method="DELETE", makes=False, more={"status": 403}),
    Case("perhaps", ("DELETE", PERHAPS, UNKNOWN), kind="drop_after", method="DELETE"),
]


@pytest.fixture
def definitions(site: Site) -> Site:
    """A definition for each case, and its fault."""
    do(site, "folder", path="prod")
    for name in ("first", "second"):
        do(site, "integration", type="aws", name=name, role_arn=ROLE)
    for case in CASES:
        do(site, "dynamic_secret", **options(case, "first"), external_id="ext-1", policy=POLICY, tags={"Team": "ops"})
        path = rf"/dynamic/{case.name}{case.at}(\?|$)"
        site.fault(case.kind, method=case.method, path=path, **case.more)
    return site


def options(case: Case, integration: str) -> dict[str, Any]:
    own = {"path": f"prod/{case.name}", "type": "aws", "integration_name": integration}
    return {**own, "role_arn": ROLE, "ttl": 900}


@pytest.mark.parametrize("as_module", represented([False, True], by=[False]))
def test_a_failed_recreation_names_what_it_removed(definitions: Site, plays: Plays, as_module: bool) -> None:
    site = definitions
    tasks = [
        {
            "name": case.name,
            f"{COLLECTION}.dynamic_secret": {**options(case, "second"), "recreate": True, "retries": 0},
        }
        for case in CASES
    ]
    outcome = plays.tasks(tasks, as_module=as_module, arguments=("-vvv",))
    site.close()
    # What another run has just written is looked at from here.
    site.behave(read_lag=0)
    assert TOKEN not in outcome.output
    integrations = {one["name"]: one["id"] for one in do(site, "integration_info")["integrations"]}
    for case, result in zip(CASES, outcome.results, strict=True):
        message = result["msg"]
        assert result["failed"], case
        assert all(words in message for words in case.says), (case, message)
        assert (GONE in message or PERHAPS in message) == (case.makes is not False), (case, message)
        found = do(site, "dynamic_secret_info", path=f"prod/{case.name}")["dynamic_secrets"]
        wanted = {None: [], True: [integrations["second"]], False: [integrations["first"]]}[case.makes]
        assert [one["config"]["integration_id"] for one in found] == wanted, (case, message)
    again = json.loads("{" + outcome.results[0]["msg"].split("{", 1)[1].rpartition("}")[0] + "}")
    assert do(site, "dynamic_secret", **again)["changed"]
    assert not do(
        site, "dynamic_secret", **options(CASES[0], "first"), external_id="ext-1", policy=POLICY, tags={"Team": "ops"}
    )["changed"]


def test_who_may_not_list_integrations_is_told_the_id(definitions: Site) -> None:
    site = definitions
    ids = {one["name"]: one["id"] for one in do(site, "integration_info")["integrations"]}
    site.fault("status", method="GET", path=r"/integrations/aws(\?|$)", status=403)
    message = failure(site, "dynamic_secret", **options(CASES[0], "second"), recreate=True, retries=0)
    assert f'"integration_id": "{ids["first"]}"' in message
    assert NOT_MADE in message


@pytest.mark.parametrize(
    ("module", "arguments", "what"),
    [
        ("folder", {"path": "prod/x"}, "the deleted folder prod/x"),
        ("folder", {"path": "prod/x/inner"}, "the deleted folder prod/x"),
        ("static_secret", {"path": "prod/x", "secret": {"a": "canary-new"}}, "the deleted static secret prod/x"),
        (
            "dynamic_secret",
            {"path": "prod/x", "type": "aws", "integration_name": "first", "role_arn": ROLE, "ttl": 900},
            "the deleted dynamic secret prod/x",
        ),
    ],
)
def test_a_failed_replacement_names_what_it_removed(
    definitions: Site, module: str, arguments: dict[str, Any], what: str
) -> None:
    site = definitions
    present = {**arguments, "path": "prod/x"}
    do(site, module, **present)
    do(site, module, path="prod/x", state="absent")
    site.fault("status", method="POST", path="/[a-z]*/x", status=400)
    message = failure(site, module, **arguments, on_deleted="replace")
    assert f"{what}, which could have been restored" in message
    assert GONE in message
    assert NOT_MADE in message
    assert "canary" not in message


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("role_arn", "arn:aws:iam::1:role/x"),
        ("role_arn", "x"),
        ("policy_arns", ["arn:aws:iam::aws:policy/A", ""]),
        ("policy_arns", ["arn:aws:iam::aws:group/A"]),
        ("external_id", "x"),
        ("external_id", "with space"),
        ("groups", ["ok", "not ok"]),
        ("policy", "[]"),
        ("aws_tags", {"k" * 129: "v"}),
        ("ttl", 899),
        ("integration_name", "nowhere"),
        ("tags", {str(number): "x" for number in range(50)}),
    ],
)
def test_what_would_be_refused_is_found_before_anything_is_removed(definitions: Site, option: str, value: Any) -> None:
    site = definitions
    site.forget()
    wanted = {**options(CASES[0], "second"), option: value}
    assert option in failure(site, "dynamic_secret", **wanted, recreate=True)
    assert site.writes() == []


def test_an_object_id_is_a_uuid(definitions: Site) -> None:
    site = definitions
    azure = {"tenant_id": UUIDS[0], "client_id": UUIDS[1], "client_secret": "canary-azure"}
    do(site, "integration", type="azure", name="az", **azure)
    site.forget()
    wanted = {"path": "prod/refused", "type": "azure", "integration_name": "az", "ttl": 3600}
    assert "application_object_id" in failure(
        site, "dynamic_secret", **wanted, application_object_id="app", recreate=True
    )
    assert site.writes() == []
