# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How many requests a tree costs: lists are read once, values only to be compared, nothing unchanged is written."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.definitions import ROLE, do
from tests.support.site import Site

pytestmark = pytest.mark.one_core
# Lists of folders and of static secrets.
LISTS = 2


def tree_of(number: int) -> dict[str, Any]:
    """So many static secrets in a tenth as many folders."""
    secrets = {
        f"f{index // 10}/s{index}": {"secret": {"user": "app", "password": f"canary-{index}"}}
        for index in range(number)
    }
    return {"root": "", "static_secrets": secrets}


def sent(site: Site, **tree: Any) -> tuple[int, int]:
    """The number of reads and of writes that a run costs."""
    site.forget()
    do(site, "tree", **tree)
    writes = len(site.writes())
    return len(site.requests()) - writes, writes


@pytest.mark.document
@pytest.mark.parametrize("number", [10, 100, pytest.param(1000, marks=pytest.mark.thorough)])
def test_the_number_of_requests_is_the_least_that_the_work_needs(site: Site, number: int) -> None:
    tree = tree_of(number)
    folders = number // 10
    # Lists too of dynamic secrets, which could hold a path, and of what could be restored. Then one write an object.
    assert sent(site, **tree) == (LISTS + 1 + 3, number + folders)
    # One value an object must be compared.
    assert sent(site, **tree) == (LISTS + number, 0)
    tree["static_secrets"]["f0/s3"]["secret"]["password"] = "canary-other"
    assert sent(site, **tree) == (LISTS + number, 1)
    # Without values nothing but the lists is read.
    names = {path: {} for path in tree["static_secrets"]}
    assert sent(site, root="", static_secrets=names) == (LISTS, 0)
    tagged = {path: {"tags": {"a": "b"}} for path in names}
    assert sent(site, root="", static_secrets=tagged) == (LISTS, number)
    assert sent(site, root="", static_secrets=tagged) == (LISTS, 0)
    del tree["static_secrets"]["f0/s3"]
    assert sent(site, **tree, prune=["static_secrets"]) == (LISTS + number - 1, 1)


@pytest.mark.document
def test_definitions_cost_two_reads_and_integrations_one(site: Site) -> None:
    definition = {"type": "aws", "integration_name": "main", "role_arn": ROLE, "ttl": 900}
    tree = {
        "root": "",
        "integrations": {"aws/main": {"role_arn": ROLE}},
        "dynamic_secrets": {f"d{number}": {**definition, "tags": {"a": "b"}} for number in range(10)},
    }
    # Lists of all kinds and of what could be restored, since something is new.
    assert sent(site, **tree) == (3 + 1 + 1, 21)
    # Lists of definitions and integrations; of each definition itself and its tags, which the list does not have.
    assert sent(site, **tree) == (2 + 1 + 10 + 10, 0)
    for one in tree["dynamic_secrets"].values():
        del one["tags"]
    assert sent(site, **tree) == (2 + 1 + 10, 0)


def test_a_site_that_limits_requests_slows_a_tree_down_and_does_not_fail_it(site: Site) -> None:
    site.behave(living=True, read_lag=0.0, rate_limit=25, rate_window=1.0)
    tree = tree_of(60)
    result = do(site, "tree", **tree)
    assert result["summary"]["created"] == 66
    assert not do(site, "tree", **tree)["changed"]
