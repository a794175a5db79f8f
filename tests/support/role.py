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

from ansible_collections.community.workload_credentials.plugins.module_utils._api.errors import WorkloadCredentialsError
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.job import Scope
from kubernetes import client

from tests.support.deliveries import Deliveries
from tests.support.plays import Outcome, Plays
from tests.support.site import Site

NUMBERS = itertools.count()


_STATES = {"main": "present", "render": "rendered", "verify": "verified", "teardown": "absent"}


class Role:
    """The role in one namespace of the cluster."""

    def __init__(self, plays: Plays, site: Site, cluster: Any, api: client.CoreV1Api) -> None:
        self.plays = plays
        self.cluster = cluster
        self.api = api
        self.namespace = f"test-{next(NUMBERS)}"
        self._deliveries = Deliveries(site, str(cluster.kubeconfig), self.namespace)
        self._reported: list[dict[str, Any]] = []

    def run(self, *entries: dict[str, Any], entry_point: str = "main", **variables: Any) -> Outcome:
        """Do its one step for these entries as a function, in its namespace where they name none.

        What it takes of a play, ``play`` tests: variables, output, and that the step is all there is.
        """
        options = {name.removeprefix("cluster_credentials_"): value for name, value in variables.items()}
        scope = Scope(options.pop("scope", "") == "cluster", options.pop("operator_namespace", "external-secrets"))
        state = options.pop("state", _STATES[entry_point])
        options = {"create_namespaces": True, **options, "token": options.pop("operator_token", "")}
        self._reported = []
        try:
            done = self._deliveries.run(*entries, state=state, scope=scope, **options)
        except WorkloadCredentialsError as error:
            return Outcome(2, str(error), [])
        self._reported = done.report
        said = [
            *self._deliveries.lines,
            *done.warnings,
            *done.problems,
            f"changed={int(bool(done.before or done.after))}",
        ]
        return Outcome(2 if done.problems else 0, "\n".join(said), [])

    def play(
        self,
        *entries: dict[str, Any],
        arguments: tuple[str, ...] = (),
        entry_point: str = "main",
        as_module: bool = False,
        **variables: Any,
    ) -> Outcome:
        """Run it in a play.

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
        outcome = self.plays.playbook(
            [{"name": "test", "hosts": "all", "gather_facts": False, "tasks": tasks}],
            inventory={"host0": self.plays.host(as_module=as_module)},
            arguments=arguments,
            environment={"K8S_AUTH_KUBECONFIG": str(self.cluster.kubeconfig)},
        )
        self._reported = json.loads(self._report.read_text(encoding="utf-8")) if self._report.exists() else []
        return outcome

    def report(self) -> list[dict[str, Any]]:
        """What the role said that it did."""
        return self._reported

    @property
    def _report(self) -> Path:
        return self.plays.folder / "report.json"

    def secret(self, name: str) -> Any:
        """One of the namespace's Secrets."""
        return self.api.read_namespaced_secret(name, self.namespace)

    def data(self, name: str) -> dict[str, str]:
        """Its values."""
        return {key: base64.b64decode(value).decode() for key, value in self.secret(name).data.items()}
