# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""For tests: what an action does with its task's cluster."""

from __future__ import annotations

import base64
from typing import Any

from ansible.plugins.action import ActionBase
from ansible_collections.community.workload_credentials.plugins.module_utils._api.errors import WorkloadCredentialsError
from ansible_collections.community.workload_credentials.plugins.module_utils._kube.objects import OBJECT_KINDS
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.cluster_access import cluster_of
from ansible_collections.community.workload_credentials.plugins.plugin_utils._worker import (
    environment_in_force,
    own_environment,
)


class ActionModule(ActionBase):  # type: ignore[misc]  # ansible-core has no types
    """Writes ``value`` into a Secret of the namespace default, and reads it."""

    def run(self, tmp: Any = None, task_vars: Any = None) -> dict[str, Any]:
        """Which way it went, and what was read."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        name, value = self._task.args["name"], self._task.args["value"]
        data = {"key": base64.b64encode(value.encode()).decode()}
        manifest = {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": name, "namespace": "default"},
            "data": data,
        }
        try:
            with environment_in_force(own_environment(self)), cluster_of(self, task_vars or {}) as cluster:
                (applied,) = cluster.apply([manifest])
                found = cluster.get(OBJECT_KINDS["Secret"], name, "default")
        except WorkloadCredentialsError as error:
            return {**result, "failed": True, "msg": str(error)}
        way = type(cluster).__name__
        return {**result, "way": way, "same": applied == found, "length": len(found["data"]["key"]) if found else 0}
