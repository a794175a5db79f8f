# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Resolve a task's connection from all sources of options, for the worker, a module process or the role's action."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..module_utils._api.option_values import is_set
from ..module_utils._api.settings import Settings
from ..module_utils._spec import CONNECTION, JOURNAL, Options, Spec
from ._core_internals import action_groups
from ._options import (
    ADMIN_TOKEN_OPTIONS,
    TOKEN_OPTIONS,
    OptionSource,
    Resolved,
    arguments,
    environment,
    ini,
    play_variables,
    resolve,
    settings_of,
)
from ._worker import own_environment

_COLLECTION = "community.workload_credentials"
_OPTIONS = {**CONNECTION, **JOURNAL}
# Environment variables that set them.
_VARIABLES = frozenset(name.lstrip("!") for option in _OPTIONS.values() for name in option["env"])


@dataclass(frozen=True)
class TaskConnection:
    """How a task reaches its site.

    :arg resolved: the connection options that a source on this machine sets.
    :arg environment: the variables of the task's own environment that set no option, such as proxies.
    :arg journal_dir: the folder for notes of leases, on this machine; None: the run's temporary one.
    :arg options: the connection options that the task has.
    """

    resolved: Resolved
    environment: Mapping[str, str]
    journal_dir: str | None = None
    options: Options = field(default_factory=lambda: CONNECTION)

    def settings(self, *without: str) -> Settings:
        """Return the connection's settings.

        :arg without: options to leave out.
        :raises OptionError: something is missing or unusable; the text names option and source.
        """
        return settings_of(self.resolved, *without)

    def among(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return a task's arguments with the connection in them, whatever source set it.

        A module process gets its task's environment on a command line, which Ansible shows at -vvv: no token may be
        there. If one token option is set, the other is empty, so that the module does not look for it elsewhere.
        """
        arguments = {name: value for name, value in given.items() if name not in self.options}
        for options in (TOKEN_OPTIONS, ADMIN_TOKEN_OPTIONS):
            if any(name in self.resolved.values for name in options):
                arguments.update(dict.fromkeys(options, ""))
        return {**arguments, **self.resolved.values}


def reached(
    action: Any, spec: Spec, task_vars: Mapping[str, Any], *, is_here: bool
) -> tuple[TaskConnection, dict[str, Any]]:
    """Return the connection of a module's task to its service, and the task's arguments with it in them.

    :arg task_vars, is_here: as in task_connection.
    """
    if spec.connect is None:
        connection = task_connection(action, task_vars, is_here=is_here, options=spec.connection)
        given = connection.among(action._task.args)
        if not is_here and not _administers(spec, given):
            # It would only help to explain a refusal, and rules the whole organization.
            given.update(dict.fromkeys(ADMIN_TOKEN_OPTIONS, ""))
        return connection, given
    own = own_environment(action)
    # As in TaskConnection.among: no secret may be in a module process' environment.
    secrets = {option: own.pop(name) for name, option in spec.secret_variables.items() if own.get(name)}
    given = {name: value for name, value in action._task.args.items() if name not in secrets or is_set(value)}
    journal = _journal(own, play_variables(task_vars, action._templar))
    return TaskConnection(Resolved({}, {}), _rest(own), journal), {**secrets, **given}


def _administers(spec: Spec, given: Mapping[str, Any]) -> bool:
    """Return whether a task works on the administration site."""
    return spec.administers or any(given.get(name) for name in spec.administers_with)


def task_connection(
    action: Any, task_vars: Mapping[str, Any], *, is_here: bool, options: Options = CONNECTION
) -> TaskConnection:
    """Return the connection of an action's task.

    :arg task_vars: the task's variables.
    :arg options: the connection options that it has.
    :arg is_here: whether it runs on this machine, whose environment counts then; another machine has its own.
    :raises OptionError: a value is of a wrong type; the text names option and source.
    """
    own = own_environment(action)
    variables = play_variables(task_vars, action._templar)
    sources = [
        # Ansible has put module_defaults among the arguments, except those that the task sets to nothing.
        arguments(action._task.args, "the task or its module_defaults"),
        arguments(_module_defaults(action), "the task's module_defaults"),
        variables,
        environment(own, "the task's environment variable"),
    ]
    if is_here:
        sources.append(environment(os.environ))
    sources.append(ini)
    return TaskConnection(resolve(options, sources), _rest(own), _journal(own, variables), options)


def _rest(own: Mapping[str, str]) -> dict[str, str]:
    """Return the variables of a task's own environment that set no option."""
    return {name: value for name, value in own.items() if name not in _VARIABLES}


def _journal(own: Mapping[str, str], variables: OptionSource) -> str | None:
    """Return the folder for notes of leases; None: the run's temporary one."""
    resolved = resolve(JOURNAL, [variables, environment(own), environment(os.environ), ini])
    journal_dir: str | None = resolved.values.get("journal_dir")
    return journal_dir


def _module_defaults(action: Any) -> dict[str, Any]:
    """Return the arguments that module_defaults give to a task that sets a connection option to nothing."""
    task = action._task
    if all(is_set(value) for name, value in task.args.items() if name in CONNECTION):
        return {}
    defaults: dict[str, Any] = {}
    for more in task.module_defaults or ():
        defaults.update(action._templar.template(more))
    # On some versions the name to which the task itself resolved its module is the action plugin's.
    module = f"{_COLLECTION}.{task.action.rpartition('.')[2]}"
    groups = [f"group/{group}" for group in action_groups(task, module)]
    arguments: dict[str, Any] = {}
    # The nearest comes last.
    for name in (*groups, module):
        arguments.update(defaults.get(name) or {})
    return arguments
