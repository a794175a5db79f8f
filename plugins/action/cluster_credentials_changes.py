# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Says what the role cluster_credentials changed, whose tasks alone use it: a task that is hidden shows no diff."""

from __future__ import annotations

from typing import Any

from ansible.plugins.action import ActionBase
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster_status import applied_difference
from ansible_collections.community.workload_credentials.plugins.plugin_utils._worker import plain


class ActionModule(ActionBase):  # type: ignore[misc]  # ansible-core has no types
    """Changed where something changes, with a diff that names keys and marks, and no value.

    Arguments: ``diff``, with ``before`` and ``after`` by namespace and name of Secret, or ``applied``, a result of
    kubernetes.core.k8s; ``report``, which it returns.
    """

    _supports_check_mode = True

    def run(self, tmp: Any = None, task_vars: Any = None) -> dict[str, Any]:
        """The Secrets that change, and the diff where one is wanted."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        arguments = plain(self._task.args)
        diff = arguments.get("diff") or applied_difference(arguments["applied"])
        result.update(changed=bool(diff["after"]), report=arguments.get("report", []))
        return {**result, "diff": diff} if self._task.diff else result
