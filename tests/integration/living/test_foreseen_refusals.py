# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a list shows to be in the way is foreseen in check mode, in the words of which a real run fails."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.definitions import do, failure, populate
from tests.support.site import Site

pytestmark = pytest.mark.one_core


@pytest.fixture(autouse=True)
def definitions(site: Site) -> None:
    """Something in the way."""
    populate(site)


def refused(site: Site, module: str, **arguments: Any) -> tuple[str, str]:
    """What check mode says, and a real run."""
    site.forget()
    foreseen = failure(site, module, check_mode=True, **arguments)
    assert site.writes() == []
    return foreseen, failure(site, module, **arguments)


@pytest.mark.parametrize("world", ["document", "living"])
def test_a_folder_that_is_not_empty(site: Site, world: str) -> None:
    site.behave(living=world == "living")
    foreseen, said = refused(site, "folder", path="prod", state="absent")
    assert "not empty (3: prod/app, prod/aws, prod/azure)" in foreseen
    assert "recursive=true" in foreseen
    assert "recursive=true" in said
    assert do(site, "folder", path="prod", state="absent", recursive=True, check_mode=True)["changed"]
    assert do(site, "folder", path="prod", state="absent", recursive=True)["changed"]


@pytest.mark.parametrize("count", [False, True])
def test_a_folder_whose_contents_are_only_restorable(site: Site, count: bool) -> None:
    site.behave(soft_deleted_count=count)
    do(site, "folder", path="old")
    do(site, "static_secret", path="old/app", secret={})
    do(site, "static_secret", path="old/app", state="absent")
    # Whether these count is the service's to say, unless they would go for good.
    foreseen = do(site, "folder", path="old", state="absent", check_mode=True)
    assert foreseen["changed"]
    assert "old contains deleted items that can be restored (1: old/app)" in foreseen["warnings"][0]
    for said in refused(site, "folder", path="old", state="absent", permanent=True):
        assert "not empty" in said
    if count:
        said = failure(site, "folder", path="old", state="absent")
        assert "those that are deleted and restorable too" in said
    else:
        assert do(site, "folder", path="old", state="absent")["changed"]


def test_a_folder_with_active_leases_names_them(site: Site) -> None:
    lease = do(site, "dynamic_credentials", path="prod/aws")["lease_id"]
    for said in refused(site, "folder", path="prod", state="absent", recursive=True):
        assert f"{lease} (until " in said


def test_an_integration_in_use(site: Site) -> None:
    foreseen, said = refused(site, "integration", type="aws", name="main", state="absent")
    assert "prod/aws" in foreseen
    assert "integration_in_use" in said


def test_what_earlier_tasks_would_remove_is_in_no_ones_way(site: Site) -> None:
    for kind, name in (("static_secret", "app"), ("dynamic_secret", "aws"), ("dynamic_secret", "azure")):
        do(site, kind, path=f"prod/{name}", state="absent", permanent=True, check_mode=True)
    assert do(site, "folder", path="prod", state="absent", check_mode=True)["changed"]
    assert do(site, "integration", type="aws", name="main", state="absent", check_mode=True)["changed"]
    assert site.writes() == []


def test_who_may_not_list_foresees_nothing_and_is_told_by_the_real_run(site: Site) -> None:
    own = {"path": "prod", "state": "absent", "access_token": site.token_for("ReadFolderMetadata", "DeleteFolder")}
    assert do(site, "folder", **own, check_mode=True)["changed"]
    assert "folder_not_empty" in failure(site, "folder", **own)
