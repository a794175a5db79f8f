# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who reaches what, and what is probably not intended."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.community.workload_credentials.plugins.module_utils._access.actions import (
    DYNAMIC,
    FOLDER,
    GENERATE,
    PRODUCT,
    STATIC,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._access.cedar import (
    GROUP,
    USER,
    WORKLOAD,
    Grant,
    Principal,
    Resource,
    render,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._access.identities import Identity
from ansible_collections.community.workload_credentials.plugins.module_utils._access.model import (
    DISPUTED,
    MEMBERSHIP,
    NO_TREE,
    PARTIAL_TREE,
    Model,
    concerns,
    findings,
    not_shown,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._access.policies import Policy

from tests.support.connection import SITE

OTHER_SITE = SITE.replace("a", "b")
PROD, APP, DB = Resource(FOLDER, "prod"), Resource(DYNAMIC, "prod/app"), Resource(STATIC, "prod/db")
ALL = Resource(PRODUCT)
TREE = [PROD, APP, DB]
CI, ANN, OPS = Principal(WORKLOAD, "ci-id"), Principal(USER, "ann@example.com"), Principal(GROUP, "ops")
IDENTITY = Identity.of(
    {"identityId": "ci-id", "serviceName": "ci", "siteId": SITE, "registeredScopes": ["secrets"]},
)


def policy(principal: Principal, resource: Resource, *actions: str, status: str = "ACTIVE", site: str = SITE) -> Policy:
    cedar = render(Grant(site, principal, actions, resource))
    name = f"{principal.kind}-{resource.kind}-{actions[0]}"
    return Policy.of({"name": name, "status": status, "cedar": cedar})


def model(*policies: Policy, **changes: Any) -> Model:
    return Model(**{"site": SITE, "policies": policies, "identities": [IDENTITY], "tree": TREE, **changes})


def kinds(one: Model) -> list[str]:
    return [finding.kind for finding in findings(one)]


def test_access_names_each_policy_that_says_so_and_where_it_was_granted() -> None:
    one = model(policy(CI, PROD, "Viewer"), policy(CI, APP, GENERATE), policy(OPS, ALL, "Admin"))
    ops, ci = one.access_to([APP])
    assert (ops.principal, ci.principal) == (OPS, CI)
    shown = one.shown(ci)
    assert shown["principal"] == {"kind": "workload", "id": "ci-id", "name": "ci"}
    assert shown["may"] == ["read", "generate", "browse"]
    assert [(source["name"], source["inherited"]) for source in shown["policies"]] == [
        ("workload-folder-Viewer", True),
        (f"workload-dynamic_secret-{GENERATE}", False),
    ]


def test_a_principal_reaches_what_is_below_its_folder_and_nothing_else() -> None:
    one = model(policy(CI, PROD, "Viewer"), policy(ANN, DB, "ReadSecret"))
    assert {access.resource for access in one.access_of([CI.key])} == {PROD, APP, DB}
    assert {access.resource for access in one.access_of([ANN.key])} == {DB}


def test_generating_by_owner_alone_is_disputed_and_not_counted() -> None:
    one = model(policy(CI, PROD, "Owner"))
    (access,) = one.access_to([APP])
    assert access.disputed == {GENERATE}
    assert "generate" not in one.shown(access)["may"]
    (both,) = model(policy(CI, PROD, "Owner"), policy(CI, APP, GENERATE)).access_to([APP])
    assert both.disputed == set()
    assert GENERATE in both.actions


@pytest.mark.parametrize(
    ("without", "changes"),
    [
        (policy(CI, APP, GENERATE, status="WAITING_FOR_RESOURCE"), {}),
        (policy(CI, APP, GENERATE, status="DELETED"), {}),
        (policy(CI, APP, GENERATE, site=OTHER_SITE), {}),
        (policy(CI, APP, "ReadSecret"), {}),
    ],
)
def test_only_policies_in_force_for_this_site_count(without: Policy, changes: dict[str, Any]) -> None:
    assert model(policy(CI, APP, GENERATE)).access_to([APP])
    assert model(without, **changes).access_to([APP]) == []


LISTING = policy(CI, PROD, "Lister")


@pytest.mark.parametrize(
    ("policies", "found"),
    [
        ([LISTING, policy(Principal(WORKLOAD, "gone"), APP, GENERATE)], ["unknown_identity"]),
        ([LISTING, policy(OPS, ALL, "Admin")], ["product_admin"]),
        ([LISTING, policy(ANN, APP, GENERATE, status="WAITING_FOR_RESOURCE")], ["not_in_force"]),
        ([LISTING, policy(ANN, Resource(FOLDER, "gone"), "Viewer")], ["missing_path"]),
        ([LISTING, policy(ANN, DB, "ReadSecret")], ["read_without_browse"]),
        ([LISTING, policy(ANN, DB, "ReadSecret"), policy(ANN, PROD, "Lister")], []),
        ([policy(ANN, PROD, "Lister")], ["identity_without_grant"]),
        ([LISTING, Policy("odd", "ACTIVE", "permit(x);", {"site": SITE})], ["not_understood"]),
        ([LISTING, Policy("odd", "ACTIVE", "permit(x);", {"site": OTHER_SITE})], []),
        ([LISTING], []),
    ],
)
def test_findings(policies: list[Policy], found: list[str]) -> None:
    assert kinds(model(*policies)) == found


def test_a_policy_that_is_not_understood_may_be_about_each_path_and_principal() -> None:
    odd, waiting = findings(
        model(
            LISTING,
            Policy("odd", "ACTIVE", "permit(x);", {"site": SITE}),
            policy(ANN, APP, GENERATE, status="PENDING_BIND"),
        )
    )[::-1]
    assert (odd.kind, waiting.kind) == ("not_understood", "not_in_force")
    assert concerns(odd, [DB], ())
    assert concerns(odd, (), [OPS.key])
    assert not concerns(waiting, [DB], ())
    assert not concerns(waiting, (), [OPS.key])


def test_a_policy_for_an_identity_of_another_site_is_found() -> None:
    elsewhere = Identity.of(
        {"identityId": "x", "serviceName": "x", "siteId": OTHER_SITE, "registeredScopes": ["secrets"]}
    )
    one = model(LISTING, policy(Principal(WORKLOAD, "x"), PROD, "Lister"), identities=[IDENTITY, elsewhere])
    assert kinds(one) == ["identity_of_another_site"]


def test_what_the_service_does_not_show_is_in_every_answer() -> None:
    assert not_shown(model()) == [MEMBERSHIP, DISPUTED, PARTIAL_TREE]
    groups = model(policy(OPS, PROD, "Viewer"), tree=None)
    assert not_shown(groups) == [MEMBERSHIP, "The members of group ops are not listed.", DISPUTED, NO_TREE]


def test_without_the_tree_what_policies_name_counts_as_there() -> None:
    one = model(LISTING, policy(ANN, Resource(STATIC, "prod/x"), "ReadSecret"), tree=None)
    assert Resource(STATIC, "prod/x") in one.resources
    assert "missing_path" not in kinds(one)
