# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A hidden value that becomes empty is warned of: an unset variable does that, and nobody sees it in a diff."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.community.workload_credentials.plugins.module_utils._api.errors import OptionError
from ansible_collections.community.workload_credentials.plugins.module_utils._api.paths import ResourcePath
from ansible_collections.community.workload_credentials.plugins.module_utils._change import Change
from ansible_collections.community.workload_credentials.plugins.module_utils._resources import (
    integration,
    static_secret,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._resources._parts.lifecycle import Place
from ansible_collections.community.workload_credentials.plugins.module_utils._resources.index import spec_of
from ansible_collections.community.workload_credentials.plugins.module_utils._run import validate

CONNECTION = {"site_id": "3b2d4a1e-0000-4000-8000-000000000001", "access_token": "token"}
UUID = "00000000-0000-0000-0000-000000000000"
AZURE = {"type": "azure", "name": "az"}
LIVING = {"config": {"tenantId": UUID, "clientId": UUID}}


def planned(module: str, found: Any, **wanted: Any) -> Change:
    """The module's plan for these options."""
    spec = spec_of(module)
    assert spec.plan is not None
    return spec.plan(found, validate(spec, module, {**CONNECTION, **wanted}))


@pytest.mark.parametrize(
    ("before", "wanted", "emptied"),
    [
        ({"a": "canary"}, {"a": ""}, ["secret.a"]),
        ({"a": "canary", "b": "canary"}, {"a": " \n", "b": []}, ["secret.a", "secret.b"]),
        ({"a": {"b": {"c": "canary"}}}, {"a": {"b": {"c": ""}}}, ["secret.a.b.c"]),
        ({"a": ["canary"]}, {"a": {}}, ["secret.a"]),
        ({"a": "canary"}, {"a": "other"}, []),
        # Removed by name, empty before, new, or a value that only looks like nothing.
        ({"a": "canary"}, {"a": None}, []),
        ({"a": ""}, {"a": ""}, []),
        ({}, {"a": ""}, []),
        ({"a": 5}, {"a": 0}, []),
        ({"a": True}, {"a": False}, []),
    ],
)
def test_a_value_that_becomes_empty_is_named(
    before: dict[str, Any], wanted: dict[str, Any], emptied: list[str]
) -> None:
    path = ResourcePath("prod", "app")
    found = static_secret.ExistingSecret(Place("static", path, {"secret": before, "metadata": {"version": 3}}), before)
    warnings = planned("static_secret", found, path="prod/app", secret=wanted).warnings
    assert [one.partition(": ")[0] for one in warnings] == emptied
    assert "canary" not in " ".join(warnings)


@pytest.mark.parametrize("update_secret", ["on_create", "always"])
@pytest.mark.parametrize("secret", ["", " "])
def test_an_empty_client_secret_is_not_sent_and_warned_of(update_secret: str, secret: str) -> None:
    change = planned(
        "integration",
        integration.ExistingIntegration(LIVING),
        **AZURE,
        client_secret=secret,
        update_secret=update_secret,
    )
    assert list(change.warnings) == [
        "client_secret: it is empty, so the current one is kept. Check that the variable in it is set."
    ]
    assert change.requests == ()
    assert (
        list(planned("integration", integration.ExistingIntegration(LIVING), **AZURE, client_secret="canary").warnings)
        == []
    )


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"type": "aws", "name": "main", "role_arn": "nope"}, "role_arn: 'nope' is not the ARN of an IAM role."),
        ({**AZURE, "tenant_id": "example.org"}, "tenant_id: 'example.org' is not a tenant's ID"),
        ({**AZURE, "client_id": "nope"}, "client_id: 'nope' is not an application's ID"),
    ],
)
def test_an_integration_is_checked_as_definitions_are(given: dict[str, str], said: str) -> None:
    spec = spec_of("integration")
    assert spec.look is not None
    with pytest.raises(OptionError) as caught:
        spec.look(None, validate(spec, "integration", {**CONNECTION, **given}))  # type: ignore[arg-type]
    assert str(caught.value).startswith(said)
