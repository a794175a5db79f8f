# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When an entry counts as ready."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.entries import checked_entries
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.names import MANAGED_LABEL
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.status import statuses

AWS = {"name": "aws", "namespace": "web", "dynamic_secret": "prod/aws"}


def external(ready: str, reason: str, synced: str, generation: int = 2) -> dict[str, Any]:
    conditions = [{"type": "Ready", "status": ready, "reason": reason, "message": "m"}]
    return {
        "apiVersion": "external-secrets.io/v1",
        "kind": "ExternalSecret",
        "metadata": {"name": "aws", "namespace": "web", "generation": generation},
        "status": {"conditions": conditions, "syncedResourceVersion": synced},
    }


@pytest.mark.parametrize(
    ("found", "problem"),
    [
        (external("True", "SecretSynced", "2-abc"), None),
        (external("True", "SecretSynced", "1-abc"), "not synchronised its newest form"),
        (external("True", "SecretSynced", "21-abc"), "not synchronised its newest form"),
        (external("False", "SecretSyncedError", ""), "SecretSyncedError: m (UpdateFailed: new)"),
        ({**external("True", "SecretSynced", ""), "status": {}}, "not looked at it yet"),
        (None, "there is no ExternalSecret"),
    ],
)
def test_ready_means_that_this_generation_was_synchronised(found: dict[str, Any] | None, problem: str | None) -> None:
    subject = {"name": "aws", "namespace": "web"}
    events = [
        {"involvedObject": subject, "reason": "UpdateFailed", "message": text, "lastTimestamp": at}
        for text, at in (("new", "2026-01-02"), ("old", "2026-01-01"))
    ]
    (one,) = statuses(
        checked_entries([AWS], "external_secret"), [found] if found else [], [], events, datetime.now(UTC)
    )
    assert one.reported()["ready"] is (problem is None)
    assert problem is None or problem in one.reported()["problem"]


@pytest.mark.parametrize(
    ("expiration", "line"),
    [
        ("2099-01-01T00:00:00.123-06:00", "web/aws: ready, until 2099-01-01T06:00:00Z."),
        ("2020-01-01T00:00:00Z", "web/aws: its lease has expired."),
    ],
)
def test_a_pushed_secret_is_ready_while_its_lease_lives(expiration: str, line: str) -> None:
    prefix = "workload-credentials.ansible.com/"
    notes = {f"{prefix}expiration": expiration, f"{prefix}definition": "x"}
    metadata = {"name": "aws", "namespace": "web", "annotations": notes}
    secret = {"kind": "Secret", "metadata": {**metadata, "labels": MANAGED_LABEL}}
    (one,) = statuses(checked_entries([AWS], "push"), [], [secret], [], datetime.now(UTC))
    assert one.line == line
    # Where Secrets may not be listed they are got by name, whoever they belong to.
    (one,) = statuses(checked_entries([AWS], "push"), [], [{**secret, "metadata": metadata}], [], datetime.now(UTC))
    assert one.line == "web/aws: there is no Secret of this role."
