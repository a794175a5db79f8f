# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The fixture for people who test their plays."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from workload_credentials_emulator import Emulator
from workload_credentials_emulator.no_proxy import without_proxy

from .client import Api

pytest_plugins = ["workload_credentials_emulator.pytest_plugin"]


@pytest.fixture(scope="module", autouse=True)
def foreign_settings() -> None:
    """Settings of the person's own, which the fixture must keep out of the test."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BEYONDTRUST_ROLE", "prod")
        patch.setenv("BEYONDTRUST_SITE_ID", "elsewhere")
        yield
        assert os.environ["BEYONDTRUST_SITE_ID"] == "elsewhere"


def test_the_environment_points_at_it_and_at_nothing_else(secrets_api: Emulator) -> None:
    own = {name: value for name, value in os.environ.items() if name.startswith("BEYONDTRUST_")}
    assert own == secrets_api.environment
    assert own["BEYONDTRUST_API_URL"] == secrets_api.url
    assert Path(own["BEYONDTRUST_CA_CERT"]).is_file()


@pytest.mark.parametrize(
    ("upper", "lower", "expected"),
    [
        ("", "", "127.0.0.1"),
        ("a.example, b.example", "", "a.example,b.example,127.0.0.1"),
        ("a.example", "b.example,127.0.0.1", "a.example,b.example,127.0.0.1"),
        ("*", "b.example", "*"),
    ],
)
def test_no_proxy_is_between(monkeypatch: pytest.MonkeyPatch, upper: str, lower: str, expected: str) -> None:
    monkeypatch.setenv("NO_PROXY", upper)
    monkeypatch.setenv("no_proxy", lower)
    assert without_proxy("https://127.0.0.1:8443") == {"NO_PROXY": expected, "no_proxy": expected}


def test_programs_find_that_no_proxy_is_between(secrets_api: Emulator) -> None:
    for name in ("NO_PROXY", "no_proxy"):
        assert "127.0.0.1" in os.environ[name].split(",")


@pytest.mark.smoke
@pytest.mark.parametrize("turn", ["first", "second"])
def test_each_test_finds_it_empty(secrets_api: Emulator, turn: str) -> None:
    api = Api(secrets_api, site=os.environ["BEYONDTRUST_SITE_ID"], token=os.environ["BEYONDTRUST_ACCESS_TOKEN"])
    assert api.paths("/folders") == []
    assert [entry["method"] for entry in secrets_api.control.journal()] == ["GET"]
    api.folder(turn)
    api.session.close()
