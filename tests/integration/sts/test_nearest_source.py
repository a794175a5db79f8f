# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is needless is not read, and a session that botocore has already is given as it is."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.community.workload_credentials.plugins.module_utils._api.errors import OptionError, StateError
from ansible_collections.community.workload_credentials.plugins.module_utils._credentials.sts_session import sessions_of
from ansible_collections.community.workload_credentials.plugins.module_utils._sts.client import session_of
from ansible_collections.community.workload_credentials.plugins.module_utils._sts.request import AwsIdentity, call_of

from tests.support.sts import Sts

pytestmark = pytest.mark.one_core

ROLE = "arn:aws:iam::123456789012:role/deploy"
KEYS = {"access_key": "AKIACANARY", "secret_key": "canary/secret+key"}
UNTIL = (datetime.now(UTC) + timedelta(hours=2)).replace(microsecond=0)
LATER = UNTIL.strftime("%Y-%m-%dT%H:%M:%SZ")
HAD = {"access_key_id": "ASIAHAD", "secret_access_key": "canary-had", "session_token": "canary-token"}
OF_A_SERVICE = {
    "AccessKeyId": HAD["access_key_id"],
    "SecretAccessKey": HAD["secret_access_key"],
    "Token": HAD["session_token"],
    "Expiration": LATER,
}
OF_A_PROGRAM = {
    "Version": 1,
    **{name: OF_A_SERVICE[name] for name in ("AccessKeyId", "SecretAccessKey", "Expiration")},
    "SessionToken": HAD["session_token"],
}


def ask(sts: Sts, given: dict[str, Any], **more: Any) -> dict[str, str]:
    """A session for the options."""
    caller = AwsIdentity.from_parameters({"region": "eu-west-1", "endpoint_url": sts.url, **given, **more})
    return session_of(caller, call_of(given), "eyJ.canary.sig" if given.get("web_identity_token_file") else None)


def profile(monkeypatch: pytest.MonkeyPatch, folder: Path, lines: str) -> dict[str, str]:
    """The options that name the only profile of this machine, which has these lines."""
    (folder / "own").write_text(f"[profile own]\n{lines}\n", encoding="utf-8")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(folder / "own"))
    return {"profile": "own"}


def had_by_role(sts: Sts, monkeypatch: pytest.MonkeyPatch, folder: Path) -> dict[str, str]:
    more = "[profile user]\naws_access_key_id = AKIAUSER\naws_secret_access_key = canary"
    return profile(monkeypatch, folder, f"role_arn = {ROLE}\nsource_profile = user\nendpoint_url = {sts.url}\n{more}")


def had_by_program(_sts: Sts, monkeypatch: pytest.MonkeyPatch, folder: Path) -> dict[str, str]:
    (folder / "said").write_text(json.dumps(OF_A_PROGRAM), encoding="utf-8")
    return profile(monkeypatch, folder, f"credential_process = cat {folder}/said")


def had_by_sign_on(sts: Sts, monkeypatch: pytest.MonkeyPatch, folder: Path) -> dict[str, str]:
    start = "https://example.awsapps.com/start"
    # Where the token lies is settled when botocore is imported.
    monkeypatch.setattr(
        "botocore.utils.SSOTokenLoader.__call__", lambda *_of, **_more: {"accessToken": "canary", "expiresAt": LATER}
    )
    monkeypatch.setenv("AWS_ENDPOINT_URL_SSO", sts.url)
    found = {
        "accessKeyId": HAD["access_key_id"],
        "secretAccessKey": HAD["secret_access_key"],
        "sessionToken": HAD["session_token"],
        "expiration": int(UNTIL.timestamp() * 1000),
    }
    sts.answer(200, json.dumps({"roleCredentials": found}))
    lines = f"sso_start_url = {start}\nsso_region = eu-west-1\nsso_account_id = 123456789012\nsso_role_name = r"
    return profile(monkeypatch, folder, lines)


def had_by_container(sts: Sts, monkeypatch: pytest.MonkeyPatch, _folder: Path) -> dict[str, str]:
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", f"{sts.url}/role")
    sts.answer(200, json.dumps(OF_A_SERVICE))
    return {}


def had_by_machine(sts: Sts, monkeypatch: pytest.MonkeyPatch, _folder: Path) -> dict[str, str]:
    monkeypatch.delenv("AWS_EC2_METADATA_DISABLED")
    monkeypatch.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", sts.url)
    for answer in ("metadata-token", "role", json.dumps({"Code": "Success", **OF_A_SERVICE})):
        sts.answer(200, answer)
    return {}


def had_by_file(_sts: Sts, monkeypatch: pytest.MonkeyPatch, folder: Path) -> dict[str, str]:
    names = {"access_key_id": "aws_access_key_id", "secret_access_key": "aws_secret_access_key"}
    names["session_token"] = "aws_session_token"
    return profile(monkeypatch, folder, "\n".join(f"{name} = {HAD[key]}" for key, name in names.items()))


@pytest.mark.parametrize("region", ["eu-west-1", None])
@pytest.mark.parametrize("had", [had_by_program, had_by_sign_on, had_by_container, had_by_machine, had_by_file])
def test_what_is_a_session_already_is_given_as_it_is(
    sts: Sts, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, had: Any, region: str | None
) -> None:
    who = had(sts, monkeypatch, tmp_path)
    found = ask(sts, who, region=region, endpoint_url=sts.url if region else None)
    assert found == (HAD if had is had_by_file else {**HAD, "expiration": LATER})
    assert "GetSessionToken" not in sts.actions


def test_the_role_of_a_profile_is_assumed_once(sts: Sts, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    found = ask(sts, had_by_role(sts, monkeypatch, tmp_path))
    assert sorted(found) == ["access_key_id", "expiration", "secret_access_key", "session_token"]
    assert sts.actions == ["AssumeRole"]


@pytest.mark.parametrize(
    "asked",
    [
        {"duration_seconds": 900},
        {"serial_number": "arn:aws:iam::123456789012:mfa/me", "token_code": "071946"},
    ],
)
@pytest.mark.parametrize("had", [had_by_role, had_by_program, had_by_container, had_by_file])
def test_what_such_a_session_cannot_have_is_refused_by_name(
    sts: Sts, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, had: Any, asked: dict[str, Any]
) -> None:
    with pytest.raises(
        OptionError, match=f"^{next(iter(asked))}: the credentials of .* are those of a session already"
    ):
        ask(sts, {**had(sts, monkeypatch, tmp_path), **asked})
    assert "GetSessionToken" not in sts.actions


def test_a_role_is_assumed_with_such_a_session(sts: Sts, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    ask(sts, {**had_by_program(sts, monkeypatch, tmp_path), "role_arn": ROLE, "duration_seconds": 900})
    assert [(call["Action"], call["signed_by"]) for call in sts.calls] == [("AssumeRole", "ASIAHAD")]


def test_a_program_with_the_keys_of_a_user_serves_for_a_new_session(
    sts: Sts, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    keys = {
        name: value for name, value in OF_A_PROGRAM.items() if name in ("Version", "AccessKeyId", "SecretAccessKey")
    }
    (tmp_path / "said").write_text(json.dumps({**keys, "AccessKeyId": "AKIATOOL"}), encoding="utf-8")
    ask(sts, {**profile(monkeypatch, tmp_path, f"credential_process = cat {tmp_path}/said"), "duration_seconds": 900})
    assert [(call["Action"], call["signed_by"]) for call in sts.calls] == [("GetSessionToken", "AKIATOOL")]


@pytest.mark.parametrize("who", [KEYS, {"role_arn": ROLE, "web_identity_token_file": "/token"}])
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("AWS_PROFILE", "nobody"),
        ("AWS_DEFAULT_PROFILE", "nobody"),
        ("AWS_PROFILE", "broken"),
        ("AWS_CONFIG_FILE", "/no/file"),
        ("AWS_CONFIG_FILE", "no ini"),
        ("AWS_SHARED_CREDENTIALS_FILE", "no ini"),
        ("AWS_ROLE_ARN", "nonsense"),
        ("AWS_WEB_IDENTITY_TOKEN_FILE", "/no/token"),
        ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "nonsense"),
    ],
)
def test_what_an_explicit_source_makes_needless_is_not_read(
    sts: Sts, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, who: dict[str, Any], name: str, value: str
) -> None:
    (tmp_path / "odd").write_text("[default]\nodd\n", encoding="utf-8")
    monkeypatch.setenv(name, str(tmp_path / "odd") if value == "no ini" else value)
    ask(sts, {**who, "profile": "nobody"} if "role_arn" in who else who)
    assert len(sts.calls) == 1


def test_keys_in_the_environment_come_before_a_profile_that_it_names_too(
    sts: Sts, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As entries of the role have them, whose options have no variables of their own."""
    for name, value in {
        "AWS_PROFILE": "nobody",
        "AWS_ACCESS_KEY_ID": "AKIAROUND",
        "AWS_SECRET_ACCESS_KEY": "canary",
    }.items():
        monkeypatch.setenv(name, value)
    ask(sts, {})
    assert [(call["Action"], call["signed_by"]) for call in sts.calls] == [("GetSessionToken", "AKIAROUND")]


def test_where_it_can_be_read_the_profile_of_the_environment_has_the_region(
    sts: Sts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "user")
    ask(sts, KEYS, region=None)
    assert (sts.calls[-1]["signed_by"], sts.calls[-1]["region"]) == ("AKIACANARY", "eu-central-1")


def test_who_keeps_a_session_has_to_know_when_it_ends(
    sts: Sts, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for had, is_known in ((had_by_file, False), (had_by_program, True)):
        options = {"region": "eu-west-1", **had(sts, monkeypatch, tmp_path)}
        (source,) = sessions_of(options, [], {}, lambda _device, _code: None, must_end=True)
        if is_known:
            assert source.mint().values["expiration"] == LATER
        else:
            with pytest.raises(StateError, match="the expiration of this session is unknown"):
                source.mint()


@pytest.mark.parametrize("is_over", [True, False])
def test_a_session_that_has_expired_when_it_arrives_is_warned_of(sts: Sts, is_over: bool) -> None:
    ends = "2020-01-01T00:00:00Z" if is_over else LATER
    keys = "<AccessKeyId>ASIA</AccessKeyId><SecretAccessKey>canary</SecretAccessKey><SessionToken>canary</SessionToken>"
    made = f"<Credentials>{keys}<Expiration>{ends}</Expiration></Credentials>"
    sts.answer(200, f"<R><GetSessionTokenResult>{made}</GetSessionTokenResult></R>")
    options = {**KEYS, "region": "eu-west-1", "endpoint_url": sts.url}
    (source,) = sessions_of(options, [], {}, lambda _device, _code: None)
    warnings = source.mint().warnings
    assert bool(warnings) == is_over
    assert all(
        "had expired when it arrived (2020-01-01T00:00:00Z). Check this machine's clock." in one for one in warnings
    )
