# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The resource of a refused request, and the policy that is nearest to it."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.community.workload_credentials.plugins.module_utils._access import nearest
from ansible_collections.community.workload_credentials.plugins.module_utils._access.actions import (
    DYNAMIC,
    FOLDER,
    INTEGRATION,
    PRODUCT,
    STATIC,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._access.cedar import (
    GROUP,
    WORKLOAD,
    Grant,
    Principal,
    Resource,
    render,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._access.identities import Identity
from ansible_collections.community.workload_credentials.plugins.module_utils._access.policies import Policy
from ansible_collections.community.workload_credentials.plugins.module_utils._api.errors import WorkloadCredentialsError
from ansible_collections.community.workload_credentials.plugins.module_utils._api.permissions import permission_for
from ansible_collections.community.workload_credentials.plugins.module_utils._spec import CONNECTION

from tests.support.connection import SITE

ADMIN = {"admin_site_id": SITE.replace("a", "b"), "admin_access_token": "personal-token"}
OPTIONS: dict[str, Any] = {
    **{name: option.get("default") for name, option in CONNECTION.items()},
    **ADMIN,
    "site_id": SITE.upper(),
}
GENERATE = ("POST", "/dynamic/app/generate?folder=prod")
REFUSAL = "POST /dynamic/app/generate?folder=prod: status 403. This token lacks GenerateDynamicCredential."


@pytest.mark.parametrize(
    ("method", "target", "resource"),
    [
        (*GENERATE, Resource(DYNAMIC, "prod/app")),
        ("GET", "/static/db?folder=prod%2Fdb", Resource(STATIC, "prod/db/db")),
        ("GET", "/static/top/metadata", Resource(STATIC, "top")),
        ("POST", "/static/db?folder=prod", Resource(FOLDER, "prod")),
        ("POST", "/folders/eu?folder=prod", Resource(FOLDER, "prod")),
        ("DELETE", "/folders/eu?folder=prod", Resource(FOLDER, "prod/eu")),
        ("GET", "/folders/eu/metadata?folder=prod", Resource(FOLDER, "prod/eu")),
        ("GET", "/dynamic?path=prod", Resource(FOLDER, "prod")),
        ("GET", "/folders", Resource(FOLDER)),
        ("GET", "/leases/app?folder=prod", Resource(DYNAMIC, "prod/app")),
        ("DELETE", "/leases/id/5f0c", None),
        ("GET", "/integrations", Resource(PRODUCT)),
        ("POST", "/integrations/aws/main", Resource(PRODUCT)),
        ("PATCH", "/integrations/aws/my%20aws", Resource(INTEGRATION, "my aws")),
    ],
)
def test_the_resource_on_which_a_requests_permission_is_checked(
    method: str, target: str, resource: Resource | None
) -> None:
    assert nearest.checked_resource(target, str(permission_for(method, target))) == resource


def policy(name: str, principal: Principal, resource: Resource, *actions: str) -> Policy:
    cedar = render(Grant(SITE, principal, actions, resource))
    return Policy.of({"name": name, "status": "ACTIVE", "cedar": cedar})


CI, OPS = Principal(WORKLOAD, "ci-id"), Principal(GROUP, "ops")
PROD = Resource(FOLDER, "prod")


@pytest.fixture
def policies(monkeypatch: pytest.MonkeyPatch) -> list[Policy]:
    """What the administration site shows; an identity ci is there."""
    found: list[Policy] = []
    identity = Identity.of({"identityId": "ci-id", "serviceName": "ci"})
    monkeypatch.setattr(nearest, "list_policies", lambda _client: found)
    monkeypatch.setattr(nearest, "list_identities", lambda _client: [identity])
    return found


def explained(text: str = REFUSAL, **changes: Any) -> str:
    return nearest.with_nearest_policy(text, [GENERATE], {**OPTIONS, **changes})


def test_the_callers_own_policy_comes_first_where_the_connection_says_who_asks(policies: list[Policy]) -> None:
    policies += [policy("near", OPS, PROD, "Viewer"), policy("own", CI, Resource(FOLDER), "Lister")]
    assert explained().endswith("the nearest is near (for group ops), which grants Viewer on the folder prod.")
    own = "the nearest is own (for workload ci), which grants Lister on the folder /."
    assert explained(service_name="ci").endswith(own)


def test_the_request_that_failed_is_explained_and_not_one_before_it(policies: list[Policy]) -> None:
    policies.append(policy("p", OPS, PROD, "CreateFolder"))
    read, write = ("GET", "/folders/new/metadata?folder=prod"), ("POST", "/folders/new?folder=prod")
    text = "POST /folders/new?folder=prod: status 403. It needs CreateFolder; ReadFolderMetadata lacks, too."
    assert "Policies that grant CreateFolder" in nearest.with_nearest_policy(text, [read, write], OPTIONS)


def test_some_of_many_that_would_do_are_named(policies: list[Policy]) -> None:
    policies += [policy(f"p{number}", OPS, PROD, "GenerateDynamicCredential") for number in range(5)]
    assert explained().endswith("p0 (for group ops); p1 (for group ops); p2 (for group ops); and 2 more.")


@pytest.mark.parametrize(
    ("text", "changes"),
    [
        ("GET /session: status 500.", {}),
        (REFUSAL, {"admin_site_id": None}),
        (REFUSAL, {"admin_access_token": None}),
        (REFUSAL, {"admin_site_id": "nonsense"}),
    ],
)
def test_other_errors_and_other_connections_stay_as_they_are(
    policies: list[Policy], text: str, changes: dict[str, Any]
) -> None:
    policies.append(policy("any", OPS, PROD, "Viewer"))
    assert explained() != REFUSAL
    assert explained(text, **changes) == text


def test_a_failing_administration_site_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(_client: Any) -> None:
        raise WorkloadCredentialsError("no answer")

    monkeypatch.setattr(nearest, "list_policies", failing)
    assert explained() == REFUSAL
