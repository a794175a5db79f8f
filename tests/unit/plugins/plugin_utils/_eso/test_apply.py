# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""In which order the operator's objects are applied."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ansible_collections.community.workload_credentials.plugins.module_utils._kube.objects import Refusal
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.outcome import Outcome
from ansible_collections.community.workload_credentials.plugins.plugin_utils._eso.apply import Rollout
from ansible_collections.community.workload_credentials.plugins.plugin_utils._eso.manifests import Manifest
from ansible_collections.community.workload_credentials.plugins.plugin_utils._eso.objects import OperatorObject


class Cluster:
    """An empty one, which refuses these kinds."""

    def __init__(self, *refused: str) -> None:
        self.refused = refused
        self.made: list[set[str]] = []

    def list(self, *_arguments: Any, **_more: Any) -> list[Any]:
        return []

    def get_many(self, _kind: Any, places: Sequence[Any]) -> list[None]:
        return [None for _one in places]

    def apply(self, manifests: Sequence[Any], *, dry_run: bool = False) -> list[Any]:
        assert not manifests
        return []

    def create(self, manifests: Sequence[Any], *, dry_run: bool = False) -> list[Any]:
        if manifests and not dry_run:
            self.made.append({one["kind"] for one in manifests})
        return [Refusal(403, "Forbidden", "no") if one["kind"] in self.refused else one for one in manifests]


def _rollout(cluster: Cluster) -> Rollout:
    objects = [
        ("v1", "Secret"),
        ("generators.external-secrets.io/v1alpha1", "Webhook"),
        ("external-secrets.io/v1", "SecretStore"),
        ("external-secrets.io/v1", "ExternalSecret"),
    ]
    more = {"target": "app", "interval": "1h", "keys": [], "refresh_policy": "Periodic"}
    manifests = [
        Manifest(
            OperatorObject("template", version, kind, "web", "app", {}, more),
            "",
            {"apiVersion": version, "kind": kind, "metadata": {"name": "app", "namespace": "web"}},
        )
        for version, kind in reversed(objects)
    ]
    any_cluster: Any = cluster
    return Rollout(any_cluster, manifests)


def test_what_others_refer_to_is_there_before_them() -> None:
    cluster = Cluster()
    _rollout(cluster).apply(Outcome(), check_mode=False)
    # A store that is looked at before its token is there fails, and is not looked at soon again.
    assert cluster.made == [{"Secret"}, {"Webhook", "SecretStore"}, {"ExternalSecret"}]


def test_nothing_is_made_that_could_only_fail() -> None:
    cluster, outcome = Cluster("Secret"), Outcome()
    rollout = _rollout(cluster)
    rollout.apply(outcome, check_mode=False)
    assert not cluster.made
    assert rollout.report()[0]["action"] == "failed"
