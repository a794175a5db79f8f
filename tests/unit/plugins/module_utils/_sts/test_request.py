# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which call the options ask for, and what is refused before anything is sent."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.community.workload_credentials.plugins.module_utils._api.errors import OptionError
from ansible_collections.community.workload_credentials.plugins.module_utils._sts.errors import hidden
from ansible_collections.community.workload_credentials.plugins.module_utils._sts.request import (
    AwsIdentity,
    call_of,
    with_what_a_pod_has,
)

ROLE = "arn:aws:iam::123456789012:role/deploy"
ARN = "arn:aws:iam::aws:policy/ReadOnlyAccess"
DEVICE = "arn:aws:iam::123456789012:mfa/me"
MFA = {"serial_number": DEVICE, "token_code": "012345"}
WEB = {"role_arn": ROLE, "web_identity_token_file": "/token"}
POD = {"AWS_ROLE_ARN": ROLE, "AWS_WEB_IDENTITY_TOKEN_FILE": "/token"}


@pytest.mark.parametrize(
    ("given", "operation", "parameters"),
    [
        ({}, "GetSessionToken", {}),
        ({"duration_seconds": 129600}, "GetSessionToken", {"DurationSeconds": 129600}),
        (MFA, "GetSessionToken", {"SerialNumber": DEVICE}),
        ({"role_arn": ROLE}, "AssumeRole", {"RoleArn": ROLE, "RoleSessionName": "workload-credentials"}),
        (
            {
                "role_arn": ROLE,
                "role_session_name": "ci-7",
                "external_id": "a:b/c",
                "policy": {"Version": "2012-10-17", "Statement": []},
                "policy_arns": [ARN],
                "duration_seconds": 43200,
                **MFA,
            },
            "AssumeRole",
            {
                "RoleArn": ROLE,
                "RoleSessionName": "ci-7",
                "ExternalId": "a:b/c",
                "Policy": '{"Version":"2012-10-17","Statement":[]}',
                "PolicyArns": [{"arn": ARN}],
                "DurationSeconds": 43200,
                "SerialNumber": DEVICE,
            },
        ),
        (WEB, "AssumeRoleWithWebIdentity", {"RoleArn": ROLE, "RoleSessionName": "workload-credentials"}),
        (
            {"role_arn": ROLE, "service_account": {"name": "a"}, "policy": ' {"a": 1} '},
            "AssumeRoleWithWebIdentity",
            {"RoleArn": ROLE, "RoleSessionName": "workload-credentials", "Policy": '{"a":1}'},
        ),
    ],
)
def test_the_options_choose_the_call(given: dict[str, Any], operation: str, parameters: dict[str, Any]) -> None:
    call = call_of(given)
    assert (call.operation.name, call.parameters) == (operation, parameters)
    assert call.token_code == given.get("token_code")
    assert "012345" not in repr(call)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"duration_seconds": 899}, "duration_seconds: 899 is out of range: GetSessionToken allows 900 to 129600."),
        ({"duration_seconds": 129601}, "duration_seconds: 129601 is out of range"),
        ({"duration_seconds": 43201, "role_arn": ROLE}, "duration_seconds: 43201 is out of range: AssumeRole allows"),
        ({"duration_seconds": 0, **WEB}, "duration_seconds: 0 is out of range: AssumeRoleWithWebIdentity allows"),
        ({"serial_number": DEVICE}, "token_code: AWS needs serial_number and token_code together."),
        ({"token_code": "123456"}, "serial_number: AWS needs serial_number and token_code together."),
        ({**MFA, "token_code": "5349"}, "token_code: it must be six digits, as text (in quotes)."),
        ({**MFA, "serial_number": "no device"}, "serial_number: 'no device' is not the ARN of an MFA device"),
        ({"external_id": "abc"}, "external_id: GetSessionToken does not accept it, which is called where no role_arn"),
        ({"policy": "{}"}, "policy: GetSessionToken does not accept it"),
        ({**WEB, **MFA}, "serial_number: AssumeRoleWithWebIdentity does not accept it, which is called where a web"),
        ({**WEB, "external_id": "abc"}, "external_id: AssumeRoleWithWebIdentity does not accept it"),
        ({**WEB, "service_account": {"name": "a"}}, "web_identity_token_file: it is set and so is service_account"),
        ({"web_identity_token_file": "/token"}, "web_identity_token_file: it needs role_arn"),
        ({"role_arn": "deploy"}, "role_arn: 'deploy' is not a role, such as arn:aws:iam::"),
        ({"role_arn": ROLE, "role_session_name": "a b"}, "role_session_name: 'a b' is not 2 to 64 letters"),
        ({"role_arn": ROLE, "policy": "[]"}, "policy: it is not a JSON object"),
        ({"role_arn": ROLE, "policy_arns": [ROLE]}, "policy_arns: 'arn:aws:iam::123456789012:role/deploy' is not"),
    ],
)
def test_what_would_be_refused_is_refused_before_anything_is_sent(given: dict[str, Any], said: str) -> None:
    with pytest.raises(OptionError) as error:
        call_of(given)
    assert str(error.value).startswith(said)
    assert "5349" not in str(error.value)


def test_in_a_pod_its_own_role_is_meant_unless_something_says_who_asks() -> None:
    meant = with_what_a_pod_has({"region": "eu-west-1", "role_arn": ""}, {**POD, "AWS_ROLE_SESSION_NAME": "pod"})
    assert meant == {"region": "eu-west-1", **WEB, "role_session_name": "pod"}
    for one in ({"access_key": "AKIA"}, {"profile": "dev"}, {"role_arn": f"{ROLE}-2"}, MFA):
        assert with_what_a_pod_has(one, POD) == one
    assert with_what_a_pod_has({}, {"AWS_ROLE_ARN": ROLE}) == {}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"access_key": "AKIA"}, "secret_key: access_key and secret_key go together"),
        ({"secret_key": "canary"}, "access_key: access_key and secret_key go together"),
        ({"session_token": "canary"}, "access_key: access_key and secret_key go together"),
        ({"access_key": "AKIA", "secret_key": "canary", "profile": "dev"}, "profile: it is set and so is access_key"),
        ({"endpoint_url": "https://me:canary@sts"}, "endpoint_url: an address without credentials is needed."),
        ({"endpoint_url": "sts.amazonaws.com"}, "endpoint_url: 'sts.amazonaws.com' is not an http(s) address."),
    ],
)
def test_who_asks_is_said_in_one_way(given: dict[str, Any], said: str) -> None:
    with pytest.raises(OptionError) as error:
        AwsIdentity.from_parameters(given)
    assert str(error.value).startswith(said)
    assert "canary" not in str(error.value)


def test_a_secret_is_hidden_as_a_form_carries_it_too() -> None:
    assert hidden("a+b/c a%2Bb%2Fc", ["a+b/c"]) == "(hidden) (hidden)"
