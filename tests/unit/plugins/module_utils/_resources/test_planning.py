# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Planning: from what was found and what is wanted alone, without a client, so that plans can be put together."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any, get_type_hints

import pytest
from ansible_collections.community.workload_credentials.plugins.module_utils._access.cedar import parse
from ansible_collections.community.workload_credentials.plugins.module_utils._access.identities import Identity
from ansible_collections.community.workload_credentials.plugins.module_utils._access.policies import Policy
from ansible_collections.community.workload_credentials.plugins.module_utils._api import client as wire
from ansible_collections.community.workload_credentials.plugins.module_utils._api.errors import StateError
from ansible_collections.community.workload_credentials.plugins.module_utils._api.paths import ResourcePath
from ansible_collections.community.workload_credentials.plugins.module_utils._change import Change
from ansible_collections.community.workload_credentials.plugins.module_utils._resources import (
    dynamic_secret,
    iam_policy,
    integration,
    lease,
    service_account_lease,
    static_secret,
    workload_identity,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._resources._parts.lifecycle import Place
from ansible_collections.community.workload_credentials.plugins.module_utils._resources._tree.listings import Lists
from ansible_collections.community.workload_credentials.plugins.module_utils._resources._tree.states import PresentTree
from ansible_collections.community.workload_credentials.plugins.module_utils._resources._tree.wanted import WantedTree
from ansible_collections.community.workload_credentials.plugins.module_utils._resources.index import MODULES, spec_of
from ansible_collections.community.workload_credentials.plugins.module_utils._run import validate

CONNECTION = {"site_id": "3b2d4a1e-0000-4000-8000-000000000001", "access_token": "token"}
ROLE = "arn:aws:iam::123456789012:role/service"
DEFINITION = {"type": "aws", "integration_name": "main", "role_arn": ROLE, "ttl": 900}
MAIN = {"metadata": {"id": "main-id"}}
PROD, APP, AWS = ResourcePath("", "prod"), ResourcePath("prod", "app"), ResourcePath("prod", "aws")
LIVING_AWS = {
    "config": {
        "type": "aws",
        "credentialType": "assumed_role",
        "roleArn": ROLE,
        "ttl": 900,
        "integrationId": "main-id",
    },
    "metadata": {"tags": {"team": "ops"}},
}
LIVING = {"id": "00000000-0000-4000-8000-000000000001", "dynamic_secret_type": "azure", "seconds_left": 9}
ABSENT = {"state": "absent"}


@pytest.fixture(autouse=True)
def _no_client(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nobody can talk to anybody."""

    def refused(*_arguments: object, **_options: object) -> None:
        raise AssertionError("a plan has made a client")

    monkeypatch.setattr(wire.Client, "__init__", refused)
    return iter((None,))


def planned(module: str, found: Any, **wanted: Any) -> Change:
    """The module's plan for these options."""
    spec = spec_of(module)
    assert spec.plan is not None
    connection = CONNECTION if spec.connect is None else {}
    return spec.plan(found, validate(spec, module, {**connection, **wanted}))


def sent(*changes: Change) -> list[str]:
    """The writes of plans, one after another."""
    return [f"{request.method} {request.target}" for change in changes for request in change.requests]


def living(kind: str, path: ResourcePath, resource: dict[str, Any]) -> Place:
    return Place(kind, path, resource)


SITE, ORGANIZATION = CONNECTION["site_id"], "3b2d4a1e-0000-4000-8000-000000000002"
REGISTERED = Identity.of(
    {
        "identityId": "one",
        "serviceName": "ci",
        "issuerUrl": "https://issuer.example.com",
        "idpCategory": "Custom",
        "siteId": SITE,
        "registeredScopes": ["secrets"],
    }
)
IDENTITY_FOUND = workload_identity.ExistingIdentity(REGISTERED, SITE, ORGANIZATION)
READS = (
    f'@siteId("{SITE}")permit(principal == Pathfinder::Group::"ops", action == WorkloadCredentials::Action::"Viewer", '
    'resource == WorkloadCredentials::Folder::"/prod");'
)
READER = {"name": "ops", "principal": {"group": "ops"}, "grant": "Viewer", "resource": {"folder": "prod"}}
POLICY_FOUND = iam_policy.PolicyState(Policy("ops", "ACTIVE", READS, {}), parse(READS), SITE)
LEAVING_FOUND = dataclasses.replace(POLICY_FOUND, policy=Policy("ops", "PENDING_UNBIND", READS, {}))
ODD_FOUND = dataclasses.replace(POLICY_FOUND, policy=Policy("ops", "ACTIVE", "permit(nobody, knows, this);", {}))

STATIC = {"secret": {"a": "old", "b": "2"}, "metadata": {"version": 3}}
STATIC_FOUND = static_secret.ExistingSecret(living("static", APP, STATIC), STATIC["secret"], {"a": "older"})
AWS_FOUND = dynamic_secret.ExistingDefinition(living("dynamic", AWS, LIVING_AWS), LIVING_AWS["metadata"], MAIN)
EMPTY_TREE = WantedTree("prod", {}, frozenset(), 50, 8, common={"on_deleted": "restore", "permanent": False})
# Module, what was found, what is wanted, what would be sent.
CASES: list[tuple[str, Any, dict[str, Any], list[str]]] = [
    ("folder", Place("folders", PROD), {"path": "prod"}, ["POST /folders/prod"]),
    ("folder", Place("folders", PROD, deleted=PROD), {"path": "prod"}, ["POST /folders/prod/restore"]),
    ("folder", Place("folders", PROD), {"path": "prod", **ABSENT}, []),
    ("folder", living("folders", PROD, {"tags": {}}), {"path": "prod", **ABSENT}, ["DELETE /folders/prod"]),
    ("static_secret", STATIC_FOUND, {"path": "prod/app", "version": 1}, ["PATCH /static/app?folder=prod"]),
    ("static_secret", STATIC_FOUND, {"path": "prod/app", "secret": {"a": "old"}}, []),
    ("static_secret", STATIC_FOUND, {"path": "prod/app", **ABSENT}, ["DELETE /static/app?folder=prod"]),
    ("dynamic_secret", AWS_FOUND, {"path": "prod/aws", **DEFINITION}, []),
    ("dynamic_secret", AWS_FOUND, {"path": "prod/aws", **DEFINITION, "ttl": 901}, ["PATCH /dynamic/aws?folder=prod"]),
    (
        "dynamic_secret",
        dataclasses.replace(AWS_FOUND, integration={"metadata": {"id": "another"}}, integration_name="main"),
        {"path": "prod/aws", **DEFINITION, "recreate": True},
        [
            "DELETE /dynamic/aws?folder=prod&permanent=true",
            "POST /dynamic/aws?folder=prod",
            "PATCH /dynamic/aws/metadata/tags?folder=prod",
        ],
    ),
    (
        "integration",
        integration.ExistingIntegration(None),
        {"type": "aws", "name": "main", "role_arn": ROLE},
        ["POST /integrations/aws/main"],
    ),
    (
        "integration",
        integration.ExistingIntegration({"config": {"roleArn": ROLE}}),
        {"type": "aws", "name": "main", "role_arn": ROLE},
        [],
    ),
    ("tree", PresentTree(EMPTY_TREE, Lists({})), {"root": "prod"}, []),
    ("lease", lease.SelectedLeases([]), {"lease_id": [LIVING["id"]]}, []),
    ("dynamic_credentials", None, {"path": "prod/aws"}, ["POST /dynamic/aws/generate?folder=prod"]),
    ("service_account_lease", service_account_lease.SelectedAccountLeases([]), {"name": "ci"}, []),
    ("service_account_token", None, {"name": "ci", "namespace": "apps"}, []),
    ("workload_identity", IDENTITY_FOUND, {"service_name": "ci"}, []),
    (
        "workload_identity",
        IDENTITY_FOUND,
        {"service_name": "ci", "idp_category": "AzureEntra", "recreate": True},
        ["DELETE /auth/workload-identities/one", "POST /auth/workload-identities"],
    ),
    ("workload_identity", IDENTITY_FOUND, {"service_name": "ci", **ABSENT}, ["DELETE /auth/workload-identities/one"]),
    ("iam_policy", POLICY_FOUND, READER, []),
    ("iam_policy", dataclasses.replace(POLICY_FOUND, policy=None), READER, ["PUT /iam/policies/ops"]),
    (
        "iam_policy",
        dataclasses.replace(POLICY_FOUND, wanted=None),
        {"name": "ops", **ABSENT},
        ["DELETE /iam/policies/ops"],
    ),
    ("iam_policy", ODD_FOUND, {**READER, "replace": True}, ["PUT /iam/policies/ops"]),
    ("iam_policy", LEAVING_FOUND, READER, ["PUT /iam/policies/ops"]),
    ("iam_policy", dataclasses.replace(LEAVING_FOUND, wanted=None), {"name": "ops", "wait": False, **ABSENT}, []),
]


@pytest.mark.parametrize(("module", "found", "wanted", "requests"), CASES)
def test_a_plan_is_made_without_a_client(module: str, found: Any, wanted: dict[str, Any], requests: list[str]) -> None:
    change = planned(module, found, **wanted)
    assert sent(change) == requests
    assert change.changes == bool(requests or change.first)


def test_a_policy_that_nobody_understands_is_replaced_only_when_that_is_said() -> None:
    with pytest.raises(StateError, match="its text is not understood .@siteId"):
        planned("iam_policy", ODD_FOUND, **READER)


def test_an_option_with_the_name_of_one_of_the_connections_is_not_the_connections() -> None:
    spec = spec_of("workload_identity")
    parameters = validate(spec, "workload_identity", {**CONNECTION, "service_name": "a service"})
    assert parameters["service_name"] == "a service"
    assert spec.connected_by(parameters)["service_name"] is None
    assert spec_of("iam_policy").connected_by({**parameters, "service_name": "asking"})["service_name"] == "asking"


@pytest.mark.parametrize("module", MODULES)
def test_every_module_either_reads_or_plans_from_a_value(module: str) -> None:
    spec = spec_of(module)
    if spec.plan is None:
        assert spec.read is not None
        return
    assert spec.read is None
    found, parameters, result = get_type_hints(spec.plan).items()
    assert (parameters[0], result[1]) == ("parameters", Change)
    assert module in {case[0] for case in CASES}
    if spec.look is None:
        assert found[1] is type(None)
        return
    assert get_type_hints(spec.look)["return"] is found[1]
    assert found[1].__dataclass_params__.frozen
    assert wire.Client not in get_type_hints(found[1]).values()


def test_a_tree_is_planned_before_any_of_it_is_there() -> None:
    """What a folder's plan makes is taken as found by those below it."""
    folder = planned("folder", Place("folders", ResourcePath("prod", "eu"), lacking=(PROD,)), path="prod/eu")
    secret = static_secret.ExistingSecret(Place("static", ResourcePath("prod/eu", "app")))
    definition = dynamic_secret.ExistingDefinition(Place("dynamic", ResourcePath("prod/eu", "aws")), integration=MAIN)
    below = [
        planned("static_secret", secret, path="prod/eu/app", secret={"user": "app"}, tags={"team": "ops"}),
        planned("dynamic_secret", definition, path="prod/eu/aws", **DEFINITION),
    ]
    assert sent(folder, *below) == [
        "POST /folders/prod",
        "POST /folders/eu?folder=prod",
        "POST /static/app?folder=prod%2Feu",
        "PATCH /static/app/metadata/tags?folder=prod%2Feu",
        "POST /dynamic/aws?folder=prod%2Feu",
    ]
    assert [change.missing for change in (folder, *below)] == [(), (), ()]
    shown = [change.after["path"] for change in (folder, *below) if change.after]
    assert shown == ["prod/eu", "prod/eu/app", "prod/eu/aws"]
    assert below[1].predicted["dynamic_secret"]["config"]["role_arn"] == ROLE


def test_what_is_lacking_is_named_by_the_plan() -> None:
    place = Place("static", APP, lacking=(PROD,))
    (missing,) = planned(
        "static_secret", static_secret.ExistingSecret(place), path="prod/app", secret={"a": "b"}
    ).missing
    assert missing.startswith("prod/app: there is no folder prod. Create it first")
    definition = dynamic_secret.ExistingDefinition(Place("dynamic", AWS))
    assert planned("dynamic_secret", definition, path="prod/aws", **DEFINITION).missing == (
        "integration_name: there is no aws integration 'main'.",
    )


def test_leases_in_the_way_of_a_deletion_are_a_matter_of_the_plan() -> None:
    found = dataclasses.replace(AWS_FOUND, leases=[LIVING])
    with pytest.raises(StateError, match="revoke_leases=true"):
        planned("dynamic_secret", found, path="prod/aws", **ABSENT)
    removal = planned("dynamic_secret", found, path="prod/aws", **ABSENT, revoke_leases=True)
    assert removal.first is not None
    assert sent(removal) == ["DELETE /dynamic/aws?folder=prod"]
    ending = planned("lease", lease.SelectedLeases([LIVING]), lease_id=[LIVING["id"]])
    assert ending.first is not None
    assert ending.predicted == {"revoked": [LIVING["id"]], "not_revocable": []}
