# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs of the role cluster_credentials against a real kube-apiserver, in a namespace of their own."""

from __future__ import annotations

import base64
import itertools
import json
from pathlib import Path
from typing import Any

from kubernetes import client

from tests.support.plays import Outcome, Plays

NUMBERS = itertools.count()


class Role:
    """The role in one namespace of the cluster."""

    def __init__(self, plays: Plays, cluster: Any, api: client.CoreV1Api) -> None:
        self.plays = plays
        self.cluster = cluster
        self.api = api
        self.namespace = f"test-{next(NUMBERS)}"

    def run(
        self,
        *entries: dict[str, Any],
        arguments: tuple[str, ...] = (),
        entry_point: str = "main",
        as_module: bool = False,
        **variables: Any,
    ) -> Outcome:
        """Run it with these entries, in its namespace where they name none.

        :arg as_module: on a host with another Python, where kubernetes.core's modules reach the cluster.
        """
        named = [{"namespace": self.namespace, **entry} for entry in entries]
        variables = {"cluster_credentials_create_namespaces": True, **variables, "cluster_credentials_entries": named}
        tasks = [
            {
                "name": "the role",
                "ansible.builtin.include_role": {
                    "name": "community.workload_credentials.cluster_credentials",
                    "tasks_from": entry_point,
                },
                "vars": variables,
            },
            {
                "name": "keep the report",
                "ansible.builtin.assert": {"that": f"report | record('{self._report}')"},
                "vars": {"report": "{{ cluster_credentials_report | default([]) }}"},
            },
        ]
        return self.plays.playbook(
            [{"name": "test", "hosts": "all", "gather_facts": False, "tasks": tasks}],
            inventory={"host0": self.plays.host(as_module=as_module)},
            arguments=arguments,
            environment={"K8S_AUTH_KUBECONFIG": str(self.cluster.kubeconfig)},
        )

    def report(self) -> list[dict[str, Any]]:
        """What the role said that it did."""
        found: list[dict[str, Any]] = json.loads(self._report.read_text(encoding="utf-8"))
        return found

    @property
    def _report(self) -> Path:
        return self.plays.folder / "report.json"

    def secret(self, name: str) -> Any:
        """One of the namespace's Secrets."""
        return self.api.read_namespaced_secret(name, self.namespace)

    def data(self, name: str) -> dict[str, str]:
        """Its values."""
        return {key: base64.b64decode(value).decode() for key, value in self.secret(name).data.items()}
