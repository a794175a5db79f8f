# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The collection and the emulator, written apart, read the same in a policy: who, what, where and how far down."""

from __future__ import annotations

import pytest
from ansible_collections.community.workload_credentials.plugins.module_utils._access import cedar
from ansible_collections.community.workload_credentials.plugins.module_utils._access.actions import (
    ACTIONS,
    EVERY_ACTION,
    PRODUCT_ROLES,
    ROLES,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._access.cascade import granted_on
from hypothesis import given
from hypothesis import strategies as st
from workload_credentials_emulator.actions import ALL_ACTIONS, CHECKED_ON, integration_path
from workload_credentials_emulator.behaviour import Behaviour
from workload_credentials_emulator.clock import Clock
from workload_credentials_emulator.platform.cedar import parse
from workload_credentials_emulator.platform.grants import grants_of
from workload_credentials_emulator.site import Site

pytestmark = pytest.mark.one_core
SITE = "a1b2c3d4-e5f6-4890-abcd-ef1234567890"
KINDS = {
    "folder": "folder",
    "static": "static_secret",
    "dynamic": "dynamic_secret",
    "integration": "integration",
    "product": "product",
}
PATHS = ["a", "a/b", "a/b/c", "ab", "b"]
PLACES = [
    cedar.Resource("product"),
    cedar.Resource("folder"),
    *(cedar.Resource("integration", name) for name in ("a", "b")),
    *(cedar.Resource(kind, path) for kind in ("folder", "static_secret", "dynamic_secret") for path in PATHS),
]


@st.composite
def grants(draw: st.DrawFn) -> cedar.Grant:
    """Any grant that the service takes."""
    resource = draw(st.sampled_from(PLACES))
    names = EVERY_ACTION | ROLES.keys()
    if resource.kind != "product":
        names -= set(PRODUCT_ROLES)
    actions = draw(st.lists(st.sampled_from(sorted(names)), min_size=1, max_size=4, unique=True))
    principal = cedar.Principal(draw(st.sampled_from(["workload", "user", "group", "role"])), draw(st.text(min_size=1)))
    return cedar.Grant(SITE, principal, tuple(actions), resource)


def test_both_know_the_same_actions() -> None:
    assert {KINDS[kind]: actions for kind, actions in CHECKED_ON.items()} == ACTIONS


@given(grants())
def test_both_read_the_same_in_a_policy(grant: cedar.Grant) -> None:
    policy = parse(cedar.render(grant))
    assert (policy.principal.kind, policy.actions) == (grant.principal.kind, grant.actions)
    site = Site(SITE, Clock(), Behaviour())
    (granted, _ownership) = grants_of(frozenset([policy.principal]), [policy], site)
    for place in PLACES:
        path = integration_path(place.path) if place.kind == "integration" else place.path
        checked = {one for one in ALL_ACTIONS if one in ACTIONS[place.kind]}
        assert {one for one in checked if granted.allows(one, path)} == granted_on(grant, place), place
