# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.community.workload_credentials.plugins.module_utils._api.errors import OptionError

from tests.support.connection import SITE, settings


@pytest.mark.parametrize("url", ["", "/", "/site", "/site/"])
def test_the_address_may_end_as_the_vendors_clients_write_it(url: str) -> None:
    assert settings(api_url=f"https://api.example.com{url}").base_url == f"https://api.example.com/site/{SITE}/secrets"


def test_a_version_segment_and_a_prefix_are_part_of_the_path() -> None:
    base = settings(api_url="https://proxy.example.com/bt/site", api_path_version="/v1/").base_url
    assert base == f"https://proxy.example.com/bt/site/{SITE}/secrets/v1"


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("api_url", "api.example.com"),
        ("api_url", "ftp://api.example.com"),
        ("api_url", "https://api.example.com/?x=1"),
        ("api_url", "https://user:canary@api.example.com"),
        ("site_id", "prod"),
        ("site_id", ""),
        ("site_id", SITE.replace("-", "")),
        ("access_token", "two words"),
        ("access_token", "line\nend"),
        ("access_token", "ключ"),
        ("api_path_version", "v1/../x"),
        ("api_path_version", ".."),
        ("service_name", "two words"),
        ("auth_role", "ä"),
        ("ca_cert", "/no/such/file.pem"),
        ("timeout", 0),
        ("retries", -1),
    ],
)
def test_an_unusable_value_is_an_error_that_names_its_option(option: str, value: Any) -> None:
    with pytest.raises(OptionError) as caught:
        settings(**{option: value})
    assert caught.value.option == option
    if option == "access_token":
        assert str(value) not in str(caught.value)


def test_exactly_one_source_of_a_token(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="access_token_file"):
        settings(access_token_file=str(tmp_path / "token"))
    with pytest.raises(OptionError, match="BEYONDTRUST_ACCESS_TOKEN"):
        settings(access_token=" ")


def test_a_token_file_is_read_at_each_use(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("first\n")
    connection = settings(access_token=None, access_token_file=str(file))
    assert connection.token() == "first"
    file.write_text("second\n")
    assert connection.token() == "second"
    file.unlink()
    with pytest.raises(OptionError, match=r"^access_token_file: cannot read .*No such file"):
        connection.token()


def test_the_token_is_not_in_the_settings_text() -> None:
    assert "canary" not in repr(settings())
