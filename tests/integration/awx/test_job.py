# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A job of AWX: the credential is injected by AWX's own code, ansible-runner runs the play, the token rotates in it."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jwt
import pytest
import yaml
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from workload_credentials_emulator import Emulator

from tests.conftest import SITES
from tests.support.awx import credential_type
from tests.support.plays import Plays
from tests.support.programs import finished
from tests.support.site import TOKEN

pytestmark = pytest.mark.one_core
SITE = SITES[0]
MODULE = "community.workload_credentials"


@pytest.fixture(scope="module")
def key() -> RSAPrivateKey:
    """The platform's."""
    return generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture(scope="module")
def service(key: RSAPrivateKey, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """A Secrets API that trusts the platform for one service."""
    file = tmp_path_factory.mktemp("idp") / "keys.json"
    published = jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
    file.write_text(json.dumps({"keys": [{**published, "kid": "platform", "alg": "RS256"}]}), encoding="utf-8")
    with Emulator([SITE], [TOKEN], services=["plain", f"automation={file}"]) as emulator:
        yield emulator


def job_token(key: RSAPrivateKey, *, seconds: int, site: str = SITE) -> str:
    """As the platform signs them: for a job, an audience and a time."""
    claims = {"iss": "https://platform.example.com/o", "aud": site, "exp": int(time.time()) + seconds, "sub": "job"}
    return jwt.encode(claims, key, "RS256", headers={"kid": "platform"})


def injected(
    folder: Path, inputs: dict[str, Any], made: dict[str, Any] | None = None
) -> tuple[dict[str, str], dict[str, str]]:
    """The job's environment, and the one that AWX keeps and shows, by AWX's own code.

    :arg made: the credential type; that of the connection without one.
    """
    from awx_plugins.interfaces._temporary_private_api import ManagedCredentialType
    from awx_plugins.interfaces._temporary_private_credential_api import Credential
    from awx_plugins.interfaces._temporary_private_inject_api import inject_credential

    made = made or credential_type()
    kind = ManagedCredentialType("own", made["name"], made["kind"], made["inputs"], made["injectors"])
    (folder / "env").mkdir(parents=True, exist_ok=True)
    env: dict[str, Any] = {}
    shown: dict[str, Any] = {}
    inject_credential(kind, Credential(inputs), env, shown, [], str(folder))
    # There is no container here: what is /runner in there is the folder itself.
    return {name: value.replace("/runner", str(folder), 1) for name, value in env.items()}, shown


def run_job(plays: Plays, env: dict[str, str], tasks: list[dict[str, Any]]) -> tuple[int, str, str]:
    """Exit status and output of a job with these tasks, and everything that the runner kept of it."""
    folder = plays.folder / "job"
    (folder / "project").mkdir(parents=True, exist_ok=True)
    play = [{"hosts": "localhost", "connection": "local", "gather_facts": False, "tasks": tasks}]
    (folder / "project" / "play.yml").write_text(yaml.safe_dump(play), encoding="utf-8")
    own = {name: value for name, value in plays.variables({}).items() if not name.startswith("BEYONDTRUST_")}
    (folder / "env" / "envvars").write_text(json.dumps({**own, **env}), encoding="utf-8")
    done = finished(
        [str(Path(sys.executable).with_name("ansible-runner")), "run", str(folder), "-p", "play.yml", "-vvvv"],
        environment=own,
    )
    events = "".join(path.read_text(encoding="utf-8") for path in folder.glob("artifacts/*/job_events/*.json"))
    return done.returncode, done.stdout, events


def test_a_token_and_an_authority_reach_the_job_as_files(service: Emulator, plays: Plays) -> None:
    authority = Path(str(service.ca_cert)).read_text(encoding="utf-8")
    inputs = {"api_url": service.url, "site_id": SITE, "access_token": TOKEN, "ca_cert": authority, "insecure": False}
    env, shown = injected(plays.folder / "job", inputs)
    assert TOKEN not in str(env) + str(shown)
    assert "BEGIN" not in str(env)
    assert Path(env["BEYONDTRUST_ACCESS_TOKEN_FILE"]).stat().st_mode & 0o77 == 0
    status, output, events = run_job(
        plays, env, [{f"{MODULE}.session_info": {}}, {f"{MODULE}.folder": {"path": "made"}}]
    )
    assert status == 0, output
    assert "canary" not in output + events
    assert "POST" in {entry["method"] for entry in service.control.journal(SITE)}


@pytest.mark.parametrize(
    "inputs",
    [
        {},
        {"access_token": "", "access_token_file": "", "ca_cert": "", "timeout": "", "retries": "", "service_name": ""},
    ],
)
def test_what_is_left_empty_is_not_set_and_checks_stay_on(plays: Plays, inputs: dict[str, Any]) -> None:
    env, _shown = injected(plays.folder / "job", {"site_id": SITE, **inputs})
    assert {name: value for name, value in env.items() if value} == {
        "BEYONDTRUST_SITE_ID": SITE,
        "BEYONDTRUST_INSECURE": "False",
    }


def test_a_token_of_the_platform_rotates_in_mid_run(service: Emulator, plays: Plays, key: RSAPrivateKey) -> None:
    file = plays.folder / "token"
    fresh = plays.folder / "fresh"
    file.write_text(job_token(key, seconds=300), encoding="utf-8")
    fresh.write_text(job_token(key, seconds=3600) + "\n", encoding="utf-8")
    inputs = {
        "api_url": service.url,
        "site_id": SITE,
        "access_token_file": str(file),
        "service_name": "automation",
        "ca_cert": Path(str(service.ca_cert)).read_text(encoding="utf-8"),
    }
    env, _shown = injected(plays.folder / "job", inputs)
    clock = {"url": f"{service.url}/_control/clock", "method": "POST", "body_format": "json", "body": {"advance": 600}}
    ask = {f"{MODULE}.session_info": {}}
    refused = {"ansible.builtin.assert": {"that": ["late is failed", "'401' in late.msg"]}}
    tasks: list[dict[str, Any]] = [
        ask,
        {"ansible.builtin.uri": {**clock, "ca_path": service.ca_cert}},
        {**ask, "register": "late", "ignore_errors": True},
        refused,
        {"ansible.builtin.copy": {"src": str(fresh), "dest": str(file), "mode": "0600"}, "no_log": True},
        ask,
    ]
    try:
        status, output, events = run_job(plays, env, tasks)
    finally:
        service.control.reset()
    assert status == 0, output
    for token in (file, fresh):
        assert token.read_text(encoding="utf-8").strip() not in output + events


@pytest.mark.parametrize(
    ("service_name", "seconds", "audience"),
    [("automation", -1, SITE), ("automation", 300, SITES[1]), ("plain", 300, SITE), ("other", 300, SITE)],
)
def test_a_token_that_is_not_for_this_is_refused_with_what_to_look_at(
    service: Emulator, plays: Plays, key: RSAPrivateKey, service_name: str, seconds: int, audience: str
) -> None:
    file = plays.folder / "token"
    file.write_text(job_token(key, seconds=seconds, site=audience), encoding="utf-8")
    environment = {
        "BEYONDTRUST_API_URL": service.url,
        "BEYONDTRUST_SITE_ID": SITE,
        "BEYONDTRUST_ACCESS_TOKEN": None,
        "BEYONDTRUST_ACCESS_TOKEN_FILE": str(file),
        "BEYONDTRUST_SERVICE_NAME": service_name,
        "BEYONDTRUST_CA_CERT": str(service.ca_cert),
    }
    (result,) = plays.tasks([{f"{MODULE}.session_info": {}}], environment=environment).results
    assert result["failed"]
    assert "401" in result["msg"]
    assert file.read_text(encoding="utf-8") not in str(result)
