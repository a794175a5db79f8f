# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one action plugin of all modules, each of which has a file for it: decide here or hand over, nothing else.

A strategy looks for an action plugin of the module's name in the process that all workers are forked from. What it
finds is imported once for a run; a plugin that meta/runtime.yml names would be imported by the worker of each task.
Private to this collection: it may change at any time.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ansible_collections.community.workload_credentials.plugins.plugin_utils._bytecode  # noqa: F401
from ansible.errors import AnsibleActionFail, AnsibleError
from ansible.plugins.action import ActionBase
from ansible_collections.community.workload_credentials.plugins.module_utils._resources.index import spec_of
from ansible_collections.community.workload_credentials.plugins.plugin_utils._in_process import failure, run_task


class ActionModule(ActionBase):  # type: ignore[misc]  # ansible-core has no types
    """Runs a module's logic in the worker where that is the same thing, and the module file elsewhere."""

    _supports_async = True
    _supports_check_mode = True

    def run(self, tmp: Any = None, task_vars: Any = None) -> dict[str, Any]:
        """The module's result, marked as hidden when it holds secret values."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        try:
            result.update(run_task(self, spec_of(self._task.action), task_vars or {}, self._hand_over))
        except AnsibleError:
            raise
        except Exception as error:
            # The last net: nobody should read a traceback.
            result.update(failure(self._task.action, error))
        return result

    def _hand_over(self, arguments: dict[str, Any], variables: Mapping[str, Any], *, hidden: bool) -> dict[str, Any]:
        """Run the module file, with nothing secret in its connection's log."""
        if hidden and self._task.async_val and not self._task.no_log:
            raise AnsibleActionFail(
                "This task returns secret values, which async would write to a file and async_status would show. "
                "Remove async, or accept that with no_log: true on this task and on async_status."
            )
        # The ssh connection prints a module's whole output at -vvv unless this is set.
        self._play_context.no_log = self._play_context.no_log or hidden
        try:
            own: dict[str, Any] = self._execute_module(
                module_args=arguments, task_vars=variables, wrap_async=self._task.async_val
            )
        finally:
            if not self._task.async_val:
                self._remove_tmp_path(self._connection._shell.tmpdir)
        own.pop("invocation", None)
        return own
