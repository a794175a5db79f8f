# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Random desired states, one after another: check mode predicts what a real run does, and the second run rests."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.definitions import ROLE, do, populate
from tests.support.site import Site

pytestmark = pytest.mark.one_core
KEYS = st.sampled_from(["a", "B", "c d", "ü"])
TAGS = st.dictionaries(st.sampled_from(["env", "team", "x"]), st.none() | st.text("xyz", max_size=3), max_size=3)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=4),
    lambda inner: st.dictionaries(KEYS, inner, max_size=2) | st.lists(inner, max_size=2),
    max_leaves=4,
)
COMMON = {"tags": st.none() | TAGS, "purge_tags": st.booleans()}
STATIC = st.fixed_dictionaries(
    {"secret": st.none() | st.dictionaries(KEYS, VALUES, max_size=3), "purge_keys": st.booleans(), **COMMON}
)
DYNAMIC = st.fixed_dictionaries(
    {
        "ttl": st.integers(900, 903),
        "policy_arns": st.none()
        | st.lists(st.sampled_from(["arn:aws:iam::aws:policy/A", "arn:aws:iam::aws:policy/B"]), unique=True),
        "groups": st.none() | st.lists(st.sampled_from(["g1", "g2"]), unique=True),
        "policy": st.none() | st.sampled_from(["", '{"Version":"1"}', '{ "Version": "1" }', '{"Version":"2"}']),
        "external_id": st.none() | st.sampled_from(["", "xy"]),
        "aws_tags": st.none() | TAGS,
        **COMMON,
    }
)
DELETION = st.fixed_dictionaries({"state": st.just("absent"), "permanent": st.booleans()})
NUMBERS = itertools.count()


@pytest.fixture(scope="module")
def populated(emulator: Any, unused_sites: Iterator[str]) -> Site:
    site = Site(emulator, next(unused_sites))
    populate(site)
    return site


def check(site: Site, module: str, arguments: dict[str, Any]) -> None:
    """One desired state: predicted, made, and made again."""
    site.forget()
    predicted = do(site, module, check_mode=True, **arguments)
    assert site.writes() == []
    real = do(site, module, **arguments)
    restored = any(line.split("?")[0].endswith("/restore") for line in site.writes())
    assert predicted["changed"] == real["changed"] == bool(site.writes())
    if not restored:
        # What a deleted resource held cannot be read before it is restored.
        assert predicted.get("diff") == real.get("diff")
        assert predicted.get("changed_keys") == real.get("changed_keys")
    site.forget()
    again = do(site, module, **arguments)
    assert not again["changed"]
    assert site.writes() == []


@settings(max_examples=30, deadline=None, derandomize=True)
@given(st.lists(STATIC | DELETION, min_size=1, max_size=4))
def test_static_secrets(populated: Site, states: list[dict[str, Any]]) -> None:
    path = f"prod/static-{next(NUMBERS)}"
    for state in states:
        check(populated, "static_secret", {"path": path, **state})


@settings(max_examples=20, deadline=None, derandomize=True)
@given(st.lists(DYNAMIC | DELETION, min_size=1, max_size=4))
def test_dynamic_secrets(populated: Site, states: list[dict[str, Any]]) -> None:
    path = f"prod/dynamic-{next(NUMBERS)}"
    present = {"type": "aws", "integration_name": "main", "role_arn": ROLE}
    for state in states:
        check(populated, "dynamic_secret", {"path": path, **({} if "state" in state else present), **state})


@settings(max_examples=20, deadline=None, derandomize=True)
@given(st.lists(st.fixed_dictionaries(COMMON) | DELETION, min_size=1, max_size=4))
def test_folders(populated: Site, states: list[dict[str, Any]]) -> None:
    path = f"prod/folder-{next(NUMBERS)}/inner"
    for state in states:
        check(populated, "folder", {"path": path, **state})
