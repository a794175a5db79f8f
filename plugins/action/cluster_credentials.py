# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module cluster_credentials, which works on the controller: the role's one step."""

from __future__ import annotations

from typing import Any

import ansible_collections.community.workload_credentials.plugins.plugin_utils._bytecode  # noqa: F401  # pylint: disable=unused-import
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ..plugin_utils._delivery.action import run_task


class ActionModule(ActionBase):  # type: ignore[misc]  # ansible-core has no types
    """Options and documentation are the module's."""

    _supports_check_mode = True

    def run(self, tmp: Any = None, task_vars: Any = None) -> dict[str, Any]:
        """The module's result; no value is in it."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        result.update(run_task(self, task_vars or {}, Display().display))
        return result
