# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a grant reaches, with which actions; and what surely is a slip."""

from __future__ import annotations

import pytest
from ansible_collections.community.workload_credentials.plugins.module_utils._access.actions import (
    ACTIONS,
    DYNAMIC,
    EVERY_ACTION,
    FOLDER,
    GENERATE,
    INTEGRATION,
    PRODUCT,
    ROLES,
    STATIC,
    abilities,
    slips,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._access.cascade import (
    covers,
    disputed_on,
    distance,
    granted_on,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._access.cedar import (
    Grant,
    Principal,
    Resource,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._api.permissions import permission_for

from tests.support.connection import SITE

TOP, PROD, APP = Resource(FOLDER), Resource(FOLDER, "prod"), Resource(DYNAMIC, "prod/aws/app")
MAIN, ALL = Resource(INTEGRATION, "main"), Resource(PRODUCT)


@pytest.mark.parametrize(
    ("granted", "target", "is_covered"),
    [
        (PROD, PROD, True),
        (PROD, APP, True),
        (PROD, Resource(FOLDER, "prod/aws"), True),
        (PROD, Resource(STATIC, "production/app"), False),
        (PROD, Resource(STATIC, "prod"), False),
        (PROD, TOP, False),
        (TOP, APP, True),
        (TOP, MAIN, False),
        (PROD, MAIN, False),
        (APP, PROD, False),
        (APP, Resource(STATIC, "prod/aws/app"), False),
        (ALL, MAIN, True),
        (ALL, APP, True),
        (MAIN, ALL, False),
    ],
)
def test_grants_cascade_down_folders_and_from_the_product(
    granted: Resource, target: Resource, is_covered: bool
) -> None:
    assert covers(granted, target) is is_covered


def grant(resource: Resource, *actions: str) -> Grant:
    return Grant(SITE, Principal("user", "a@example.com"), actions, resource)


def test_an_action_counts_where_it_is_checked() -> None:
    both = grant(PROD, GENERATE, "ReadSecret")
    assert granted_on(both, APP) == {GENERATE}
    assert granted_on(both, Resource(STATIC, "prod/x")) == {"ReadSecret"}
    assert granted_on(both, PROD) == set()


def test_roles_are_expanded() -> None:
    assert "ReadDynamicSecret" in granted_on(grant(PROD, "Viewer"), APP)
    assert "ReadDynamicSecret" not in granted_on(grant(PROD, "Lister"), APP)
    assert granted_on(grant(ALL, "Admin"), APP) == ACTIONS[DYNAMIC]
    assert granted_on(grant(ALL, "Admin"), ALL) == ACTIONS[PRODUCT]
    assert granted_on(grant(ALL, "StandardUser"), APP) == set()


def test_owner_does_not_count_for_generating_and_is_called_disputed() -> None:
    owner = grant(PROD, "Owner")
    assert granted_on(owner, APP) == ACTIONS[DYNAMIC] - {GENERATE}
    assert disputed_on(owner, APP) == {GENERATE}
    assert disputed_on(grant(PROD, "Owner", GENERATE), APP) == set()
    assert disputed_on(owner, PROD) == set()


def test_every_permission_of_a_request_is_an_action() -> None:
    for method, target in (
        ("GET", "/folders?path=x"),
        ("POST", "/dynamic/app/generate?folder=x"),
        ("DELETE", "/leases/id/x"),
        ("GET", "/static/x/metadata"),
        ("DELETE", "/folders/x?permanent=true&recursive=true"),
        ("GET", "/integrations/aws/x/dynamic"),
    ):
        assert permission_for(method, target) in EVERY_ACTION


@pytest.mark.parametrize(
    ("actions", "found"),
    [
        (["ReadSecret", "UpdateSecret"], ["read", "write"]),
        (["Viewer"], ["read", "browse"]),
        (["Lister"], ["browse"]),
        ([GENERATE, "RevokeLease"], ["generate", "write"]),
        (["Admin"], ["read", "generate", "browse", "write"]),
        (["Auditor"], []),
        (["NeverHeardOf"], []),
    ],
)
def test_what_actions_amount_to(actions: list[str], found: list[str]) -> None:
    assert abilities(actions) == found


@pytest.mark.parametrize(
    ("actions", "kind", "says"),
    [
        ([GENERATE], STATIC, "never checked on a static secret"),
        (["CreateIntegration"], FOLDER, "never checked on a folder or below it"),
        (["Owner"], PRODUCT, "Owner cannot be granted on the product, only on: folder, static secret, dynamic secret"),
        (["Admin"], FOLDER, "Admin cannot be granted on a folder, only on: product"),
        (["Admin"], PRODUCT, "full control of everything"),
        (["Owner"], DYNAMIC, "may not include generating"),
        (["Owner"], FOLDER, "may not include generating"),
        (["can_read_secret"], STATIC, "no known action"),
    ],
)
def test_a_slip_is_told(actions: list[str], kind: str, says: str) -> None:
    (sentence,) = slips(actions, kind)
    assert says in sentence


@pytest.mark.parametrize(
    ("actions", "kind"),
    [
        ([GENERATE], DYNAMIC),
        ([GENERATE, "ReadSecret"], FOLDER),
        (["Owner"], INTEGRATION),
        (["Owner"], STATIC),
        (["Owner", GENERATE], FOLDER),
        (["Viewer"], PRODUCT),
    ],
)
def test_what_may_be_meant_is_no_slip(actions: list[str], kind: str) -> None:
    assert slips(actions, kind) == []


def test_each_role_holds_known_actions_only() -> None:
    assert all(actions <= EVERY_ACTION for actions in ROLES.values())


def test_the_nearer_a_grant_the_smaller_its_distance() -> None:
    places = [APP, Resource(FOLDER, "prod/aws"), PROD, TOP, Resource(FOLDER, "test/aws"), MAIN]
    distances = [distance(place, APP) for place in places]
    assert distances == sorted(distances)
    assert distances[0] == 0
