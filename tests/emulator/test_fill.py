# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sites that begin with what a file has."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from workload_credentials_emulator import Behaviour, Emulator, StartError

from .client import AWS, AZURE, OTHER_SITE, OTHER_TOKEN, ROLE, SITE, TOKEN, Api, assert_refused

AZURE_INTEGRATION = {
    "tenantId": "00000000-0000-0000-0000-000000000000",
    "clientId": "11111111-1111-1111-1111-111111111111",
    "clientSecret": "value-canary",
}
CONTENT: dict[str, Any] = {
    "folders": ["prod/empty", "prod/db"],
    "static": {"prod/db/app": {"username": "app", "port": 5432, "hosts": ["a", "b"]}, "top": {}},
    "integrations": {"aws": {"my-aws": {"roleArn": ROLE}}, "azure": {"my-azure": AZURE_INTEGRATION}},
    "dynamic": {"cloud/aws/app": AWS, "cloud/azure": AZURE},
    "sites": {OTHER_SITE.upper(): {"static": {"only/here": {"a": "1"}}}},
    "tokens": [
        {"token": "reader", "grants": [{"actions": ["ReadSecret"], "path": "prod"}]},
        {"token": "other-reader", "sites": [OTHER_SITE], "permissions": ["read"]},
    ],
}
YAML = """\
static:
  prod/db/app:  # with a comment
    username: app
    password: "{password}"
"""
Write = Callable[[str], Path]


@pytest.fixture(scope="module")
def filled() -> Iterator[Emulator]:
    """An emulator that begins with the content, and lags."""
    living = Behaviour.living(read_lag=600.0, missing_is_forbidden=False)
    with Emulator([SITE, OTHER_SITE], [TOKEN, OTHER_TOKEN], tls=False, behaviour=living, fill=CONTENT) as emulator:
        yield emulator


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a file to begin with."""

    def written(text: str) -> Path:
        file = tmp_path / "site.yml"
        file.write_text(text)
        return file

    return written


@pytest.mark.parametrize("turn", ["at first", "after a reset"])
def test_sites_begin_with_the_content(filled: Emulator, turn: str) -> None:
    if turn != "at first":
        Api(filled).done("DELETE", "/static/top?permanent=true")
        filled.control.reset()
    api = Api(filled)
    folders = ["cloud", "cloud/aws", "prod", "prod/db", "prod/empty"]
    assert api.paths("/folders", recursive="true") == folders
    assert api.get("/static/app", folder="prod/db")["secret"] == CONTENT["static"]["prod/db/app"]
    assert api.get("/static/top")["metadata"]["version"] == 1
    assert api.get("/integrations/aws/my-aws")["config"].keys() == {"roleArn", "externalId"}
    assert "clientSecret" not in api.get("/integrations/azure/my-azure")["config"]
    assert api.get("/dynamic/app", folder="cloud/aws")["config"]["ttl"] == AWS["ttl"]
    assert api.generate("azure", "cloud")["clientId"]


def test_a_site_may_hold_more(filled: Emulator) -> None:
    other = Api(filled, site=OTHER_SITE, token=OTHER_TOKEN)
    assert other.paths("/static", recursive="true") == ["only/here", "prod/db/app", "top"]
    assert Api(filled).paths("/static", recursive="true") == ["prod/db/app", "top"]


def test_tokens_have_their_grants(filled: Emulator) -> None:
    reader = Api(filled, token="reader")
    assert "metadata" not in reader.get("/static/app", folder="prod/db")
    assert_refused(reader.send("GET", "/static/top"), 403, "forbidden")
    assert Api(filled, site=OTHER_SITE, token="other-reader").get("/static/top")
    assert Api(filled, token="other-reader").send("GET", "/static/top").status_code == 401


@pytest.mark.parametrize("text", [json.dumps(CONTENT | {"sites": {}, "tokens": []}), YAML.format(password="x"), ""])
def test_a_file_is_yaml_or_json(write: Write, text: str) -> None:
    with Emulator([SITE], [TOKEN], tls=False, fill=write(text)) as emulator:
        assert ("prod/db/app" in Api(emulator).paths("/static", recursive="true")) == bool(text)


def test_it_comes_on_top_of_the_example(write: Write) -> None:
    with Emulator([SITE], [TOKEN], tls=False, example=True, fill=write("static: {prod/db/more: {}}")) as emulator:
        assert Api(emulator).paths("/static", path="prod/db") == ["prod/db/app", "prod/db/more"]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ({"secrets": {}}, "secrets is not known here."),
        ({"folders": ["a//b"]}, "folders.0 must fit the pattern"),
        ({"folders": [""]}, "folders.0 must be a full path without a slash at either end."),
        ({"folders": ["a/" * 300 + "b"]}, "the full path has 601 characters"),
        ({"static": {"prod/app": "canary"}}, "static.prod/app must be an object."),
        ({"dynamic": {"app": {**AWS, "ttl": 1}}}, "dynamic.app.aws.ttl must be at least 900."),
        ({"dynamic": {"app": AWS}}, "dynamic.app: the aws integration 'my-aws' does not exist."),
        ({"integrations": {"gcp": {}}}, "integrations.gcp is not known here."),
        (
            {"integrations": {"azure": {"a": {**AZURE_INTEGRATION, "tenantId": "canary"}}}},
            "integrations.azure.a.tenant",
        ),
        ({"static": {"/app": {}}}, "static./app must be a full path without a slash"),
        ({"sites": {"x": {}}}, "x is none of the sites that are served."),
        ({"sites": {SITE: {"dynamic": {"app": AWS}}}}, f"sites.{SITE}.dynamic.app: the aws integration"),
        ({"tokens": [{"token": "x", "sites": [OTHER_SITE]}]}, f"{OTHER_SITE} is none of the sites that are served."),
        ({"tokens": [{"token": "x", "actions": ["Fly"]}]}, "tokens.0.actions names Fly, which is no action"),
    ],
)
def test_what_cannot_be_is_named_with_its_place(write: Write, content: dict[str, Any], sentence: str) -> None:
    file = write(json.dumps(content))
    with pytest.raises(StartError) as refused:
        Emulator([SITE], [TOKEN], tls=False, fill=file)
    assert str(refused.value).startswith(f"{file}: {sentence}"), refused.value
    assert "canary" not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (YAML.format(password='canary" x'), ", line 4: "),
        (YAML.format(password="x") + "    username: canary\n", ", line 5: a name is there twice."),
        ("- folders", ": it must be an object."),
        ("static: {app: {day: 2026-01-01}}", ": static.app.day must be what JSON can hold."),
        ("a: !!python/object:os.system {}", ", line 1: "),
    ],
)
def test_what_is_no_content_is_named_with_its_line(write: Write, text: str, sentence: str) -> None:
    file = write(text)
    with pytest.raises(StartError) as refused:
        Emulator([SITE], [TOKEN], tls=False, fill=file)
    assert str(refused.value).startswith(f"{file}{sentence}"), refused.value
    assert "canary" not in str(refused.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(StartError, match="none.yml cannot be read: No such file or directory."):
        Emulator([SITE], [TOKEN], tls=False, fill=tmp_path / "none.yml")
