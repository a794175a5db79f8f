# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""`python -m workload_credentials_emulator`: the ready line, the arguments, and the end."""

from __future__ import annotations

import argparse
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

import pytest
import requests
from workload_credentials_emulator import (
    DEMO_ADMIN_SITE,
    DEMO_ADMIN_TOKEN,
    DEMO_SITE,
    DEMO_TOKEN,
    Behaviour,
    Control,
    Emulator,
    StartError,
)
from workload_credentials_emulator.behaviour import in_words
from workload_credentials_emulator.behaviour_options import add_behaviour_options, chosen_behaviour

from .client import OTHER_SITE, SITE, TOKEN

ROOT = Path(__file__).parents[2]
Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start() -> Iterator[Start]:
    """Start the command; what still runs at the end is killed."""
    started: list[subprocess.Popen[str]] = []

    def run(*arguments: str, **environment: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "workload_credentials_emulator", *arguments],
            cwd=ROOT,
            env={**os.environ, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield run
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()


def _ready(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    found = re.fullmatch(r"ready (https?://127\.0\.0\.1:\d+)\n", process.stdout.readline())
    assert found, process.communicate()
    return found[1]


def _session_status(url: str, site: str, token: str, verify: str | None, **more: str) -> int:
    with requests.Session() as session:
        session.trust_env = False
        headers = {"Authorization": f"Bearer {token}", "bt-secrets-api-version": "2026-04-28", **more}
        return session.get(f"{url}/site/{site}/secrets/session", headers=headers, verify=verify, timeout=20).status_code


@pytest.mark.smoke
@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_it_says_ready_serves_and_ends_without_a_trace(start: Start, tmp_path: Path, ending: signal.Signals) -> None:
    process = start("--port", "0", "--site", SITE, "--token", TOKEN, "--tls-dir", str(tmp_path))
    url = _ready(process)
    assert url.startswith("https://")
    assert _session_status(url, SITE, TOKEN, str(tmp_path / "ca.pem")) == 200
    process.send_signal(ending)
    output, errors = process.communicate(timeout=20)
    assert (process.returncode, output, errors) == (0, "", "")


def test_an_open_connection_does_not_hold_it_up(start: Start, tmp_path: Path) -> None:
    process = start("--port", "0", "--tls-dir", str(tmp_path))
    url = _ready(process)
    with requests.Session() as session:
        session.trust_env = False
        session.get(f"{url}/_control/journal", verify=str(tmp_path / "ca.pem"), timeout=20)
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=20) == 0


def test_sites_and_tokens_can_be_repeated(start: Start) -> None:
    url = _ready(
        start("--port", "0", "--no-tls", "--site", OTHER_SITE, "--site", SITE, "--token", "one", "--token", "two")
    )
    assert url.startswith("http://")
    for site, token, status in ((OTHER_SITE, "one", 200), (SITE, "two", 200), (SITE, "one", 403), (SITE, "three", 401)):
        assert _session_status(url, site, token, None) == status


def test_services_roles_and_the_form_of_paths_can_be_chosen(start: Start) -> None:
    url = _ready(
        start("--port", "0", "--no-tls", "--service", "ci", "--service", "cd", "--role", "dev", "--leading-slash")
    )
    for header, value, status in (
        ("X-BT-Service-Name", "ci", 200),
        ("X-BT-Service-Name", "cd", 200),
        ("X-BT-Service-Name", "dev", 401),
        ("X-BT-Role", "dev", 200),
        ("X-BT-Role", "ci", 401),
    ):
        headers = {header: value, **({"X-BT-Auth-Type": "CUSTOM-IDP"} if header == "X-BT-Role" else {})}
        assert _session_status(url, DEMO_SITE, DEMO_TOKEN, None, **headers) == status, (header, value)
    with requests.Session() as session:
        session.trust_env = False
        session.headers.update({"Authorization": f"Bearer {DEMO_TOKEN}", "bt-secrets-api-version": "2026-04-28"})
        created = session.post(f"{url}/site/{DEMO_SITE}/secrets/static/app", json={"secret": {}}, timeout=20)
    assert created.json()["path"] == "/app"


@pytest.fixture
def options() -> argparse.ArgumentParser:
    """A command line with the switches of the behaviour."""
    parser = argparse.ArgumentParser()
    add_behaviour_options(parser)
    return parser


@pytest.mark.parametrize(
    ("arguments", "behaviour"),
    [
        ([], Behaviour()),
        (["--living"], Behaviour.living(rate_limit=500)),
        (
            ["--living", "--missing", "not-found", "--read-lag", "0", "--no-both-products", "--rate-limit", "0"],
            Behaviour.living(missing_is_forbidden=False, read_lag=0.0, both_products=False),
        ),
        (
            ["--missing", "forbidden", "--lists-lag", "--lease-lag", "1.5", "--no-azure-expiration"],
            Behaviour(missing_is_forbidden=True, lists_lag=True, lease_lag=1.5, azure_expiration=False),
        ),
        (
            ["--azure-spelling", "camel", "--rate-limit", "9", "--rate-window", "2"],
            Behaviour(azure_spelling="camel", rate_limit=9, rate_window=2.0),
        ),
    ],
)
def test_the_behaviour_can_be_chosen(
    options: argparse.ArgumentParser, arguments: list[str], behaviour: Behaviour
) -> None:
    assert chosen_behaviour(options.parse_args(arguments)) == behaviour


@pytest.mark.parametrize(
    "arguments",
    [["--read-lag", "-1"], ["--lease-lag", "soon"], ["--rate-window", "0"], ["--rate-limit", "-1"], ["--missing", "x"]],
)
def test_what_is_no_behaviour_is_named(
    options: argparse.ArgumentParser, arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        options.parse_args(arguments)
    assert f"argument {arguments[0]}" in capsys.readouterr().err.splitlines()[-1]


def test_each_part_of_the_behaviour_has_a_switch(options: argparse.ArgumentParser) -> None:
    assert {action.dest for action in options._actions} == {"help", "living", *asdict(Behaviour())}


def test_it_explains_how_to_point_a_play_at_it(start: Start) -> None:
    process = start("--port", "0", "--explain")
    url = _ready(process)
    assert process.stderr is not None
    lines = [process.stderr.readline().rstrip("\n") for _turn in range(8)]
    exports = dict(line.removeprefix("export ").split("=", 1) for line in lines if line.startswith("export "))
    ca_cert = exports.pop("BEYONDTRUST_CA_CERT")
    assert exports == {
        "BEYONDTRUST_API_URL": url,
        "BEYONDTRUST_SITE_ID": DEMO_SITE,
        "BEYONDTRUST_ACCESS_TOKEN": DEMO_TOKEN,
        "BEYONDTRUST_ADMIN_SITE_ID": DEMO_ADMIN_SITE,
        "BEYONDTRUST_ADMIN_ACCESS_TOKEN": DEMO_ADMIN_TOKEN,
    }
    assert _session_status(url, DEMO_SITE, DEMO_TOKEN, ca_cert) == 200


@pytest.mark.parametrize(
    ("arguments", "world"),
    [
        ("", "as the API document says"),
        ("--living", "as the living service was seen to, but with rate_limit=500"),
        ("--living --rate-limit 0", "as the living service was seen to"),
        ("--read-lag 2", "as the API document says, but with read_lag=2.0"),
    ],
)
def test_a_world_has_a_name(options: argparse.ArgumentParser, arguments: str, world: str) -> None:
    assert in_words(chosen_behaviour(options.parse_args(arguments.split()))) == world


def test_it_says_in_which_world_it_runs(start: Start) -> None:
    process = start("--port", "0", "--no-tls", "--explain", "--living")
    url = _ready(process)
    assert process.stderr is not None
    lines = [process.stderr.readline().rstrip("\n") for _turn in range(8)]
    assert "It behaves as the living service was seen to, but with rate_limit=500." in lines
    assert Control(url, None).behaviour() == asdict(Behaviour.living(rate_limit=500))


def test_a_control_token_is_printed_where_it_was_made_up(start: Start) -> None:
    process = start("--port", "0", "--no-tls", "--host", "0.0.0.0")
    url = _ready(process)
    assert process.stderr is not None
    token = (
        process.stderr.readline().rstrip("\n").removeprefix(f"{url}/_control wants the header Authorization: Bearer ")
    )
    assert Control(url, None, token).journal() == []


@pytest.mark.parametrize("how", ["option", "environment"])
def test_a_control_token_can_be_chosen(start: Start, how: str) -> None:
    option = ["--control-token", "chosen"] if how == "option" else []
    environment = {} if option else {"EMULATOR_CONTROL_TOKEN": "chosen"}
    process = start("--port", "0", "--no-tls", "--host", "0.0.0.0", *option, **environment)
    url = _ready(process)
    assert Control(url, None, "chosen").journal() == []
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=20) == ("", "")


def test_an_image_s_arguments_leave_room_for_others(start: Start, tmp_path: Path) -> None:
    url = _ready(start("--port", "0", "--tls-dir", str(tmp_path / "tls"), "--no-tls"))
    assert url.startswith("http://")
    tls = _ready(start("--port", "0", "--tls-dir", str(tmp_path / "tls"), EMULATOR_TLS_NAMES="secrets-api, 192.0.2.7"))
    context = ssl.create_default_context(cafile=tmp_path / "tls" / "ca.pem")
    with (
        socket.create_connection(("127.0.0.1", int(tls.rpartition(":")[2])), timeout=20) as plain,
        context.wrap_socket(plain, server_hostname="secrets-api"),
    ):
        pass


def test_a_site_begins_with_a_file(start: Start, tmp_path: Path) -> None:
    (tmp_path / "site.yml").write_text("tokens: [{token: reader}]")
    url = _ready(start("--port", "0", "--no-tls", "--with", str(tmp_path / "site.yml")))
    assert _session_status(url, DEMO_SITE, "reader", None) == 200
    process = start("--port", "0", "--no-tls", "--with", str(tmp_path / "none.yml"))
    output, errors = process.communicate(timeout=20)
    assert (process.returncode, output) == (2, "")
    assert errors == f"emulator: {tmp_path}/none.yml cannot be read: No such file or directory.\n"


def test_old_packages_are_named(start: Start, tmp_path: Path) -> None:
    metadata = tmp_path / "fastapi-0.1.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: fastapi\nVersion: 0.1\n")
    process = start("--port", "0", PYTHONPATH=os.pathsep.join([str(tmp_path), os.environ["PYTHONPATH"]]))
    errors = process.communicate(timeout=20)[1]
    assert process.returncode == 2
    assert errors == "emulator: the Python package fastapi 0.1 is too old: install fastapi>=0.121.\n"


def test_what_cannot_start_is_said_in_one_sentence(start: Start, running: Emulator, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    port = running.url.rpartition(":")[2]
    for arguments, sentence in (
        (["--port", port], rf"cannot listen on 127\.0\.0\.1:{port}: Address already in use\."),
        (["--port", "0", "--host", "192.0.2.1"], r"cannot listen on 192\.0\.2\.1:0: .+\."),
        (["--port", "70000"], r"cannot listen on 127\.0\.0\.1:70000: .+\."),
        (["--port", "0", "--site", "prod"], r"'prod' is no site id: .+\."),
        (["--port", "0", "--tls-dir", str(tmp_path / "file")], r"TLS cannot use .+/file: .+\."),
    ):
        process = start(*arguments)
        output, errors = process.communicate(timeout=20)
        assert (process.returncode, output) == (2, "")
        assert re.fullmatch(f"emulator: {sentence}\n", errors), errors


def test_unknown_arguments_show_the_usage(start: Start) -> None:
    process = start("--prot", "0")
    errors = process.communicate(timeout=20)[1]
    assert process.returncode == 2
    assert errors.startswith("usage: workload-credentials-emulator")


def test_missing_packages_are_named(start: Start, tmp_path: Path) -> None:
    (tmp_path / "uvicorn.py").write_text("raise ModuleNotFoundError(name='uvicorn')\n")
    process = start("--port", "0", PYTHONPATH=os.pathsep.join([str(tmp_path), os.environ["PYTHONPATH"]]))
    errors = process.communicate(timeout=20)[1]
    assert process.returncode == 2
    assert errors == "emulator: the Python package uvicorn is missing: install the emulator with its dependencies.\n"


def test_an_administration_site_that_holds_secrets_is_refused() -> None:
    with pytest.raises(StartError, match="cannot be one of the sites"):
        Emulator(admin_site=DEMO_SITE.upper())
    with pytest.raises(StartError, match="is no site id"):
        Emulator(admin_site="admin")


def test_the_administration_site_can_be_chosen_in_the_environment(start: Start) -> None:
    site = "d1b2c3d4-e5f6-4890-abcd-ef1234567890"
    process = start("--port", "0", "--no-tls", EMULATOR_ADMIN_SITE=site, EMULATOR_ADMIN_TOKEN="of-the-administrator")
    headers = {"Authorization": "Bearer of-the-administrator"}
    response = requests.get(f"{_ready(process)}/site/{site}/platform/iam/policies", headers=headers, timeout=20)
    assert response.json() == {"policies": []}


def test_policies_are_enforced_for_principals_that_are_named(start: Start) -> None:
    process = start("--port", "0", "--no-tls", "--enforce-policies", "--principal", "user:ann@example.com=token-of-ann")
    address = f"{_ready(process)}/site/{DEMO_SITE}/secrets/static"
    statuses = {}
    for token in (DEMO_TOKEN, "token-of-ann"):
        headers = {"Authorization": f"Bearer {token}", "bt-secrets-api-version": "2026-04-28"}
        statuses[token] = requests.get(address, headers=headers, timeout=20).status_code
    assert statuses == {DEMO_TOKEN: 200, "token-of-ann": 403}


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("--principal", "ann", "is no principal with a token"),
        ("--issuer-keys", "keys.json", "is no issuer with a file"),
        ("--issuer-ca", "/nowhere/ca.pem", "cannot be read"),
        ("--admin-site", DEMO_SITE, "cannot be one of the sites"),
    ],
)
def test_what_cannot_be_served_ends_the_command(start: Start, option: str, value: str, message: str) -> None:
    process = start("--port", "0", option, value)
    _output, errors = process.communicate(timeout=60)
    assert process.returncode == 2
    assert message in errors
