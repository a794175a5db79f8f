# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.community.workload_credentials.plugins.module_utils._api.errors import OptionError
from ansible_collections.community.workload_credentials.plugins.module_utils._api.settings import Settings
from ansible_collections.community.workload_credentials.plugins.module_utils._spec import CONNECTION

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


ADMIN = {"admin_site_id": SITE.replace("a", "b"), "admin_access_token": "personal-token"}


def administration(**changes: Any) -> Settings:
    given = {name: option.get("default") for name, option in CONNECTION.items()}
    return Settings.of_administration({**given, **ADMIN, **changes})


def test_the_administration_site_has_an_address_a_token_and_a_prefix_of_its_own() -> None:
    one = administration(api_product="wlc", api_path_version="v1")
    assert one.base_url == f"https://api.beyondtrust.io/site/{ADMIN['admin_site_id']}/platform"
    assert one.token() == "personal-token"


def test_only_a_token_of_a_workload_identity_goes_with_a_service_name_to_the_administration_site() -> None:
    assert administration(service_name="ci", auth_role="x").service_name is None
    jwt = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.c2ln"
    assert administration(service_name="ci", admin_access_token=jwt).service_name == "ci"


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"admin_site_id": None}, "admin_site_id: no site is set: give the option admin_site_id, the variable work"),
        ({"admin_site_id": "prod"}, "admin_site_id: 'prod' is not a UUID"),
        (
            {"admin_access_token": None},
            "admin_access_token: no token is set: give the option admin_access_token or adm",
        ),
        ({"admin_access_token": "two words"}, "admin_access_token: the token is empty or has spaces"),
        ({"admin_access_token_file": "/x"}, "admin_access_token: it is set and so is admin_access_token_file"),
        (
            {"admin_access_token": None, "admin_access_token_file": "/no/such/file"},
            "admin_access_token_file: cannot read /no/such/file",
        ),
    ],
)
def test_errors_name_the_administration_sites_options(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(OptionError) as error:
        administration(**changes)
    assert str(error.value).startswith(says)
