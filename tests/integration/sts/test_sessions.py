# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sessions over botocore from moto's server: each mechanism, each call counted, and what a refusal says."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.community.workload_credentials.plugins.module_utils._api.errors import (
    MissingLibraryError,
    OptionError,
    WorkloadCredentialsError,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._api.times import parse_time
from ansible_collections.community.workload_credentials.plugins.module_utils._sts.client import session_of
from ansible_collections.community.workload_credentials.plugins.module_utils._sts.request import AwsIdentity, call_of

from tests.support.sts import Sts

pytestmark = pytest.mark.one_core

ROLE = "arn:aws:iam::123456789012:role/deploy"
CODE, SECRET, TOKEN = "071946", "canary/secret+key", "canary-session/token+"
MFA = {"serial_number": "arn:aws:iam::123456789012:mfa/me", "token_code": CODE}
KEYS = {"access_key": "AKIACANARY", "secret_key": SECRET}
# To which nothing is ever sent.
AWS = "https://sts.eu-west-1.amazonaws.com"
JWT = "eyJ.canary-jwt.sig"


def ask(sts: Sts, given: dict[str, Any], web_identity: str | None = None) -> dict[str, str]:
    """A session for the options."""
    caller = AwsIdentity.from_parameters({"region": "eu-west-1", "endpoint_url": sts.url, **given})
    return session_of(caller, call_of(given), web_identity)


def refusal(sts: Sts, given: dict[str, Any], web_identity: str | None = None) -> str:
    """Why there is none, in words without a secret."""
    with pytest.raises(WorkloadCredentialsError) as error:
        ask(sts, given, web_identity)
    said = str(error.value)
    for secret in ("canary", CODE, TOKEN):
        assert secret not in said
    return said


@pytest.mark.parametrize(
    ("given", "web_identity", "sent"),
    [
        (KEYS, None, {"Action": "GetSessionToken", "signed_by": "AKIACANARY", "region": "eu-west-1"}),
        ({**KEYS, **MFA}, None, {"Action": "GetSessionToken", "SerialNumber": MFA["serial_number"], "TokenCode": CODE}),
        ({"profile": "user"}, None, {"Action": "GetSessionToken", "signed_by": "AKIAUSER"}),
        (
            {**KEYS, "session_token": TOKEN, "role_arn": ROLE, "external_id": "partner", **MFA},
            None,
            {"Action": "AssumeRole", "RoleArn": ROLE, "ExternalId": "partner", "TokenCode": CODE},
        ),
        (
            # No credentials are looked for: those of this profile cannot be had.
            {"profile": "broken", "role_arn": ROLE, "web_identity_token_file": "/token"},
            JWT,
            {"Action": "AssumeRoleWithWebIdentity", "RoleArn": ROLE, "WebIdentityToken": JWT, "signed_by": ""},
        ),
    ],
)
def test_each_mechanism_is_one_call(
    sts: Sts, given: dict[str, Any], web_identity: str | None, sent: dict[str, str]
) -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    session = ask(sts, {**given, "duration_seconds": 3600}, web_identity)
    assert sorted(session) == ["access_key_id", "expiration", "secret_access_key", "session_token"]
    expiration = parse_time(session["expiration"])
    assert expiration
    assert timedelta(0) <= expiration - before - timedelta(hours=1) < timedelta(minutes=1)
    (call,) = sts.calls
    assert call.items() >= {**sent, "DurationSeconds": "3600"}.items()


def test_what_another_sts_takes_is_its_own_matter(sts: Sts) -> None:
    ask(sts, {**KEYS, "session_token": TOKEN})
    sts.refuse("AccessDenied", "Cannot call GetSessionToken with session credentials")
    said = refusal(sts, {**KEYS, "session_token": TOKEN})
    assert "GetSessionToken works only with the long-term keys of an IAM user: set role_arn" in said
    assert sts.actions == ["GetSessionToken"] * 2


def test_the_profiles_own_region_and_role_count(sts: Sts) -> None:
    ask(sts, {"profile": "user", "region": None})
    assert sts.calls[-1]["region"] == "eu-central-1"
    sts.forget()
    ask(sts, {"profile": "role", "role_arn": ROLE, "duration_seconds": 3600})
    # The first is botocore's, for the profile.
    assert [call["RoleArn"].rpartition("/")[2] for call in sts.calls] == ["first", "deploy"]


def test_without_a_region_nothing_is_sent(sts: Sts) -> None:
    caller = AwsIdentity.from_parameters(KEYS)
    with pytest.raises(OptionError, match="^region: no region is set: give the option region"):
        session_of(caller, call_of({}))


@pytest.mark.parametrize(
    ("given", "said", "calls"),
    [
        ({**KEYS, "session_token": TOKEN}, "session_token: the credentials of the access key AKIACANARY are", 0),
        (
            {"profile": "role", "duration_seconds": 900},
            "duration_seconds: the credentials of the profile role are those of a session already, which is returned",
            1,
        ),
        (
            {"profile": "role", "role_arn": ROLE, "duration_seconds": 3601},
            "duration_seconds: 3601 is out of range: the credentials of the profile role are a role's",
            1,
        ),
        ({}, "access_key: no credentials were found for the default chain", 0),
        ({"profile": "nobody"}, "GetSessionToken: ProfileNotFound: The config profile (nobody) could not be found", 0),
        ({"profile": "mfa"}, "profile: mfa needs an MFA code, which cannot be entered here", 0),
        ({"profile": "below"}, "profile: mfa needs an MFA code", 0),
    ],
)
def test_credentials_that_cannot_ask_are_told_before_they_do(
    sts: Sts, given: dict[str, Any], said: str, calls: int
) -> None:
    assert refusal(sts, {**given, "endpoint_url": AWS}).startswith(said)
    # Those that are made are for a profile's role.
    assert sts.actions == ["AssumeRole"] * calls


@pytest.mark.parametrize(
    ("given", "code", "message", "said"),
    [
        ({}, "InvalidClientTokenId", "The security token is invalid.", "access_key: AWS does not know it"),
        (
            {"role_arn": ROLE},
            "SignatureDoesNotMatch",
            "x-amz-security-token:" + TOKEN,
            "secret_key: it is not that of access_key",
        ),
        ({}, "AccessDenied", "not authorized", "Check that a policy of this user allows sts:GetSessionToken."),
        ({"role_arn": ROLE}, "AccessDenied", "not authorized", "the role's trust policy allows this identity"),
        ({}, "ExpiredToken", "The security token is expired", "session_token: the credentials that sign have expired"),
        (
            {"role_arn": ROLE},
            "ValidationError",
            "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
            "duration_seconds: it is longer than the role's own maximum session duration.",
        ),
        (
            {"role_arn": ROLE},
            "ValidationError",
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.",
            "duration_seconds: a role that another role assumes lasts at most 3600 seconds.",
        ),
        ({"role_arn": ROLE}, "PackedPolicyTooLarge", "Packed size 110%", "policy, policy_arns: they are too large"),
        ({}, "RegionDisabledException", "STS is not activated", "region: STS is not active there for this account."),
    ],
)
def test_a_refusal_says_what_to_do(sts: Sts, given: dict[str, Any], code: str, message: str, said: str) -> None:
    sts.refuse(code, message, status=403)
    found = refusal(sts, {**KEYS, "session_token": TOKEN, **given} if given else KEYS)
    assert code in found
    assert said in found
    assert len(sts.calls) == 1


@pytest.mark.parametrize("given", [{}, {"role_arn": ROLE}])
def test_a_code_of_an_mfa_device_is_sent_once_whatever_happens(sts: Sts, given: dict[str, Any]) -> None:
    for code, message in {
        "AccessDenied": "MultiFactorAuthentication failed with invalid MFA one time pass code. ",
        "ValidationError": "Value '{TokenCode}' at 'tokenCode' failed to satisfy constraint",
        "Throttling": "Rate exceeded",
        "InternalFailure": "{TokenCode}",
    }.items():
        sts.forget()
        sts.refuse(code, message, status=500 if code == "InternalFailure" else 400, times=9)
        found = refusal(sts, {**KEYS, **MFA, **given})
        assert found.endswith("token_code: this code was already used; use the device's next one.")
        assert len(sts.calls) == 1, code


def test_throttling_passes_or_ends_with_advice(sts: Sts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("botocore.retryhandler.delay_exponential", lambda *_args, **_more: 0.0)
    monkeypatch.setenv("AWS_RETRY_MODE", "legacy")
    sts.refuse("Throttling", "Rate exceeded", times=2)
    ask(sts, KEYS)
    assert len(sts.calls) == 3
    sts.refuse("Throttling", "Rate exceeded", times=99)
    assert "Throttling: Rate exceeded" in refusal(sts, KEYS)
    assert "fewer at the same time (concurrency, forks)" in refusal(sts, KEYS)


def test_a_key_that_stands_in_a_file_is_hidden_too(sts: Sts) -> None:
    sts.refuse("SignatureDoesNotMatch", "The canonical string is canary-of-a-file")
    assert "The canonical string is (hidden)" in refusal(sts, {"profile": "user"})


def test_a_web_identity_that_aws_refuses(sts: Sts) -> None:
    web = {"role_arn": ROLE, "web_identity_token_file": "/token"}
    for code, said in {
        "ExpiredTokenException": "The web identity token has expired: provide a fresh one",
        "InvalidIdentityToken": "Check that the account has an OIDC provider for the token's issuer and audience.",
        "IDPRejectedClaim": "Check the role's trust policy: its conditions name the token's audience and subject.",
    }.items():
        sts.refuse(code, "Token {WebIdentityToken} is not good")
        found = refusal(sts, web, JWT)
        assert f"AssumeRoleWithWebIdentity: {code}: Token (hidden) is not good. {said}" in found


def test_no_answer_names_the_address(sts: Sts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    found = refusal(sts, {**KEYS, **MFA, "endpoint_url": "http://127.0.0.1:9"})
    assert "EndpointConnectionError" in found
    assert "http://127.0.0.1:9" in found


def test_what_programs_and_files_say_is_left_out(sts: Sts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = tmp_path / "config"
    config.write_text("[profile one]\ncredential_process = /bin/sh -c 'echo canary >&2; exit 1'\n", encoding="utf-8")
    assert "The program or service in the profile returned no credentials." in refusal(sts, {"profile": "one"})
    config.write_text("[default]\ncanary\n", encoding="utf-8")
    assert "ConfigParseError" in refusal(sts, {"profile": "one"})


def test_without_botocore_there_is_one_clear_sentence(sts: Sts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "botocore.exceptions", None)
    with pytest.raises(MissingLibraryError, match="^The Python library 'botocore' is needed where this task runs"):
        ask(sts, KEYS)
