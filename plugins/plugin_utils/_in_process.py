# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Running a module's logic inside Ansible's worker process: when, with which environment, and what may be shown.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from typing import Any

from ansible.module_utils.parsing.convert_bool import boolean
from ansible_collections.community.workload_credentials.plugins.module_utils._api.errors import WorkloadCredentialsError
from ansible_collections.community.workload_credentials.plugins.module_utils._run import run, validate
from ansible_collections.community.workload_credentials.plugins.module_utils._spec import Spec, from_environment

_TOKEN_OPTIONS = ("access_token", "access_token_file")


def run_in_process(
    spec: Spec, name: str, arguments: Mapping[str, Any], environment: Mapping[str, str], *, check_mode: bool, diff: bool
) -> dict[str, Any]:
    """What the module would return, without a process.

    :arg name: the module's name as the task wrote it.
    :arg arguments: the task's, templated.
    :arg environment: what of the task's own is no option, such as proxies; it counts on top of the worker's.
    """
    with environment_in_force(environment):
        try:
            parameters = validate(spec, name, {key: plain(value) for key, value in arguments.items()})
            return run(spec, parameters, check_mode=check_mode, diff=diff)
        except WorkloadCredentialsError as error:
            return {"failed": True, "changed": False, "msg": str(error)}


def bind(
    spec: Spec, arguments: Mapping[str, Any], environment: Mapping[str, str]
) -> tuple[dict[str, Any], dict[str, str]]:
    """Arguments with the options that an environment sets, and the environment without these.

    A module process gets its task's environment on a command line, which Ansible shows at -vvv: a token must not be
    there. And the nearest source of a token counts: a task's file is not at odds with the worker's variable.
    """
    bound = _one_token(arguments)
    names: set[str] = set()
    for option, entry in spec.options.items():
        variables = entry.get("env", ())
        names.update(name.lstrip("!") for name in variables)
        value = from_environment(variables, environment)
        if value is not None and option not in bound:
            bound[option] = value
    return _one_token(bound), {name: value for name, value in environment.items() if name not in names}


def _one_token(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Where a token source is named, an empty other one, so that no environment variable is asked for it."""
    named = any(arguments.get(option) for option in _TOKEN_OPTIONS)
    return {**dict.fromkeys(_TOKEN_OPTIONS, ""), **arguments} if named else dict(arguments)


def returns_values(spec: Spec, arguments: Mapping[str, Any]) -> bool:
    """Whether the result of these arguments holds secret values."""
    if not spec.returns_values or spec.values_option is None:
        return spec.returns_values
    asked = boolean(arguments.get(spec.values_option, True), strict=False)
    return bool(asked)


def runs_here(action: Any, variables: Mapping[str, Any]) -> bool:
    """Whether what an action does in the worker is the same as what a module would do.

    :arg variables: the task's.
    """
    task = action._task
    if not is_local(action) or action._connection.become is not None or task.async_val:
        return False
    if task.delegate_to:
        variables = variables.get("ansible_delegated_vars", {}).get(task.delegate_to, {})
    return not is_foreign_interpreter(action._templar.template(variables.get("ansible_python_interpreter")))


def is_local(action: Any) -> bool:
    """Whether the action's modules run on this machine."""
    return bool(action._connection.transport == "local")


def own_environment(action: Any) -> dict[str, str]:
    """The environment of the action's task, templated."""
    environment: dict[str, Any] = {}
    action._compute_environment_string(environment)
    return {name: plain(value) for name, value in environment.items()}


def is_foreign_interpreter(interpreter: Any) -> bool:
    """Whether the host names a Python that is not the one running Ansible.

    :arg interpreter: the host's ansible_python_interpreter, None where it has none.
    """
    if not interpreter or str(interpreter).startswith("auto"):
        return False
    # No links are followed: a virtual environment's Python is a link, and has libraries of its own.
    return os.path.abspath(os.path.expanduser(str(interpreter))) != os.path.abspath(sys.executable)


def plain(value: Any) -> Any:
    """A templated argument as a module would read it from JSON, without Ansible's string types and vault objects."""
    if value is None or isinstance(value, (bool, int, float)):
        return value if value is None or type(value) in (bool, int, float) else _base(value)
    if isinstance(value, Mapping):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple, set)):
        return [plain(inner) for inner in value]
    if isinstance(value, bytes):
        return value.decode("utf-8", "surrogateescape")
    if isinstance(value, date):
        return value.isoformat()
    # A subclass of str keeps its marks under str(); joining makes a string of the base class.
    return "".join(("", str(value)))


def _base(value: Any) -> Any:
    return int(value) if isinstance(value, int) else float(value)


@contextmanager
def environment_in_force(environment: Mapping[str, str]) -> Iterator[None]:
    """The task's environment in force: options' variables, proxies and CA bundles are all read from os.environ.

    A worker runs one task at a time, so nobody else sees it.
    """
    saved = dict(os.environ)
    os.environ.update({str(name): str(value) for name, value in environment.items()})
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(saved)
