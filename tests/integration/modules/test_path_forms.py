# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A service shows static secrets as ``prod/app`` or as ``/prod/app``: to modules and lookups it is the same."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from ansible_collections.community.workload_credentials.plugins.module_utils._api.request import Request
from workload_credentials_emulator import Emulator

from tests.conftest import SITES
from tests.support.definitions import do
from tests.support.site import TOKEN, Site

pytestmark = pytest.mark.one_core

LISTED = Request("GET", "/static", query={"path": ""})


@pytest.fixture(params=[False, True], ids=["prod/app", "/prod/app"])
def showing(request: Any) -> Iterator[Site]:
    """A site that shows paths in one of the two forms."""
    with Emulator(SITES[:1], [TOKEN], leading_slash=request.param) as emulator:
        site = Site(emulator, SITES[0])
        do(site, "folder", path="prod/db")
        for path in ("app", "prod/app", "prod/db/app"):
            do(site, "static_secret", path=path, secret={"of": path})
        (shown, *_others) = [entry["path"] for entry in site.client().items(LISTED)]
        assert shown == ("/app" if request.param else "app")
        yield site


def test_what_is_listed_is_read(showing: Site) -> None:
    found = do(showing, "static_secret_info", folder="/", recursive=True)["static_secrets"]
    assert {one["path"]: one["secret"] for one in found} == {
        path: {"of": path} for path in ("app", "prod/app", "prod/db/app")
    }
    for path in ("prod/app", "/prod/app"):
        (one,) = do(showing, "static_secret_info", path=path)["static_secrets"]
        assert (one["path"], one["secret"]) == ("prod/app", {"of": "prod/app"})
        assert do(showing, "static_secret", path=path, secret={"of": "prod/app"})["static_secret"]["path"] == "prod/app"


def test_what_is_deleted_is_found_restored_and_replaced(showing: Site) -> None:
    for path in ("app", "prod/db/app"):
        do(showing, "static_secret", path=path, state="absent")
        (deleted,) = do(showing, "static_secret_info", folder=path[:-4], deleted_only=True)["static_secrets"]
        assert deleted["path"] == path
    restored = do(showing, "static_secret", path="app", secret={"of": "app"})
    assert restored["changed"]
    assert restored["static_secret"]["metadata"]["version"] == 1
    replaced = do(showing, "static_secret", path="prod/db/app", secret={"new": "1"}, on_deleted="replace")
    assert replaced["static_secret"]["path"] == "prod/db/app"
    assert not do(showing, "static_secret_info", folder="/", recursive=True, deleted_only=True)["static_secrets"]
