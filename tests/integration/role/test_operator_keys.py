# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keys of static secrets: a slip is refused, a renamed one arrives, and one that vanishes is no empty text."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from kubernetes import client

from tests.integration.role.test_operator_own import OPERATED, left, secret_text
from tests.integration.role.test_push_faults import APP
from tests.kubernetes.tests.waiting import wait_until
from tests.support.definitions import do
from tests.support.deliveries import Deliveries
from tests.support.operator import Operator
from tests.support.operator_sources import STORES
from tests.support.site import Site

pytestmark = pytest.mark.one_core


@pytest.mark.parametrize(
    ("secret", "entry", "says"),
    [
        ({}, {"keys": {"P": "pasword"}}, "app.keys: prod/app has no pasword; it has password, port"),
        (
            {},
            {"template": {"P": "{{ .pasword }}"}},
            "app.template.P: prod/app has no pasword; it has",
        ),
        ({"\u00fc": "x"}, {}, "app: no Secret can have the keys \u00fc of prod/app"),
        ({"a b": "x", "a_b": "y"}, {"keys": {"P": "password"}}, "the operator renames a b and a_b of prod/app to a_b"),
    ],
)
@pytest.mark.parametrize("state", ["present", "rendered"])
def test_what_the_source_does_not_have_is_refused(
    kinds: None,
    deliveries: Deliveries,
    site: Site,
    tmp_path: Any,
    state: str,
    secret: dict[str, str],
    entry: dict[str, Any],
    says: str,
) -> None:
    do(site, "static_secret", path="prod/app", secret={"username": "u", **secret})
    outcome = deliveries.run({**APP, **entry}, state=state, render_dir=str(tmp_path), **OPERATED)
    assert says in " ".join(outcome.problems)
    assert left(deliveries.namespace) == []


def test_keys_that_no_secret_may_have_are_named_by_a_push_too(deliveries: Deliveries, site: Site) -> None:
    do(site, "static_secret", path="prod/app", secret={"\u00fc": "canary"})
    (said,) = deliveries.run(APP).problems
    assert "data[\u00fc]: Invalid value" in said
    assert "canary" not in said


def test_keys_that_the_operator_renames_arrive(working: Operator, deliveries: Deliveries, site: Site) -> None:
    do(site, "static_secret", path="prod/app", secret={"pass word": "one", "user-name": "two"})
    entry = {**APP, "keys": {"P": "pass word", "U": "user-name", "Q": "pass_word"}}
    assert deliveries.run(entry, **OPERATED).problems == []
    assert [secret_text(deliveries.namespace, "app", key) for key in "PUQ"] == ["one", "two", "one"]


@pytest.mark.document
def test_a_key_that_vanishes_leaves_the_secret_as_it_is_and_is_said(
    working: Operator, deliveries: Deliveries, site: Site
) -> None:
    entry = {**APP, "keys": {"P": "password"}}
    assert deliveries.run(entry, **OPERATED).problems == []
    do(site, "static_secret", path="prod/app", secret={"other": "x"}, purge_keys=True)
    api, place = client.CustomObjectsApi(), deliveries.namespace
    # It reads anew at once.
    changed = {"metadata": {"annotations": {"anything": "else"}}}
    api.patch_namespaced_custom_object(*STORES, place, "externalsecrets", "app", changed)

    def is_said() -> bool:
        found = api.get_namespaced_custom_object(*STORES, place, "externalsecrets", "app")
        return bool(found["status"]["conditions"][0]["status"] == "False")

    wait_until(is_said, "the failure")
    assert secret_text(place, "app", "P") == "canary-static-password"
    assert "SecretSyncedError" in " ".join(deliveries.run(entry, state="verified", delivery="external_secret").problems)


def test_a_key_without_a_value_is_not_ready(working: Operator, deliveries: Deliveries) -> None:
    entry = {**APP, "keys": {"P": "password"}}
    assert deliveries.run(entry, **OPERATED).problems == []
    working.leave()
    empty = {"data": {"P": base64.b64encode(b"").decode()}}
    client.CoreV1Api().patch_namespaced_secret("app", deliveries.namespace, empty)
    said = " ".join(deliveries.run(entry, state="verified", delivery="external_secret").problems)
    assert "its Secret lacks P" in said
