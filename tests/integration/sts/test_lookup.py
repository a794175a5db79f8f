# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lookup sts_session_token in real plays: calls are counted, sessions shared, codes sent once, values not shown."""

from __future__ import annotations

import base64
import configparser
import json
import os
import time
from pathlib import Path
from typing import Any

import pytest

from tests.support.plays import Plays
from tests.support.sts import Sts

LOOKUP = "community.workload_credentials.sts_session_token"
ROLE = "arn:aws:iam::123456789012:role/deploy"
CODE = "071946"
# Ansible quotes the lines of a playbook in errors, so what stands in them is no secret.
MFA = "serial_number='arn:aws:iam::123456789012:mfa/me', token_code=lookup('env', 'MFA_CODE')"
KEYS = ["access_key_id", "expiration", "secret_access_key", "session_token"]


def session(*terms: str, **options: str) -> str:
    """The lookup as an expression; options are expressions, too."""
    arguments = [*(f"'{term}'" for term in terms), *(f"{name}={value}" for name, value in options.items())]
    return f"query({', '.join([repr(LOOKUP), *arguments])})"


def evaluated(plays: Plays, *expressions: str, **options: Any) -> list[Any]:
    """The expressions' values, each evaluated in a task of its own; a failure is its message."""
    tasks = [{"ansible.builtin.set_fact": {"found": "{{ " + expression + " }}"}} for expression in expressions]
    outcome = plays.tasks(tasks, **options)
    assert len(outcome.results) == len(tasks), outcome.output
    assert "canary" not in outcome.output
    assert CODE not in outcome.output
    return [result["msg"] if result.get("failed") else result["ansible_facts"]["found"] for result in outcome.results]


def jwt(**claims: Any) -> str:
    """A web identity that says so of itself; moto and this collection look no closer."""
    body = base64.urlsafe_b64encode(json.dumps({**claims, "canary": 1}).encode()).decode().rstrip("=")
    return f"eyJhbGciOiJSUzI1NiJ9.{body}.canary"


def test_who_asks_and_what_comes_back(plays: Plays, sts: Sts, tmp_path: Path) -> None:
    (tmp_path / "token").write_text(jwt(exp=time.time() + 600) + "\n", encoding="utf-8")
    raw, env, text, several, role, web = evaluated(
        plays,
        session() + " | first",
        session(format="'aws_env'") + " | first",
        session(format="'aws_credentials'") + " | first",
        session("other", "user", key="'session_token'"),
        session(role_arn=f"'{ROLE}'", policy="{'Version': '2012-10-17'}", role_session_name="'ci'") + " | first",
        session(role_arn=f"'{ROLE}'", web_identity_token_file=f"'{tmp_path}/token'") + " | first",
    )
    assert sorted(raw) == sorted(role) == sorted(web) == KEYS
    names = {f"AWS_{name.upper()}": name for name in KEYS if name != "expiration"}
    assert env == {name: raw[key] for name, key in names.items()}
    profile = configparser.ConfigParser(interpolation=None, default_section="none")
    profile.read_string(text)
    assert {name.upper(): value for name, value in profile["default"].items()} == env
    assert len(several) == 2
    # Two evaluations of the first are of one session, and so is the text.
    assert sorted((call["Action"], call["signed_by"], call["region"]) for call in sts.calls) == [
        ("AssumeRole", "AKIAENV", "eu-west-1"),
        ("AssumeRoleWithWebIdentity", "", ""),
        ("GetSessionToken", "AKIAENV", "eu-west-1"),
        ("GetSessionToken", "AKIAOTHER", "eu-west-1"),
        ("GetSessionToken", "AKIAUSER", "eu-west-1"),
    ]


@pytest.mark.one_core
def test_one_source_says_who_asks(plays: Plays, sts: Sts) -> None:
    expressions = [
        session(access_key="'AKIAOWN'", secret_key="'canary'"),
        session(profile="'user'"),
        session("user", access_key="'AKIAOWN'", secret_key="'canary'"),
        session(access_key="'AKIAOWN'"),
        session(endpoint_url="'https://sts.eu-west-1.amazonaws.com'"),
    ]
    own, by_profile, both, half, from_both = evaluated(
        plays, *expressions, environment={"AWS_SESSION_TOKEN": "canary", "AWS_PROFILE": "user"}
    )
    assert (len(own), len(by_profile)) == (1, 1)
    assert [call["signed_by"] for call in sts.calls] == ["AKIAOWN", "AKIAUSER"]
    assert "_terms: a term names the profile to use, and access_key is set too: set one of the two." in both
    assert "secret_key: access_key and secret_key go together" in half
    # The keys of the environment are temporary ones.
    assert "session_token: the credentials of the access key AKIAENV are those of a session already" in from_both
    assert "(from the environment variable AWS_SESSION_TOKEN)" in from_both


def test_in_a_pod_the_lookup_takes_the_pods_role(plays: Plays, sts: Sts, tmp_path: Path) -> None:
    (tmp_path / "token").write_text(jwt(), encoding="utf-8")
    pod = {"AWS_ROLE_ARN": ROLE, "AWS_WEB_IDENTITY_TOKEN_FILE": str(tmp_path / "token")}
    (found,) = evaluated(plays, session(), environment={**pod, "AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": None})
    assert len(found) == 1
    assert [(call["Action"], call["RoleArn"]) for call in sts.calls] == [("AssumeRoleWithWebIdentity", ROLE)]


@pytest.mark.one_core
def test_what_cannot_work_sends_nothing(plays: Plays, sts: Sts, tmp_path: Path) -> None:
    (tmp_path / "old").write_text(jwt(exp=time.time() - 1), encoding="utf-8")
    web = {"role_arn": f"'{ROLE}'"}
    cases = {
        session(duration_seconds="899"): "duration_seconds: 899 is out of range: GetSessionToken allows 900 to 129600",
        session(
            role_arn=f"'{ROLE}'", duration_seconds="129600"
        ): "duration_seconds: 129600 is out of range: AssumeRole",
        session(duration_seconds="'an hour'"): "duration_seconds: 'an hour' is not a whole number",
        session(
            token_code="lookup('env', 'MFA_CODE')"
        ): "serial_number: AWS needs serial_number and token_code together",
        f"query('{LOOKUP}', 'user', 'other', {MFA})": "token_code: a code works only once, so it cannot be used for",
        session(
            "user", **web, web_identity_token_file="'/x'"
        ): "_terms: AssumeRoleWithWebIdentity needs no credentials",
        session(**web, web_identity_token_file=f"'{tmp_path}/old'"): f"the token in {tmp_path}/old has expired",
        session(**web, web_identity_token_file="'/no/file'"): "cannot read /no/file: No such file or directory",
        session(**web, service_account="{'name': 'a'}"): "service_account: it needs namespace",
        session(**web, service_account="'shop/a'"): "service_account: 'shop/a' is not a dictionary",
        session(key="'leaseId'"): "key: no credentials of format=raw have 'leaseId'; there are access_key_id,",
        session(outlives_run="true"): "outlives_run: there is no such option",
    }
    found = evaluated(plays, *cases)
    for said, expected in zip(found, cases.values(), strict=True):
        assert expected in said
    assert sts.calls == []


@pytest.mark.one_core
def test_what_botocore_trips_over_is_said_in_plays_too(plays: Plays, sts: Sts, tmp_path: Path) -> None:
    (tmp_path / "config").write_text(
        f"[profile tool]\ncredential_process = {tmp_path}/none --canary\n"
        f"[profile had]\ncredential_process = cat {tmp_path}/had\n",
        encoding="utf-8",
    )
    had = {"Version": 1, "AccessKeyId": "ASIA", "SecretAccessKey": "canary", "SessionToken": "token"}
    (tmp_path / "had").write_text(json.dumps({**had, "Expiration": "2099-01-01T00:00:00Z"}), encoding="utf-8")
    failed, given, field = evaluated(
        plays,
        session("tool"),
        session("had", key="'expiration'") + " | first",
        session("had", format="'aws_env'", key="'AWS_SESSION_TOKEN'") + " | first",
        environment={"AWS_CONFIG_FILE": str(tmp_path / "config"), "AWS_PROFILE": "nobody", "AWS_MAX_ATTEMPTS": ""},
    )
    assert f"the profile tool (credential_process {tmp_path}/none): cannot use the file {tmp_path}/none" in failed
    assert "a fault of this collection" not in failed
    assert (given, field) == ("2099-01-01T00:00:00Z", "token")
    assert sts.calls == []


@pytest.mark.one_core
def test_rendering_needs_no_connection_that_it_does_not_use(plays: Plays, sts: Sts, tmp_path: Path) -> None:
    session = {"region": "eu-west-1", "requestParameters": {"sessionDuration": 900}}
    keys = {
        "accessKeyIDSecretRef": {"name": "iam", "key": "id"},
        "secretAccessKeySecretRef": {"name": "iam", "key": "k"},
    }
    entry = {"name": "aws", "namespace": "web", "delivery": "external_secret"}
    entries = [{**entry, "sts_session_token": {**session, "auth": {"secretRef": keys}}}]
    task = {"community.workload_credentials.cluster_credentials": {"state": "rendered", "entries": entries}}
    task["community.workload_credentials.cluster_credentials"]["render_dir"] = str(tmp_path / "out")
    plays.tasks([task]).ok()
    text = (tmp_path / "out/web.yml").read_text(encoding="utf-8")
    assert "kind: STSSessionToken" in text
    assert "sessionDuration: 900" in text
    # An entry of the Secrets API does use it.
    entries.append({**entry, "name": "app", "static_secret": "prod/app"})
    assert "site_id: no site is set" in plays.tasks([task]).result["msg"]


def test_check_mode_asks_for_nothing(plays: Plays, sts: Sts) -> None:
    found, by_code, forbidden = evaluated(
        plays,
        session() + " | first",
        f"query('{LOOKUP}', {MFA}, key='secret_access_key') | first",
        session(check_mode="'error'"),
        arguments=("--check",),
    )
    assert sorted(found) == KEYS
    assert found["secret_access_key"] == by_code == "CHECK-MODE-NO-SECRET-ACCESS-KEY"
    assert "check_mode=error does not allow" in forbidden
    assert sts.calls == []


USE = {"ansible.builtin.assert": {"that": "creds.session_token != creds.access_key_id"}}


@pytest.mark.parametrize(("reuse", "calls"), [("host", 3), ("run", 1)])
def test_a_session_is_shared_as_the_play_says(plays: Plays, sts: Sts, reuse: str, calls: int) -> None:
    creds = "{{ " + session(reuse=f"'{reuse}'", role_arn=f"'{ROLE}'") + " | first }}"
    plays.tasks([USE, USE], hosts=3, arguments=("--forks", "3"), play={"vars": {"creds": creds}}).ok()
    assert sts.actions == ["AssumeRole"] * calls


def test_a_code_is_sent_once_and_its_session_serves_the_run(plays: Plays, sts: Sts) -> None:
    shared = "{{ lookup('" + LOOKUP + "', reuse='run', " + MFA + ") }}"
    plays.tasks([USE, USE], hosts=3, arguments=("--forks", "3"), play={"vars": {"creds": shared}}).ok()
    assert [call["TokenCode"] for call in sts.calls] == [CODE]
    sts.forget()
    each = "{{ lookup('" + LOOKUP + "', reuse='never', " + MFA + ") }}"
    outcome = plays.tasks([USE, USE], play={"vars": {"creds": each}}, arguments=("-vvvvv",))
    assert [call["TokenCode"] for call in sts.calls] == [CODE]
    assert "token_code: this code was already used in this run, and works only once" in outcome.result["msg"]
    assert CODE not in outcome.output


def test_neither_secrets_nor_values_are_shown_or_left(plays: Plays, sts: Sts, tmp_path: Path) -> None:
    (tmp_path / "token").write_text(jwt(), encoding="utf-8")
    sts.refuse("ValidationError", "Value '{TokenCode}' of canary-secret-of-env is not good")
    sts.refuse("InvalidIdentityToken", "Token {WebIdentityToken} is not good")
    web = f"lookup('{LOOKUP}', role_arn='{ROLE}', web_identity_token_file='{tmp_path}/token', format='aws_env')"
    tasks = [
        {"ansible.builtin.debug": {"msg": "{{ lookup('" + LOOKUP + "', " + MFA + ") }}"}},
        {"ansible.builtin.debug": {"msg": "{{ " + web + " }}"}},
        {**USE, "vars": {"creds": "{{ lookup('" + LOOKUP + "', role_arn='" + ROLE + "') }}"}},
        {"ansible.builtin.set_fact": {"found": "{{ " + web + " }}"}, "no_log": True},
    ]
    outcome = plays.tasks(tasks, arguments=("-vvvvv", "--diff"))
    assert [bool(result.get("failed")) for result in outcome.results] == [True, True, False, False], outcome.output
    assert "Token (hidden) is not good" in outcome.output
    for secret in ("canary", CODE, "FQoGZXIvYXdzE"):
        assert secret not in outcome.output
    assert [path for path in (tmp_path / "ansible").rglob("*") if "workload-credentials" in path.name] == []


@pytest.mark.one_core
def test_without_botocore_there_is_one_clear_sentence(plays: Plays, sts: Sts, tmp_path: Path) -> None:
    (tmp_path / "botocore").mkdir()
    (tmp_path / "botocore" / "__init__.py").write_text("raise ImportError('canary')\n", encoding="utf-8")
    path = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
    (said,) = evaluated(plays, session(), environment={"PYTHONPATH": path})
    assert "The Python library 'botocore' is needed where this task runs" in said
    assert sts.calls == []
