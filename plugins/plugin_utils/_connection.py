# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The connection of a task: its options from all sources, for the worker, a module process or the role's action.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..module_utils._api.errors import OptionError
from ..module_utils._api.option_values import is_set
from ..module_utils._api.settings import Settings
from ..module_utils._spec import CONNECTION, JOURNAL, Spec
from ._core_internals import action_groups
from ._options import TOKEN_OPTIONS, OptionSource, Resolved, arguments, environment, ini, play_variables, resolve
from ._worker import own_environment

_COLLECTION = "community.workload_credentials"
_NAMES = frozenset(name.lstrip("!") for entry in {**CONNECTION, **JOURNAL}.values() for name in entry["env"])


@dataclass(frozen=True)
class TaskConnection:
    """How a task reaches its site.

    :arg resolved: the connection options that a source on this machine sets.
    :arg environment: what of the task's own environment is no option, such as proxies.
    :arg journal_dir: where notes of leases lie, if not in the run's temporary folder; always on this machine.
    """

    resolved: Resolved
    environment: Mapping[str, str]
    journal_dir: str | None = None

    def settings(self, *without: str) -> Settings:
        """The same, checked.

        :arg without: options that are left out.
        :raises OptionError: something is missing or unusable; the text names option and source.
        """
        return settings_of(self.resolved, *without)

    def among(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """A task's arguments with the connection in them, whatever source set it.

        A module process gets its task's environment on a command line, which Ansible shows at -vvv: a token must not
        be there. Where one token option is set the other is empty, so that no environment is asked for it.
        """
        others = {name: value for name, value in given.items() if name not in CONNECTION}
        named = any(name in self.resolved.values for name in TOKEN_OPTIONS)
        return {**others, **(dict.fromkeys(TOKEN_OPTIONS, "") if named else {}), **self.resolved.values}


def reached(
    action: Any, spec: Spec, task_vars: Mapping[str, Any], *, is_here: bool
) -> tuple[TaskConnection, dict[str, Any]]:
    """How a module's task reaches its service: the connection, and the task's arguments with it in them.

    :arg task_vars, is_here: as in task_connection.
    """
    if spec.connect is None:
        connection = task_connection(action, task_vars, is_here=is_here)
        return connection, connection.among(action._task.args)
    own = own_environment(action)
    # As in Connection.among: no secret is for a module process' environment.
    secrets = {option: own.pop(name) for name, option in spec.secret_variables.items() if own.get(name)}
    given = {name: value for name, value in action._task.args.items() if name not in secrets or is_set(value)}
    journal = _journal(own, play_variables(task_vars, action._templar))
    return TaskConnection(Resolved({}, {}), _rest(own), journal), {**secrets, **given}


def task_connection(action: Any, task_vars: Mapping[str, Any], *, is_here: bool) -> TaskConnection:
    """The connection of an action's task.

    :arg task_vars: the task's variables.
    :arg is_here: it runs on this machine, so this machine's environment counts; another one has its own.
    :raises OptionError: a value is of a wrong type; the text names option and source.
    """
    own = own_environment(action)
    variables = play_variables(task_vars, action._templar)
    sources = [
        # Ansible has put module_defaults among the arguments, but for those that the task sets to nothing.
        arguments(action._task.args, "the task or its module_defaults"),
        arguments(_module_defaults(action), "the task's module_defaults"),
        variables,
        environment(own, "the task's environment variable"),
        *([environment(os.environ)] if is_here else []),
        ini,
    ]
    return TaskConnection(resolve(CONNECTION, sources), _rest(own), _journal(own, variables))


def _rest(own: Mapping[str, str]) -> dict[str, str]:
    """What of a task's own environment is no option."""
    return {name: value for name, value in own.items() if name not in _NAMES}


def _journal(own: Mapping[str, str], variables: OptionSource) -> str | None:
    """Where notes of leases lie, if not in the run's temporary folder."""
    resolved = resolve(JOURNAL, [variables, environment(own), environment(os.environ), ini])
    found: str | None = resolved.values.get("journal_dir")
    return found


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


def settings_of(resolved: Resolved, *without: str) -> Settings:
    """The connection options among the resolved ones as settings.

    :arg without: options that are left out.
    :raises OptionError: something is missing or unusable; the text names option and source.
    """
    values = resolved.with_defaults(CONNECTION)
    try:
        return Settings.from_parameters({**values, **{name: CONNECTION[name].get("default") for name in without}})
    except OptionError as error:
        problem = resolved.told(str(error)).partition(": ")[2]
        raise OptionError(error.option, problem) from None
