# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A limit on requests that its answers tell: waited for, kept by all threads of a process, and told."""

from __future__ import annotations

import re
import time
from collections import Counter
from typing import Any

import pytest
from ansible_collections.community.workload_credentials.plugins.plugin_utils._static_secrets import read_secrets

from tests.support.definitions import do, failure, populate
from tests.support.plays import Plays
from tests.support.represented import represented
from tests.support.site import Site

COLLECTION = "community.workload_credentials"
OPTIONS: dict[str, Any] = {
    "key": "user",
    "version": None,
    "default": None,
    "on_missing": "error",
    "on_denied": "error",
    "in_check_mode": False,
}
LIMITED: dict[str, Any] = {"body": '{"error": "Too many requests"}'}


def statuses(site: Site) -> Counter[int]:
    return Counter(entry["status"] for entry in site.journal())


def looped(number: int) -> dict[str, Any]:
    """A task that sends so many requests."""
    reading = {f"{COLLECTION}.static_secret_info": {"path": "prod/app", "values": False}}
    return {**reading, "loop": f"{{{{ range({number}) | list }}}}"}


@pytest.mark.thorough
def test_a_loop_over_more_items_than_a_window_has_succeeds(site: Site, plays: Plays) -> None:
    populate(site)
    site.behave(rate_limit=500, rate_window=2)
    assert len(plays.tasks([looped(600)]).ok().result["results"]) == 600
    # The remaining requests are told with each answer, so that none is refused.
    assert statuses(site) == {200: 600}


# A module process takes its time to start, and the window must not be over before the limit is reached.
@pytest.mark.newest_core
@pytest.mark.parametrize(
    ("as_module", "limit", "window"), represented([(False, 5, 5), (True, 2, 10)], by=[(False, 5, 5)])
)
def test_a_loop_tells_how_long_it_waited(site: Site, plays: Plays, as_module: bool, limit: int, window: int) -> None:
    populate(site)
    site.behave(rate_limit=limit, rate_window=window)
    outcome = plays.tasks([looped(limit + 1)], as_module=as_module).ok()
    assert re.search(r"made this task wait \d+ s", " ".join(outcome.output.split()))
    # A process of its own learns of the limit by the first refusal.
    assert statuses(site)[429] <= (1 if as_module else 0)


@pytest.mark.one_core
def test_a_task_that_waits_says_so(site: Site) -> None:
    populate(site)
    site.behave(rate_limit=3, rate_window=2)
    # Four requests: the window is over before the last.
    result = do(site, "static_secret", path="prod/new", secret={"a": "1"})
    (warning,) = result["warnings"]
    assert re.search(r"made this task wait [12] s", warning)
    assert statuses(site)[429] == 0


@pytest.mark.one_core
def test_threads_of_one_process_share_the_limit_and_their_wait(site: Site) -> None:
    populate(site)
    site.behave(rate_limit=20, rate_window=2)
    client, began = site.client(), time.monotonic()
    assert read_secrets(client, ["prod/app"] * 60, {**OPTIONS, "concurrency": 8}, print) == ["app"] * 60
    assert statuses(site) == {200: 60}
    # What several waited for at the same time counts once.
    assert 0 < client.waited <= time.monotonic() - began


@pytest.mark.one_core
def test_an_answer_with_only_a_reset_is_waited_for(site: Site) -> None:
    populate(site)
    site.fault("body", method="GET", path="/static/app", status=429, headers={"x-ratelimit-reset": "1"}, **LIMITED)
    result = do(site, "static_secret", path="prod/app", secret={"user": "app"})
    assert (result["changed"], len(site.requests())) == (False, 2)
    assert "made this task wait 1 s" in result["warnings"][0]


@pytest.mark.one_core
def test_a_window_that_is_too_long_is_told_and_not_waited_for(site: Site) -> None:
    populate(site)
    site.fault("body", method="GET", path="/static/app", status=429, headers={"x-ratelimit-reset": "300"}, **LIMITED)
    said = failure(site, "static_secret", path="prod/app", secret={"user": "app"})
    assert "the service asks to wait 300 s, longer than the 120 s that a task waits" in said
    assert len(site.requests()) == 1


@pytest.mark.one_core
def test_generating_is_repeated_after_a_limit_since_nothing_was_minted(site: Site) -> None:
    populate(site)
    site.behave(rate_limit=1, rate_window=1)
    for _number in range(3):
        do(site, "dynamic_credentials", path="prod/aws")
    assert len(site.leases()) == 3
