# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""lease_info below a folder: every lease with its dynamic secret, for one request a dynamic secret."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.definitions import ROLE, do, populate
from tests.support.site import Site


@pytest.mark.document
@pytest.mark.parametrize(
    ("asked", "found", "definitions"),
    [
        ({"folder": "/", "recursive": True}, {"prod/aws": 2, "prod/azure": 1, "prod/a/b/app": 1, "top": 1}, 5),
        ({"folder": "", "recursive": True}, {"prod/aws": 2, "prod/azure": 1, "prod/a/b/app": 1, "top": 1}, 5),
        ({"folder": "/"}, {"top": 1}, 1),
        ({"folder": "prod/"}, {"prod/aws": 2, "prod/azure": 1}, 3),
        ({"folder": "/prod/a", "recursive": True}, {"prod/a/b/app": 1}, 1),
        ({"folder": "prod/a"}, {}, 0),
    ],
)
def test_all_leases_below_a_folder(site: Site, asked: dict[str, Any], found: dict[str, int], definitions: int) -> None:
    populate(site)
    do(site, "folder", path="prod/a/b")
    aws = {"type": "aws", "integration_name": "main", "role_arn": ROLE, "ttl": 3600}
    for path in ("top", "prod/a/b/app", "prod/idle"):
        do(site, "dynamic_secret", path=path, **aws)
    everything = {"prod/aws": 2, "prod/azure": 1, "prod/a/b/app": 1, "top": 1}
    for path, count in everything.items():
        for _number in range(count):
            do(site, "dynamic_credentials", path=path)
    site.forget()
    leases = do(site, "lease_info", **asked)["leases"]
    paths = [lease["dynamic_secret_path"] for lease in leases]
    assert {path: paths.count(path) for path in paths} == found
    assert len({lease["id"] for lease in leases}) == sum(found.values())
    assert len(site.requests()) == 1 + definitions


def test_it_is_the_same_lease_by_its_id_and_by_its_path(site: Site) -> None:
    populate(site)
    minted = do(site, "dynamic_credentials", path="prod/aws")["lease_id"]
    (by_id,) = do(site, "lease_info", lease_id=minted)["leases"]
    (by_path,) = do(site, "lease_info", path="/prod/aws/")["leases"]
    (below,) = do(site, "lease_info", folder="prod")["leases"]
    assert by_path == below
    assert by_path.items() <= by_id.items()
