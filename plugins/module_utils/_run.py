# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From raw arguments to a result: validate, plan, apply. The only place that knows about check mode and modules."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from contextlib import closing, nullcontext
from dataclasses import replace
from functools import partial
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.common.parameters import AnsibleFallbackNotFound, remove_values
from ansible.module_utils.errors import UnsupportedError

from ._api.client import Client
from ._api.errors import OptionError, WorkloadCredentialsError, unforeseen
from ._api.option_values import from_environment, typed, with_origin
from ._api.own_writes import FORESEEN, RESULT, VARIABLE
from ._api.settings import Settings
from ._apply import apply, complete
from ._change import Change, foreseen
from ._spec import Options, Spec


def run_module(spec: Spec) -> None:
    """The whole of a module file's main(): run the spec's logic in a process of its own."""
    origins: dict[str, str] = {}
    try:
        module = AnsibleModule(
            argument_spec=argument_spec(spec.options, origins),
            supports_check_mode=True,
            **spec.constraints,
        )
    except OptionError as error:
        # There is no module yet that could say it.
        sys.stdout.write(json.dumps({"failed": True, "changed": False, "msg": str(error)}))
        raise SystemExit(1) from None
    # Results hold no values that came in as options, and AnsibleModule's substitution of every secret option's text
    # would damage them: a secret value "3" would turn version 3 into asterisks. The connection's own stay guarded.
    module.no_log_values = {module.params[name] for name in spec.guarded} - {None, ""}
    try:
        result = run(spec, module.params, check_mode=module.check_mode, diff=module._diff)
    except OptionError as error:
        origin = origins.get(error.option)
        module.fail_json(msg=with_origin(str(error), origin) if origin else str(error))
    except WorkloadCredentialsError as error:
        module.fail_json(msg=str(error))
    for warning in result.pop("warnings", ()):
        module.warn(warning)
    module.exit_json(**result)


def run(
    spec: Spec, parameters: Mapping[str, Any], *, check_mode: bool, diff: bool, writes_folder: str | None = None
) -> dict[str, Any]:
    """Bring about what the parameters say and return the task's result.

    :arg parameters: validated against the spec.
    :arg writes_folder: where the processes of a run keep what it has written a moment ago; None: in no folder.
    :raises WorkloadCredentialsError: whatever stands in the way; the text is for the user.
    """
    client = None
    try:
        with _connected(spec, parameters, writes_folder) as client:
            result = _result(client, spec, parameters, check_mode=check_mode, diff=diff)
            return _with_own_writes(client, result) if spec.connect is None and writes_folder is None else result
    except WorkloadCredentialsError:
        raise
    except Exception as error:
        # The last net, for both ways of running: nobody should read a traceback.
        raise unforeseen(spec.name, error, getattr(client, "last", None)) from None


def _connected(spec: Spec, parameters: Mapping[str, Any], writes_folder: str | None) -> closing[Any] | nullcontext[Any]:
    if spec.connect is not None:
        return closing(spec.connect(parameters))
    client = Client(Settings.from_parameters(parameters), writes_folder)
    client.writes.take(os.environ.get(VARIABLE))
    return nullcontext(client)


def _with_own_writes(client: Client, result: dict[str, Any]) -> dict[str, Any]:
    """What a module process tells the action plugin that started it, if that asked for it."""
    made = client.writes.made() if VARIABLE in os.environ else ""
    return {**result, RESULT: made} if made else result


def _result(
    client: Client, spec: Spec, parameters: Mapping[str, Any], *, check_mode: bool, diff: bool
) -> dict[str, Any]:
    plan = partial(spec.change, client, parameters)
    change = plan() if check_mode else complete(plan())
    changed = change.changes
    warnings = list(change.warnings)
    if changed and not check_mode:
        values = apply(client, change, plan)
    else:
        values = dict(change.rehearsal(client) if change.rehearsal else change.predicted)
        changed = changed and not change.foretold
        if changed and check_mode:
            _foresee(client, change)
        warnings += [*filter(None, [change.foretold]), *map(foreseen, change.doubts)]
    warnings = [*map(foreseen, change.missing), *warnings, *values.pop("warnings", ()), *_waited(client)]
    # Where only trying it shows, what was tried knows whether it changed anything.
    changed = bool(values.pop("changed", changed))
    result: dict[str, Any] = {"changed": changed, **values}
    if diff and (change.before is not None or change.after is not None):
        result["diff"] = {"before": dict(change.before or {}), "after": dict(change.after or {})}
    if warnings:
        result["warnings"] = warnings
    return result


def _foresee(client: Any, change: Change) -> None:
    """Let later tasks in check mode know what a real run would have removed, or made again, by then."""
    for written in change.leaves:
        client.writes.note(replace(written, kind=FORESEEN + written.kind, content=None, tags=None))


def _waited(client: Any) -> list[str]:
    seconds = getattr(client, "waited", 0.0)
    return [f"The service limits requests, and made this task wait {seconds:.0f} s."] if seconds >= 1 else []


def validate(spec: Spec, name: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments as AnsibleModule would see them, with the same messages.

    :arg name: the module's name as the task wrote it, for the messages.
    :raises WorkloadCredentialsError: an option is unknown, missing or of a wrong type.
    """
    result = ArgumentSpecValidator(argument_spec(spec.options), **spec.constraints).validate(dict(arguments))
    if result.error_messages:
        message = result.errors.msg
        if isinstance(result.errors[0], UnsupportedError):
            message = f"Unsupported parameters for ({name}) module: {message}"
        raise WorkloadCredentialsError(remove_values(message, result._no_log_values))
    parameters: dict[str, Any] = result.validated_parameters
    return parameters


def argument_spec(options: Options, origins: dict[str, str] | None = None) -> dict[str, dict[str, Any]]:
    """Ansible's form of the options: environment variables become fallbacks.

    :arg origins: takes the origin of each value that an environment variable sets.
    """
    taken = {} if origins is None else origins
    return {name: _argument(name, option, taken) for name, option in options.items()}


def _argument(name: str, option: Mapping[str, Any], origins: dict[str, str]) -> dict[str, Any]:
    argument = {key: value for key, value in option.items() if key != "env"}
    if "env" in option:
        argument["fallback"] = (partial(_environment_fallback, name, option, origins), list(option["env"]))
    return argument


def _environment_fallback(name: str, option: Mapping[str, Any], origins: dict[str, str], *_variables: str) -> Any:
    given = from_environment(name, option, os.environ)
    if given is None:
        raise AnsibleFallbackNotFound
    origins[name] = given.origin
    return typed(name, option, given)
