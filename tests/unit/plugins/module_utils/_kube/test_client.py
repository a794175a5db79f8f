# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.community.workload_credentials.plugins.module_utils._kube.client import is_applied
from ansible_collections.community.workload_credentials.plugins.module_utils._kube.objects import (
    FIELD_MANAGER,
    OBJECT_KINDS,
    kind_of,
    place_of,
)

OURS = [{"manager": FIELD_MANAGER, "operation": "Apply"}]
FOUND = {
    "apiVersion": "external-secrets.io/v1",
    "kind": "ExternalSecret",
    "metadata": {"name": "a", "labels": {"x": "y", "z": "1"}, "resourceVersion": "9", "managedFields": OURS},
    "data": {"a": "MQ=="},
    "spec": {"list": [{"a": 1, "default": 2}]},
}


@pytest.mark.parametrize(
    ("wanted", "is_ours"),
    [
        ({}, True),
        ({"metadata": {"resourceVersion": "1", "uid": "x", "labels": {"x": "y"}}}, True),
        ({"metadata": {"labels": {"x": "other"}}}, False),
        ({"metadata": {"labels": {"gone": None}}}, True),
        ({"metadata": {"labels": {"z": None}}}, False),
        ({"stringData": {"a": "1"}}, True),
        ({"stringData": {"a": "2"}}, False),
        ({"data": {"b": "MQ=="}}, False),
        ({"spec": {"list": [{"a": 1}]}}, True),
        ({"spec": {"list": []}}, False),
        ({"spec": {"list": {"a": 1}}}, False),
        ({"spec": {"more": {}}}, True),
    ],
)
def test_what_counts_as_written(wanted: dict[str, Any], is_ours: bool) -> None:
    metadata = {"name": "a", **wanted.get("metadata", {})}
    assert is_applied(FOUND, {"kind": "ExternalSecret", **wanted, "metadata": metadata}) is is_ours


def test_what_another_manager_wrote_is_not_ours() -> None:
    theirs = {**FOUND, "metadata": {**FOUND["metadata"], "managedFields": [{"manager": "x"}]}}
    assert not is_applied(theirs, {"metadata": {"name": "a"}})


def test_every_kind_has_an_address() -> None:
    paths = {kind.path("web", "one") for kind in OBJECT_KINDS.values()}
    assert len(paths) == len(OBJECT_KINDS)
    assert OBJECT_KINDS["Secret"].path() == "/api/v1/secrets"
    assert (
        OBJECT_KINDS["Webhook"].path("a/b") == "/apis/generators.external-secrets.io/v1alpha1/namespaces/a%2Fb/webhooks"
    )
    # A namespace that a cluster-wide object happens to have says nothing.
    shared = {
        "apiVersion": "external-secrets.io/v1",
        "kind": "ClusterSecretStore",
        "metadata": {"name": "a", "namespace": "b"},
    }
    assert kind_of(shared).path(*place_of(shared)) == "/apis/external-secrets.io/v1/clustersecretstores/a"
