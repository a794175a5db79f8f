# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module credentials_file, which mints on the controller and writes on the host."""

from __future__ import annotations

from typing import Any

import ansible_collections.community.workload_credentials.plugins.plugin_utils._bytecode  # noqa: F401  # pylint: disable=unused-import
from ansible.plugins.action import ActionBase

from ..plugin_utils._hosts.host import MODULE, streaming_problem
from ..plugin_utils._hosts.task import run_task


class ActionModule(ActionBase):  # type: ignore[misc]  # ansible-core has no types
    """Options and documentation are the module's."""

    # It is refused with a reason.
    _supports_async = True
    _supports_check_mode = True
    _content: str | None = None

    def run(self, tmp: Any = None, task_vars: Any = None) -> dict[str, Any]:
        """Return the module's result; no value is in it."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        variables = task_vars or {}

        def execute(arguments: dict[str, Any], content: str | None) -> dict[str, Any]:
            self._content = content
            # The ssh connection prints a module's whole output at -vvv unless this is set.
            self._play_context.no_log = True
            try:
                done: dict[str, Any] = self._execute_module(MODULE, module_args=arguments, task_vars=variables)
            finally:
                self._content = None
                self._remove_tmp_path(self._connection._shell.tmpdir)
            return done

        result.update(run_task(self, variables, execute))
        return result

    def _configure_module(self, module_name: Any, module_args: Any, task_vars: Any = None) -> Any:
        """Add the content where the module's text is made: Ansible's debug output shows all arguments before that."""
        own = {**module_args, "host_content": self._content} if self._content is not None else module_args
        return super()._configure_module(module_name=module_name, module_args=own, task_vars=task_vars)

    def _is_pipelining_enabled(self, module_style: Any, wrap_async: bool = False) -> bool:
        """Stream the module wherever that is possible, so that no content lies in a file of Ansible's."""
        return streaming_problem(self) is None or bool(super()._is_pipelining_enabled(module_style, wrap_async))
