# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads a cluster for the role cluster_credentials, whose tasks alone use it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible.plugins.action import ActionBase
from ansible.plugins.loader import lookup_loader
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster_read import (
    CONNECTION,
    Unreadable,
    by_lookup,
    by_module,
    read_all,
)
from ansible_collections.community.workload_credentials.plugins.plugin_utils._worker import (
    environment_in_force,
    own_environment,
    plain,
    runs_here,
)

_MODULE = "kubernetes.core.k8s_info"
_LOOKUP = "kubernetes.core.k8s"


class ActionModule(ActionBase):  # type: ignore[misc]  # ansible-core has no types
    """All kinds in one task, with the connection of kubernetes.core: its module_defaults and environment.

    Arguments: ``kinds`` and ``namespaces`` (see ``read_all``). Returns ``resources`` and ``absent``, hidden.
    """

    _supports_check_mode = True

    def run(self, tmp: Any = None, task_vars: Any = None) -> dict[str, Any]:
        """The objects by kind, and the kinds that the cluster does not serve."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        variables = task_vars or {}
        arguments = plain(self._task.args)
        wanted = (arguments["kinds"], arguments.get("namespaces") or ())
        found = self._read_here(variables, *wanted) if runs_here(self, variables) else None
        try:
            modules = by_module(self._modules(variables), self._cluster(variables))
            resources, absent = found or read_all(modules, *wanted)
        except Unreadable as error:
            return {**result, **error.result}
        # Secrets are among them.
        return {**result, "changed": False, "resources": resources, "absent": absent, "_ansible_no_log": True}

    def _read_here(self, variables: Mapping[str, Any], kinds: Any, namespaces: Any) -> Any:
        lookup = lookup_loader.get(_LOOKUP, loader=self._loader, templar=self._templar)
        with environment_in_force(own_environment(self)):
            try:
                return read_all(by_lookup(lookup, self._cluster(variables)), kinds, namespaces)
            except Exception:  # pylint: disable=broad-exception-caught
                # Whatever it was, the module may do better, such as with a relative path, or says it in its own words.
                return None

    def _cluster(self, variables: Mapping[str, Any]) -> dict[str, Any]:
        """What the user's module_defaults say of the cluster to kubernetes.core.k8s_info."""
        groups = (self._task._parent._play._action_groups or {}).get(_MODULE, ())
        given: dict[str, Any] = {}
        for name in (*(f"group/{group}" for group in groups), _MODULE):
            for defaults in self._task.module_defaults or ():
                given.update(self._templar.template(defaults.get(name) or {}))
        chosen = {name: value for name, value in given.items() if name in CONNECTION and value is not None}
        return {name: plain(value) for name, value in chosen.items() if value != variables.get("omit")}

    def _modules(self, variables: Mapping[str, Any]) -> Any:
        # The ssh connection prints a module's whole output at -vvv unless this is set.
        self._play_context.no_log = True

        def run(arguments: dict[str, Any]) -> Any:
            task = self._task.copy()
            task.action, task.args = _MODULE, arguments
            action = self._shared_loader_obj.action_loader.get(
                _MODULE,
                task=task,
                connection=self._connection,
                play_context=self._play_context,
                loader=self._loader,
                templar=self._templar,
                shared_loader_obj=self._shared_loader_obj,
            )
            return action.run(task_vars=variables)

        return run
