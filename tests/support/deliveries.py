# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the role's step does, called as a function: against a real kube-apiserver, and without a play."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.community.workload_credentials.plugins.module_utils._kube.in_worker import InWorker
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.entries import checked_entries
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.job import Job
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.operator import Service
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.outcome import Outcome
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.task import perform

from tests.support.site import Site


class Deliveries:
    """Deliveries of one site's credentials into one namespace.

    :arg kubeconfig: of the cluster, or of what stands before it.
    """

    def __init__(self, site: Site, kubeconfig: str, namespace: str) -> None:
        self.site = site
        self.kubeconfig = kubeconfig
        self.namespace = namespace
        self.lines: list[str] = []
        self.last_words: list[str] = []

    def run(self, *entries: dict[str, Any], state: str = "present", **options: Any) -> Outcome:
        """The outcome for these entries, in the namespace where they name none."""
        named = [{"namespace": self.namespace, **entry} for entry in entries]
        connection = options.pop("connection", {})
        self.lines.clear()
        with InWorker({"kubeconfig": self.kubeconfig}) as cluster:
            job = Job(
                entries=checked_entries(named, "push"),
                client=lambda: self.site.client(**connection),
                service=_no_service,
                cluster=lambda: cluster,
                template=_no_template,
                tell=self.lines.append,
                last_words=self.last_words.append,
                **options,
            )
            return perform(job, state)


def _no_service() -> Service:
    raise AssertionError("only the operator needs it")


def _no_template(name: str, _variables: Mapping[str, Any]) -> tuple[str, str]:
    raise AssertionError(f"only the operator needs {name}")
