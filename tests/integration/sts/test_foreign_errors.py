# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What programs, files, variables and answers do to botocore, and what is said: who was asked, and no secret."""

from __future__ import annotations

import json
import logging
import os
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.community.workload_credentials.plugins.module_utils._api.errors import WorkloadCredentialsError
from ansible_collections.community.workload_credentials.plugins.module_utils._sts.client import session_of
from ansible_collections.community.workload_credentials.plugins.module_utils._sts.request import AwsIdentity, call_of

from tests.support.sts import Sts

pytestmark = pytest.mark.one_core

ROLE = "arn:aws:iam::123456789012:role/deploy"
KEYS = {"access_key": "AKIACANARY", "secret_key": "canary/secret+key"}
MADE = {"Version": 1, "AccessKeyId": "ASIATOOL", "SecretAccessKey": "canary-made", "SessionToken": "canary-token"}


def ask(sts: Sts, given: dict[str, Any]) -> dict[str, str]:
    """A session for the options."""
    caller = AwsIdentity.from_parameters({"region": "eu-west-1", "endpoint_url": sts.url, **given})
    return session_of(caller, call_of(given), "eyJ.canary.sig" if given.get("web_identity_token_file") else None)


def refusal(sts: Sts, given: dict[str, Any]) -> str:
    """Why there is none: one of this collection's own sentences, without a secret."""
    with pytest.raises(WorkloadCredentialsError) as error:
        ask(sts, given)
    said = str(error.value)
    assert "canary" not in said
    assert "AWS4-HMAC" not in said
    return said


@pytest.fixture
def config(sts: Sts, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The configuration file of AWS' tools, still empty."""
    file = tmp_path / "own-config"
    monkeypatch.setenv("AWS_CONFIG_FILE", str(file))
    return file


def program(folder: Path, prints: str, *, mode: int = 0o755, ends: int = 0) -> Path:
    """A program that prints this and ends so."""
    (folder / "prints").write_bytes(prints.encode("latin-1"))
    script = folder / "tool"
    script.write_text(f"#!/bin/sh\ncat '{folder}/prints'\necho canary >&2\nexit {ends}\n", encoding="utf-8")
    script.chmod(mode)
    return script


@pytest.mark.parametrize(
    ("prints", "more", "said"),
    [
        ("", {"mode": 0o644}, "Permission denied"),
        ("", {}, "its output is not JSON"),
        ("canary", {}, "its output is not JSON"),
        ("\xff\xfe", {}, "its output is not UTF-8 text"),
        ("[]", {}, "it returned something that botocore does not expect"),
        ("", {"ends": 1}, "returned no credentials"),
        (json.dumps({**MADE, "Version": 2}), {}, "Unsupported version '2'"),
        (json.dumps({**MADE, "Version": "canary"}), {}, "returned no credentials"),
        (json.dumps({**MADE, "Version": None}), {}, "returned no credentials"),
        (json.dumps({"AccessKeyId": "A"}), {}, "Unsupported version '<Version key not provided>'"),
        (json.dumps({"Version": 1, "AccessKeyId": "A"}), {}, "Missing required key in response: 'SecretAccessKey'"),
        (json.dumps({**MADE, "SecretAccessKey": None}), {}, "are incomplete"),
        (
            json.dumps({**MADE, "SessionToken": "canary\nX"}),
            {},
            "session_token: that of the profile tool holds a space",
        ),
        (json.dumps({**MADE, "Expiration": "2020-01-01T00:00:00Z"}), {}, "that it returned have expired"),
        (json.dumps({**MADE, "Expiration": "soon"}), {}, "that botocore does not expect"),
        (json.dumps({**MADE, "Expiration": 5}), {}, "that botocore does not expect"),
    ],
)
def test_a_program_that_gives_no_credentials_is_named(
    sts: Sts, config: Path, tmp_path: Path, prints: str, more: dict[str, int], said: str
) -> None:
    tool = program(tmp_path, prints, **more)
    config.write_text(f"[profile tool]\ncredential_process = {tool} --canary\n", encoding="utf-8")
    found = refusal(sts, {"profile": "tool"})
    assert said in found
    assert "the profile tool" in found
    if "session_token" not in said and "incomplete" not in said:
        assert str(tool) in found


def test_a_program_that_is_not_there_is_named_wherever_it_is_meant(sts: Sts, config: Path) -> None:
    config.write_text(
        "[profile tool]\ncredential_process = /no/tool --canary\n[profile json]\ncredential_process = {canary:1}\n"
        f"[profile above]\nrole_arn = {ROLE}\nsource_profile = tool\n"
        "[profile quote]\ncredential_process = /x 'canary\n",
        encoding="utf-8",
    )
    for profile in ("tool", "above"):
        found = refusal(sts, {"profile": profile})
        assert (
            f"GetSessionToken: the profile {profile} (credential_process /no/tool): cannot use the file /no/tool"
            in found
        )
        assert "No such file or directory" in found
    assert "the profile json (credential_process): a file or program cannot be used" in refusal(
        sts, {"profile": "json"}
    )
    assert "the profile quote (credential_process /x)" in refusal(sts, {"profile": "quote"})


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (f"role_arn = {ROLE}\nweb_identity_token_file = /no/token", "cannot use the file /no/token: No such file"),
        (
            f"role_arn = {ROLE}\nsource_profile = nobody",
            'The source_profile "nobody" referenced in the profile "p" does',
        ),
        (f"role_arn = {ROLE}", "missing: source_profile or credential_source"),
        (f"role_arn = {ROLE}\ncredential_source = Moon", "Moon"),
        ("aws_access_key_id = A", "Partial credentials found"),
        ("sso_start_url = https://x\nsso_account_id = 1\nsso_role_name = r\nsso_region = eu-west-1", "aws sso login"),
        ("sso_session = none\nsso_account_id = 1\nsso_role_name = r", "none"),
    ],
)
def test_a_profile_that_does_not_work_is_told_in_botocores_own_words(
    sts: Sts, config: Path, lines: str, said: str
) -> None:
    config.write_text(f"[profile p]\n{lines}\n", encoding="utf-8")
    assert said in refusal(sts, {"profile": "p"})


@pytest.mark.parametrize("status", [200, 403, 404, 502])
@pytest.mark.parametrize(
    "text", ["", "<html><p>canary", "<html><body>canary</body></html>", '{"canary": 1}', "\x00\x01"]
)
def test_an_answer_of_somebody_else_has_its_status_in_the_message(
    sts: Sts, monkeypatch: pytest.MonkeyPatch, status: int, text: str
) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    sts.answer(status, text)
    found = refusal(sts, KEYS)
    assert f"status {status}, and an answer that is not from AWS' Security Token Service" in found
    assert "endpoint_url" in found


@pytest.mark.parametrize(
    "name", ["AWS_MAX_ATTEMPTS", "AWS_METADATA_SERVICE_TIMEOUT", "AWS_METADATA_SERVICE_NUM_ATTEMPTS"]
)
def test_a_variable_that_is_no_number_is_named_and_an_empty_one_is_none(
    sts: Sts, config: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    who: dict[str, str] = KEYS if "MAX" in name else {}
    monkeypatch.setenv(name, "many")
    assert f"the environment variable {name}: 'many' is not a number" in refusal(sts, who)
    monkeypatch.setenv(name, " ")
    assert who == {} or ask(sts, who)
    option = name.removeprefix("AWS_").lower()
    config.write_text(f"[default]\n{option} = x\n", encoding="utf-8")
    assert f"{option} in the profile is not a number" in refusal(sts, who)


@pytest.mark.parametrize(
    "name",
    [
        *(
            "AWS_PROFILE",
            "AWS_DEFAULT_PROFILE",
            "AWS_CA_BUNDLE",
            "AWS_RETRY_MODE",
            "AWS_MAX_ATTEMPTS",
            "AWS_ENDPOINT_URL",
        ),
        *(
            "AWS_STS_REGIONAL_ENDPOINTS",
            "AWS_DEFAULTS_MODE",
            "AWS_CONFIG_FILE",
            "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
        ),
        *(
            "AWS_ROLE_ARN",
            "AWS_WEB_IDENTITY_TOKEN_FILE",
            "AWS_USE_FIPS_ENDPOINT",
            "REQUESTS_CA_BUNDLE",
            "AWS_ACCESS_KEY_ID",
        ),
    ],
)
@pytest.mark.parametrize("value", ["", " "])
def test_an_empty_variable_counts_as_not_set(sts: Sts, monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    who = KEYS if name in ("AWS_CONFIG_FILE", "AWS_PROFILE", "AWS_DEFAULT_PROFILE") else {"profile": "user"}
    ask(sts, who)
    # For who comes later it is as it was.
    assert os.environ[name] == value


@pytest.mark.parametrize("end", ["\n", "\r\n", " ", "\ufeff"])
def test_what_a_file_leaves_around_a_key_is_taken_off(sts: Sts, end: str) -> None:
    ask(
        sts,
        {"access_key": f"AKIAX{end}", "secret_key": f" canary{end}", "session_token": f"canary{end}", "role_arn": ROLE},
    )
    assert sts.calls[-1]["signed_by"] == "AKIAX"


@pytest.mark.parametrize("bad", ["canary\nx", "canary x", "canary\u00e9"])
@pytest.mark.parametrize("name", ["secret_key", "session_token", "access_key"])
def test_a_key_with_something_else_inside_is_refused_by_name(sts: Sts, name: str, bad: str) -> None:
    assert refusal(sts, {**KEYS, "role_arn": ROLE, name: bad}).startswith(f"{name}: it holds a space, a line end or")
    assert sts.calls == []


def test_no_message_shows_what_signed_the_request(sts: Sts) -> None:
    for code in ("IncompleteSignature", "SignatureDoesNotMatch", "Odd"):
        sts.refuse(
            code,
            "AKIACANARY/20260101 is no pair in Authorization header: AWS4-HMAC-SHA256 Credential=X, Signature=1a2b",
        )
        found = refusal(sts, KEYS | {"access_key": "AKIAUSER"})
        assert code in found
        assert "1a2b" not in found


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("RequestExpired", "Request has expired."),
        ("InvalidSignatureException", "Signature expired: 20260101T000000Z is now earlier than 20260101T001000Z"),
        ("SignatureDoesNotMatch", "Signature expired: 20260101T000000Z is now earlier than 20260101T001000Z"),
        ("SignatureDoesNotMatch", "Signature not yet current: 20260101T000000Z is still later than 20260101T001000Z"),
        ("RequestTimeTooSkewed", "The difference between the request time and the current time is too large."),
    ],
)
def test_a_refusal_over_the_time_names_the_clock(sts: Sts, code: str, message: str) -> None:
    sts.refuse(code, message, status=403)
    assert "This machine's clock is wrong" in refusal(sts, KEYS)


def test_what_lies_between_is_named(sts: Sts, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    https = {**KEYS, "endpoint_url": "https://sts.example.invalid"}
    monkeypatch.setenv("HTTPS_PROXY", "http://user:canary@127.0.0.1:9")
    found = refusal(sts, https)
    assert "Failed to connect to proxy URL" in found
    assert "127.0.0.1:9" in found
    monkeypatch.setenv("HTTPS_PROXY", "socks9://127.0.0.1:9")
    assert "GetSessionToken: " in refusal(sts, https)
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:canary")
    assert "the proxy in HTTPS_PROXY, is not an address" in refusal(sts, https)
    monkeypatch.delenv("HTTPS_PROXY")
    assert refusal(sts, {**KEYS, "endpoint_url": "https://a b"}) == "GetSessionToken: endpoint_url is not an address."
    monkeypatch.setenv("AWS_CA_BUNDLE", str(tmp_path / "none.pem"))
    assert "GetSessionToken: " in refusal(sts, https)


def test_botocore_writes_nothing_into_the_log_of_the_run(sts: Sts, config: Path, tmp_path: Path) -> None:
    tool = program(tmp_path, json.dumps({**MADE, "Expiration": "2020-01-01T00:00:00Z"}))
    config.write_text(f"[profile tool]\ncredential_process = {tool}\n", encoding="utf-8")
    # As log_path makes it.
    log, root = logging.FileHandler(tmp_path / "log"), logging.getLogger()
    root.addHandler(log)
    try:
        refusal(sts, {"profile": "tool"})
    finally:
        root.removeHandler(log)
    assert (tmp_path / "log").read_text(encoding="utf-8") == ""
