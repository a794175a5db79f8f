# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.community.workload_credentials.plugins.module_utils._api.errors import OptionError
from ansible_collections.community.workload_credentials.plugins.module_utils._api.paths import (
    ResourcePath,
    check_integration_name,
    parse_folder,
    parse_path,
    segment,
)


@pytest.mark.parametrize(
    ("text", "folder", "name"),
    [
        ("app", "", "app"),
        ("/app", "", "app"),
        ("prod/aws/app", "prod/aws", "app"),
        ("/prod/aws/app/", "prod/aws", "app"),
        ("a-b_c@d~e*f^g%h/i", "a-b_c@d~e*f^g%h", "i"),
        ("n" * 100, "", "n" * 100),
    ],
)
def test_a_path_is_folder_and_name(text: str, folder: str, name: str) -> None:
    assert parse_path(text, "path") == ResourcePath(folder, name)


@pytest.mark.parametrize(
    "text", ["", "/", "//", "a//b", "a/ /b", "a b", "a.b", "a/../b", "ä", "a\nb", "a?b", "n" * 101, "a/" * 260 + "b"]
)
def test_what_the_api_cannot_hold_names_the_option(text: str) -> None:
    with pytest.raises(OptionError, match="^path: "):
        parse_path(text, "path")


def test_five_hundred_characters_are_a_path_and_one_more_is_not() -> None:
    longest = "/".join(["n" * 99] * 5)
    assert len(longest) == 499
    assert str(parse_path("/" + longest + "n", "path")) == longest + "n"
    with pytest.raises(OptionError, match="501 characters"):
        parse_path("/".join(["n" * 99] * 4) + "/" + "n" * 50 + "/" + "n" * 50, "path")


@pytest.mark.parametrize("top", [None, "", "/"])
def test_no_folder_is_the_top(top: str | None) -> None:
    assert parse_folder(top, "folder") == ""


def test_parents_end_at_the_top() -> None:
    path = parse_path("a/b/c", "path")
    assert [str(path.parent), str(path.parent.parent), path.parent.parent.parent] == ["a/b", "a", None]


def test_names_are_quoted_for_the_url() -> None:
    assert segment("50%/x*") == "50%25%2Fx%2A"


def test_integrations_may_have_spaces_as_the_api_document_shows() -> None:
    check_integration_name("my aws", "name")
    for bad in ("", " ", "a/b", "a!", "n" * 101):
        with pytest.raises(OptionError, match="^name: "):
            check_integration_name(bad, "name")
