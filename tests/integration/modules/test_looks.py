# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is read before a plan is made, and plans put together that are made of found values."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.community.workload_credentials.plugins.module_utils._api.errors import WorkloadCredentialsError
from ansible_collections.community.workload_credentials.plugins.module_utils._api.paths import ResourcePath
from ansible_collections.community.workload_credentials.plugins.module_utils._resources import (
    dynamic_secret,
    static_secret,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._resources._parts.lifecycle import Place
from ansible_collections.community.workload_credentials.plugins.module_utils._resources.index import spec_of
from ansible_collections.community.workload_credentials.plugins.module_utils._run import validate

from tests.support.definitions import ROLE, do, failure, populate
from tests.support.site import Site

pytestmark = pytest.mark.one_core


# It sends what it planned past the client, which then knows nothing of a lag.
@pytest.mark.document
def test_what_is_planned_from_found_values_is_what_the_modules_want(site: Site) -> None:
    populate(site)
    wanted: dict[str, dict[str, Any]] = {
        "folder": {"path": "eu", "tags": {"team": "ops"}},
        "static_secret": {"path": "eu/app", "secret": {"user": "app"}, "tags": {"team": "ops"}},
        "dynamic_secret": {"path": "eu/aws", "type": "aws", "integration_name": "main", "role_arn": ROLE, "ttl": 900},
    }
    connection = {"site_id": site.site_id, "access_token": "not used"}
    parameters = {name: validate(spec_of(name), name, {**connection, **one}) for name, one in wanted.items()}
    client = site.client()
    integration = spec_of("integration").look
    assert integration is not None
    main = integration(
        client, validate(spec_of("integration"), "integration", {**connection, "type": "aws", "name": "main"})
    )
    look = spec_of("folder").look
    assert look is not None
    found = {
        "folder": look(client, parameters["folder"]),
        # Below a folder that is not there nothing has to be looked for.
        "static_secret": static_secret.ExistingSecret(Place("static", ResourcePath("eu", "app"))),
        "dynamic_secret": dynamic_secret.ExistingDefinition(
            Place("dynamic", ResourcePath("eu", "aws")), integration=main.living
        ),
    }
    read = site.requests()
    plans = {name: spec_of(name).plan for name in wanted}
    changes = [plan(found[name], parameters[name]) for name, plan in plans.items() if plan]
    assert site.requests() == read
    for request in (one for change in changes for one in change.requests):
        client.send(request)
    site.forget()
    for module, one in wanted.items():
        assert not do(site, module, **one)["changed"], module
    assert site.writes() == []


def test_below_deleted_folders_the_outermost_is_named_whose_restoring_brings_back_all(site: Site) -> None:
    do(site, "folder", path="eu/west/app")
    do(site, "folder", path="eu", state="absent", recursive=True)
    secret = {"path": "eu/west/app/one", "secret": {"a": "b"}}
    assert "eu/west/app/one: its folder eu is deleted (folder_deleted)." in failure(site, "static_secret", **secret)
    do(site, "folder", path="eu")
    assert do(site, "static_secret", **secret)["changed"]


AWS = {"path": "prod/aws", "type": "aws", "integration_name": "main", "role_arn": ROLE, "ttl": 3600}
DEFINITION, MAIN, OTHER = "/dynamic/aws?folder=prod", "/integrations/aws/main", "/integrations/aws/other"
TAGS, LEASES, PROD = "/dynamic/aws/metadata?folder=prod", "/leases/aws?folder=prod", "/folders/prod/metadata"
APP, NEW, DELETED = "/static/app?folder=prod", "/dynamic/new?folder=prod", "/dynamic?path=prod&deletedOnly=true"


@pytest.mark.document
@pytest.mark.parametrize(
    ("module", "wanted", "reads"),
    [
        ("dynamic_secret", {**AWS}, [DEFINITION, MAIN]),
        ("dynamic_secret", {**AWS, "integration_name": None, "tags": {"a": "1"}}, [DEFINITION, TAGS]),
        # What decides against it is not followed by more reads.
        ("dynamic_secret", {**AWS, "integration_name": "other", "tags": {"a": "1"}}, [DEFINITION, OTHER]),
        ("dynamic_secret", {**AWS, "type": "azure", "role_arn": None}, [DEFINITION]),
        ("dynamic_secret", {**AWS, "integration_name": "other", "ttl": None, "recreate": True}, [DEFINITION, OTHER]),
        (
            "dynamic_secret",
            {**AWS, "integration_name": "other", "recreate": True},
            [DEFINITION, OTHER, TAGS, LEASES, "/integrations/aws"],
        ),
        ("dynamic_secret", {**AWS, "path": "prod/new"}, [NEW, PROD, DELETED, MAIN]),
        ("dynamic_secret", {**AWS, "path": "prod/new", "ttl": None}, [NEW, PROD, DELETED]),
        ("dynamic_secret", {"path": "prod/new", "state": "absent"}, [NEW]),
        ("dynamic_secret", {"path": "prod/new", "state": "absent", "permanent": True}, [NEW, DELETED]),
        ("dynamic_secret", {"path": "prod/aws", "state": "absent"}, [DEFINITION, LEASES]),
        ("static_secret", {"path": "prod/app", "version": 1}, [APP, APP + "&version=1"]),
        ("static_secret", {"path": "prod/app", "version": 2}, [APP]),
        ("static_secret", {"path": "prod/app", "version": 1, "state": "absent"}, [APP]),
        (
            "folder",
            {"path": "a/b"},
            ["/folders/b/metadata?folder=a", "/folders/a/metadata", "/folders?deletedOnly=true"],
        ),
        ("folder", {"path": "a/b", "parents": False}, ["/folders/b/metadata?folder=a", "/folders/a/metadata"]),
    ],
)
def test_no_more_is_read_than_decides(site: Site, module: str, wanted: dict[str, Any], reads: list[str]) -> None:
    populate(site)
    do(site, "integration", type="aws", name="other", role_arn=ROLE)
    site.forget()
    try:
        do(site, module, check_mode=True, **wanted)
    except WorkloadCredentialsError:
        # Refused after the same reads.
        pass
    assert site.requests() == [f"GET {read}" for read in reads]
