# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults in every phase of a tree, and runs that are killed: the next run reaches what a run without faults does."""

from __future__ import annotations

import signal
from typing import Any

import pytest
from ansible_collections.community.workload_credentials.plugins.module_utils._api.errors import WorkloadCredentialsError

from tests.integration.modules.test_tree import AWS, MAIN, secrets
from tests.support.definitions import do, failure
from tests.support.plays import Plays
from tests.support.represented import represented
from tests.support.rounds import kill_at_random, start
from tests.support.site import Site

pytestmark = pytest.mark.one_core
COLLECTION = "community.workload_credentials"
BEFORE = {
    "root": "prod",
    "static_secrets": {**secrets("keep/x", "keep/changes", "old/x"), **secrets("back/x")},
    "dynamic_secrets": {"keep/aws": AWS, "old/aws": AWS},
    "integrations": MAIN,
}
AFTER: dict[str, Any] = {
    "root": "prod",
    "folders": {"new": {"tags": {"team": "core"}}},
    "static_secrets": {
        **secrets("keep/x", "new/deep/x", "new/y", "back/x"),
        "keep/changes": {"secret": {"password": "canary-changed"}, "tags": {"a": "b"}},
    },
    "dynamic_secrets": {"keep/aws": {**AWS, "ttl": 900}, "new/aws": {**AWS, "integration_name": "more"}},
    "integrations": {**MAIN, "aws/more": MAIN["aws/main"]},
    "prune": ["folders", "static_secrets", "dynamic_secrets"],
    "prune_limit": 100,
}
# Each phase: what is made, changed, restored and removed.
PHASES = [
    ("POST", "/integrations/aws/more"),
    ("POST", "/folders/back/restore"),
    ("POST", r"/folders/new\?"),
    ("PATCH", r"/folders/new/metadata/tags"),
    ("POST", r"/static/x\?folder=prod%2Fnew%2Fdeep"),
    ("POST", r"/dynamic/aws\?folder=prod%2Fnew"),
    ("PATCH", r"/static/changes\?"),
    ("PATCH", r"/static/changes/metadata/tags"),
    ("PATCH", r"/dynamic/aws\?"),
    ("DELETE", r"/static/x\?"),
    ("DELETE", r"/dynamic/aws\?"),
    ("DELETE", r"/folders/old\?"),
]
FAULTS: list[dict[str, Any]] = [
    {"kind": "status", "status": 403, "code": "forbidden"},
    {"kind": "drop_after"},
    {"kind": "status", "status": 500},
]
READS = ["/folders", "/static", "/dynamic", "/integrations", "/static/x", "/dynamic/aws"]


def prepare(site: Site) -> None:
    do(site, "tree", **BEFORE)
    do(site, "folder", path="prod/back", state="absent", recursive=True)
    site.forget()


def attempted(site: Site) -> str:
    """The message with which the tree fails; "": it does not."""
    try:
        do(site, "tree", **AFTER)
    except WorkloadCredentialsError as error:
        return str(error)
    return ""


def content(site: Site) -> dict[str, Any]:
    found: dict[str, Any] = do(site, "tree_info", values=True)["tree"]
    return found


def reaches(site: Site, expected: dict[str, Any]) -> None:
    """The same task again reaches the wanted state and then rests; a killed run's worker may still be at it."""
    for _attempt in range(3):
        if not attempted(site) and content(site) == expected:
            break
    assert content(site) == expected
    assert not do(site, "tree", **AFTER)["changed"]


@pytest.fixture
def expected(site: Site) -> dict[str, Any]:
    prepare(site)
    do(site, "tree", **AFTER)
    return content(site)


@pytest.mark.parametrize("fault", represented(FAULTS, by=FAULTS[:1]))
def test_a_fault_in_any_phase_is_named_and_the_next_run_goes_on(
    site: Site, expected: dict[str, Any], unused_sites: Any, fault: dict[str, Any], world: str
) -> None:
    for method, path in PHASES:
        other = Site(site.emulator, next(unused_sites))
        other.behave(living=world == "living", read_lag=0.0)
        prepare(other)
        other.fault(**fault, method=method, path=path)
        message = attempted(other)
        assert "canary" not in message
        if message:
            # A request whose answer is lost is repeated, or what it did is looked for.
            assert "The tree was applied in part" in message, (method, path, message)
            assert method in message, (method, path, message)
        reaches(other, expected)


@pytest.mark.parametrize("path", represented(READS, by=READS[1:5:3]))
def test_what_cannot_be_read_is_no_reason_to_write(site: Site, path: str) -> None:
    prepare(site)
    site.fault("status", method="GET", path=rf"{path}(\?|$)", status=500, times=50)
    message = failure(site, "tree", **AFTER)
    assert "status 500" in message
    assert site.writes() == []
    site.close()


@pytest.mark.parametrize("number", [signal.SIGINT, pytest.param(signal.SIGKILL, marks=pytest.mark.thorough)])
def test_a_run_that_is_killed_loses_nothing(
    plays: Plays, site: Site, expected: dict[str, Any], number: signal.Signals
) -> None:
    do(site, "tree", root="", prune=["folders", "static_secrets", "dynamic_secrets"], permanent=True, prune_limit=100)
    prepare(site)
    play = {"hosts": "all", "gather_facts": False, "tasks": [{"name": "tree", f"{COLLECTION}.tree": AFTER}]}
    process = start(plays, play, {}, {"host0": plays.host()})
    killed = kill_at_random(plays, site, process, number, 40, f"tree {number}")
    assert "canary" not in killed.output
    reaches(site, expected)
