# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From arguments to a result: validate, plan, apply. Only this file knows check mode and modules."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Mapping
from contextlib import closing, nullcontext
from dataclasses import replace
from functools import partial
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.common.parameters import AnsibleFallbackNotFound, remove_values
from ansible.module_utils.errors import UnsupportedError

from ._api.client import Client
from ._api.errors import OptionError, WorkloadCredentialsError, internal_error
from ._api.option_values import from_environment, typed, with_origin
from ._api.own_writes import PREDICTED, RESULT, VARIABLE
from ._api.settings import Settings
from ._apply import apply, complete
from ._change import Change, assumed
from ._spec import Options, Spec


def run_module(spec: Spec) -> None:
    """Run a spec as the main function of a module, in a process of its own."""
    origins: dict[str, str] = {}
    try:
        module = AnsibleModule(
            argument_spec=argument_spec(spec.options, origins),
            supports_check_mode=True,
            **spec.constraints,
        )
    except OptionError as error:
        # There is no module yet that could fail.
        sys.stdout.write(json.dumps({"failed": True, "changed": False, "msg": str(error)}))
        raise SystemExit(1) from None
    # Results hold no values that came in as options, and AnsibleModule's substitution of every secret option's text
    # would damage them: a secret value "3" would turn version 3 into asterisks. Only the connection's secrets stay.
    module.no_log_values = {module.params[name] for name in spec.guarded} - {None, ""}
    try:
        result = run(spec, module.params, check_mode=module.check_mode, diff=module._diff)
    except OptionError as error:
        origin = origins.get(error.option)
        module.fail_json(msg=with_origin(str(error), origin) if origin else str(error))
    except WorkloadCredentialsError as error:
        module.fail_json(msg=str(error), **getattr(error, "values", {}))
    for warning in result.pop("warnings", ()):
        module.warn(warning)
    module.exit_json(**result)


def run(
    spec: Spec,
    parameters: Mapping[str, Any],
    *,
    check_mode: bool,
    diff: bool,
    writes_folder: str | None = None,
    progress: Callable[[str], None] | None = None,
) -> dict[str, Any]:
    """Reach the state that the parameters ask for and return the task's result.

    :arg parameters: validated against the spec.
    :arg writes_folder: where all processes of a run record its latest writes; None: nowhere.
    :arg progress: shows a line about long work.
    :raises WorkloadCredentialsError: the task fails; the message is for the user.
    """
    client = None
    try:
        with _connected(spec, parameters, writes_folder) as client:
            if spec.connect is None:
                client.progress = progress
            result = _result(client, spec, parameters, check_mode=check_mode, diff=diff)
            return _with_own_writes(client, result) if spec.connect is None and writes_folder is None else result
    except WorkloadCredentialsError as error:
        raise _with_nearest_policy(error, getattr(client, "denied", None), spec, parameters) from None
    except Exception as error:
        # Nobody should have to read a traceback, in a module or in the worker.
        raise internal_error(spec.name, error, getattr(client, "last", None)) from None


def _connected(spec: Spec, parameters: Mapping[str, Any], writes_folder: str | None) -> closing[Any] | nullcontext[Any]:
    if spec.connect is not None:
        return closing(spec.connect(parameters))
    if spec.administers:
        from ._access.administration import Administration

        return nullcontext(Administration(spec.connected_by(parameters), writes_folder))
    client = Client(Settings.from_parameters(parameters), writes_folder)
    client.writes.take(os.environ.get(VARIABLE))
    return nullcontext(client)


def _with_nearest_policy(
    error: WorkloadCredentialsError, denied: Any, spec: Spec, parameters: Mapping[str, Any]
) -> WorkloadCredentialsError:
    """Return the error, which names the nearest policy if it is about a refusal of the Secrets API."""
    if not denied or spec.administers or isinstance(error, OptionError):
        return error
    from ._access.nearest import with_nearest_policy

    text = with_nearest_policy(str(error), denied, spec.connected_by(parameters))
    if text != str(error):
        # What was done before the refusal stays with it.
        error.args = (text,)
    return error


def _with_own_writes(client: Client, result: dict[str, Any]) -> dict[str, Any]:
    """Add the writes of this module process, if the action plugin that started it asked for them."""
    made = client.writes.made() if VARIABLE in os.environ else ""
    return {**result, RESULT: made} if made else result


def _result(
    client: Client, spec: Spec, parameters: Mapping[str, Any], *, check_mode: bool, diff: bool
) -> dict[str, Any]:
    plan = partial(spec.change, client, parameters)
    change = plan() if check_mode else complete(plan())
    if change.changes and not check_mode:
        values = {"changed": True, **apply(client, change, plan)}
        prediction: list[str] = []
    else:
        values = _predicted(client, change)
        prediction = [*filter(None, [change.uncertain]), *map(assumed, change.doubts)]
    warnings = [
        *map(assumed, change.missing),
        *change.warnings,
        *prediction,
        *values.pop("warnings", ()),
        *_rate_limit_warnings(client),
    ]
    result: dict[str, Any] = {"changed": bool(values.pop("changed")), **values}
    shown = _diff(change) if diff else None
    if shown is not None:
        result["diff"] = shown
    if warnings:
        result["warnings"] = warnings
    return result


def _diff(change: Change) -> dict[str, Any] | None:
    """Return what changes, as Ansible shows it; None: there is nothing to show."""
    if change.text:
        return {"prepared": change.text}
    if change.before is None and change.after is None:
        return None
    return {"before": _side(change.before), "after": _side(change.after)}


def _side(value: Mapping[str, Any] | str | None) -> dict[str, Any] | str:
    return value if isinstance(value, str) else dict(value or {})


def _predicted(client: Any, change: Change) -> dict[str, Any]:
    """Return the values of a task that writes nothing, with whether a real run would change anything."""
    values = change.dry_run(client) if change.dry_run else change.predicted
    is_change = change.changes and not change.uncertain
    if is_change:
        _note_predicted_removals(client, change)
    return {"changed": is_change, **values}


def _note_predicted_removals(client: Any, change: Change) -> None:
    """Let later tasks in check mode know what a real run would have removed, or made again, by then."""
    for written in change.leaves:
        client.writes.note(replace(written, kind=PREDICTED + written.kind, content=None, tags=None))


def _rate_limit_warnings(client: Any) -> list[str]:
    seconds = getattr(client, "waited", 0.0)
    return [f"The service limits requests and made this task wait {seconds:.0f} s."] if seconds >= 1 else []


def validate(spec: Spec, name: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments as AnsibleModule would see them, or fail with the same messages.

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
    """Return the options in Ansible's form, with environment variables as fallbacks.

    :arg origins: takes the origin of each value that an environment variable sets.
    """
    by_option = {} if origins is None else origins
    return {name: _argument(name, option, by_option) for name, option in options.items()}


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
