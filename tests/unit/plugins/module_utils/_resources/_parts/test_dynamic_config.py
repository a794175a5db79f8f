# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.community.workload_credentials.plugins.module_utils._api.errors import OptionError
from ansible_collections.community.workload_credentials.plugins.module_utils._api.paths import ResourcePath
from ansible_collections.community.workload_credentials.plugins.module_utils._resources._parts.dynamic_config import (
    check_config,
    config_after,
    incomplete,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._resources.dynamic_secret import (
    DYNAMIC_SECRET,
)

CURRENT = {
    "type": "aws",
    "credentialType": "assumed_role",
    "ttl": 900,
    "integrationId": "87f59af6-894d-43ea-8821-a8dde45eb4fa",
    "roleArn": "arn:aws:iam::123456789012:role/app",
    "externalId": "xyz",
    "policyArns": ["arn:1", "arn:2"],
    "policy": '{"Version": "2012-10-17", "Statement": []}',
    "groups": ["Admins", "Developers"],
    "awsTags": {"env": "dev", "owner": "ops"},
}


def parameters(**given: Any) -> dict[str, Any]:
    everything = dict.fromkeys(DYNAMIC_SECRET.options)
    return {**everything, "type": "aws", "purge_tags": False, **given}


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"ttl": 900},
        {"policy_arns": ["arn:2", "arn:1"]},
        {"groups": ["Developers", "Admins"]},
        {"policy": '{"Statement":[],"Version":"2012-10-17"}'},
        {"aws_tags": {"env": "dev"}},
        {"aws_tags": {"gone": None}},
    ],
)
def test_what_means_the_same_is_no_change(given: dict[str, Any]) -> None:
    assert config_after(CURRENT, parameters(**given)) == CURRENT


@pytest.mark.parametrize(
    ("given", "field", "after"),
    [
        ({"ttl": 1800}, "ttl", 1800),
        ({"policy_arns": ["arn:1"]}, "policyArns", ["arn:1"]),
        ({"policy_arns": []}, "policyArns", None),
        ({"policy": ""}, "policy", None),
        ({"external_id": ""}, "externalId", None),
        ({"groups": []}, "groups", None),
        ({"aws_tags": {}}, "awsTags", None),
        ({"aws_tags": {"env": "prod"}}, "awsTags", {"env": "prod", "owner": "ops"}),
        ({"aws_tags": {"env": "prod"}, "purge_tags": True}, "awsTags", {"env": "prod"}),
        ({"aws_tags": {"env": None}}, "awsTags", {"owner": "ops"}),
    ],
)
def test_what_differs_changes_and_what_is_empty_is_cleared(given: dict[str, Any], field: str, after: Any) -> None:
    assert config_after(CURRENT, parameters(**given)).get(field) == after


@pytest.mark.parametrize(
    ("option", "given"),
    [
        ("ttl", {"ttl": 899}),
        ("ttl", {"ttl": 43201}),
        ("ttl", {"type": "azure", "ttl": 3599}),
        ("ttl", {"type": "azure", "ttl": 86401}),
        ("role_arn", {"type": "azure", "role_arn": "arn:x"}),
        ("application_object_id", {"application_object_id": "x"}),
        ("credential_type", {"credential_type": "service_principal_password"}),
        ("groups", {"groups": ["g" * 129]}),
        ("groups", {"groups": [""]}),
        ("aws_tags", {"aws_tags": {"k" * 129: "v"}}),
        ("aws_tags", {"aws_tags": {"k": "v" * 257}}),
        ("policy", {"policy": "not json"}),
        ("policy", {"policy": "[]"}),
    ],
)
def test_what_the_documented_limits_forbid(option: str, given: dict[str, Any]) -> None:
    with pytest.raises(OptionError) as caught:
        check_config(parameters(**given))
    assert caught.value.option == option


@pytest.mark.parametrize("ttl", [("aws", 900), ("aws", 43200), ("azure", 3600), ("azure", 86400)])
def test_the_limits_themselves_are_allowed(ttl: tuple[str, int]) -> None:
    check_config(parameters(type=ttl[0], ttl=ttl[1]))


@pytest.mark.parametrize("option", ["integration_name", "ttl", "role_arn"])
def test_creating_names_what_is_missing(option: str) -> None:
    complete = {"integration_name": "aws", "ttl": 900, "role_arn": "arn:x"}
    path = ResourcePath("prod", "app")
    assert incomplete(parameters(**complete), path) is None
    problem = incomplete(parameters(**{**complete, option: None}), path)
    assert problem is not None
    assert problem.option == option
