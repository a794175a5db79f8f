# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module credentials_file_info: the host looks, and the controller says what that means."""

from __future__ import annotations

from typing import Any

import ansible_collections.community.workload_credentials.plugins.plugin_utils._bytecode  # noqa: F401  # pylint: disable=unused-import
from ansible.plugins.action import ActionBase

from ..plugin_utils._hosts.task import run_info


class ActionModule(ActionBase):  # type: ignore[misc]  # ansible-core has no types
    """Options and documentation are the module's."""

    _supports_check_mode = True

    def run(self, tmp: Any = None, task_vars: Any = None) -> dict[str, Any]:
        """Return the module's result; no value is in it."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        variables = task_vars or {}

        def execute(arguments: dict[str, Any], _content: str | None) -> dict[str, Any]:
            done: dict[str, Any] = self._execute_module(module_args=arguments, task_vars=variables)
            return done

        result.update(run_info(self, variables, execute))
        return result
