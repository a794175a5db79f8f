# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Running a module's logic inside Ansible's worker process: with which environment, and what may be shown.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible.module_utils.parsing.convert_bool import boolean
from ansible_collections.community.workload_credentials.plugins.module_utils._api.errors import (
    WorkloadCredentialsError,
    unforeseen,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._run import run, validate
from ansible_collections.community.workload_credentials.plugins.module_utils._spec import Spec, from_environment
from ansible_collections.community.workload_credentials.plugins.plugin_utils._worker import environment_in_force, plain

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
        except Exception as error:
            return failure(name, error)


def failure(name: str, error: Exception) -> dict[str, Any]:
    """The result of a task that failed.

    :arg name: the module's name as the task wrote it.
    :arg error: one that nobody foresaw too: nobody should read a traceback.
    """
    known = error if isinstance(error, WorkloadCredentialsError) else unforeseen(name, error)
    return {"failed": True, "changed": False, "msg": str(known)}


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
