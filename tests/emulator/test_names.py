# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Names and paths: which characters, how long, and how they are written."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from .client import ROLE, Api, assert_refused

ALL_CHARACTERS = "aZ09-_@~*^%"
KINDS = ["static", "folders", "dynamic"]


def _create(api: Api, kind: str, name: str, folder: str = "") -> int:
    body = {"static": {"secret": {}}, "folders": None, "dynamic": None}[kind]
    if kind == "dynamic":
        api.dynamic("other-that-brings-the-integration")
        body = {
            "type": "aws",
            "integrationName": "my-aws",
            "credentialType": "assumed_role",
            "roleArn": ROLE,
            "ttl": 900,
        }
    response = api.send("POST", f"/{kind}/{quote(name, safe='')}", body, params={"folder": folder})
    if response.status_code == 400:
        assert_refused(response, 400, "invalid_request")
    return response.status_code


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", [ALL_CHARACTERS, "x" * 100, "%2F", "%", "50%25"])
def test_documented_names_are_kept_as_they_are(api: Api, kind: str, name: str) -> None:
    assert _create(api, kind, name) == 201
    assert name in [path.lstrip("/") for path in api.paths(f"/{kind}")]
    assert api.get(f"/{kind}/{quote(name, safe='')}/metadata")["id"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["x" * 101, "a b", "a.b", "a:b", "a+b", "é", "a\n", "\x00", "a/b", "a\\b", "\u017f"])
def test_other_names_are_400(api: Api, kind: str, name: str) -> None:
    assert _create(api, kind, name) == 400


def test_an_undecodable_name_is_400(api: Api) -> None:
    assert_refused(api.send("GET", "/static/%FF"), 400, "invalid_request")


@pytest.mark.parametrize("folder", ["prod//db", "prod/d b", "x" * 101, "prod/./db", "prod%zz/ü"])
def test_a_folder_parameter_must_be_a_path(api: Api, folder: str) -> None:
    assert_refused(api.send("GET", "/static/app", params={"folder": folder}), 400, "invalid_request")
    assert_refused(api.send("GET", "/static", params={"path": folder}), 400, "invalid_request")


@pytest.mark.parametrize("folder", ["prod/db", "/prod/db", "prod/db/", "/prod/db/", "//prod/db//"])
def test_slashes_at_either_end_of_a_folder_mean_nothing(api: Api, folder: str) -> None:
    api.folder("prod")
    api.folder("db", "prod")
    api.static("app", folder)
    assert api.get("/static/app", folder="prod/db")["path"] == "prod/db/app"
    assert api.get("/static/app", folder=folder)["path"] == "prod/db/app"
    assert api.paths("/static", path=folder) == ["prod/db/app"]


@pytest.mark.parametrize("folder", ["", "/"])
def test_no_folder_is_the_top(api: Api, folder: str) -> None:
    api.static("app", folder)
    assert api.paths("/static", path=folder) == ["app"]


def test_a_full_path_has_at_most_500_characters(api: Api) -> None:
    folder = ""
    for letter in "abcd":
        api.folder(letter * 99, folder)
        folder = f"{folder}/{letter * 99}".strip("/")
    assert len(folder) == 399
    assert _create(api, "static", "x" * 100, folder) == 201
    api.folder("e" * 49, folder)
    assert _create(api, "static", "x" * 50, f"{folder}/{'e' * 49}") == 201
    response = api.send("POST", f"/static/{'x' * 51}", {"secret": {}}, params={"folder": f"{folder}/{'e' * 49}"})
    assert_refused(response, 400, "path_too_long")


def test_names_differ_by_case(api: Api) -> None:
    api.static("app", value="lower")
    api.static("App", value="upper")
    assert api.paths("/static") == ["App", "app"]


@pytest.mark.parametrize("name", ["my aws", "a  b", ALL_CHARACTERS, "x" * 100])
def test_an_integration_may_have_spaces_in_its_name(api: Api, name: str) -> None:
    address = f"/integrations/aws/{quote(name, safe='')}"
    assert api.done("POST", address, {"type": "aws", "roleArn": ROLE})["name"] == name
    assert api.get(address)["name"] == name


@pytest.mark.parametrize("name", [" ", " a", "a ", "x" * 101, "a.b", "a\tb"])
def test_other_integration_names_are_400(api: Api, name: str) -> None:
    address = f"/integrations/aws/{quote(name, safe='')}"
    assert_refused(api.send("POST", address, {"type": "aws", "roleArn": ROLE}), 400, "invalid_request")
