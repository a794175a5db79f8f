# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run a module's task in Ansible's worker or hand it over to the module file, and hide secret values in its result."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, closing, nullcontext
from functools import partial
from typing import TYPE_CHECKING, Any

import ansible_collections.community.workload_credentials.plugins.plugin_utils._bytecode  # noqa: F401  # pylint: disable=unused-import
from ansible.errors import AnsibleActionFail, AnsibleError
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ..module_utils._api.errors import WorkloadCredentialsError, internal_error
from ..module_utils._api.own_writes import RESULT, VARIABLE, OwnWrites
from ..module_utils._resources.index import spec_of
from ..module_utils._run import run, validate
from ..module_utils._spec import Spec
from ._connection import TaskConnection, reached
from ._worker import defer_signals, environment_in_force, is_local, own_writes_folder, plain, runs_here

if TYPE_CHECKING:
    from ._leases.modules import ModuleLeases


# The modules that mint or end leases; the others load nothing of what a run keeps of leases.
_MINTING = ("dynamic_credentials", "service_account_token")
_ENDING = ("dynamic_secret", "lease", "service_account_lease")


def run_task(
    action: Any, spec: Spec, variables: Mapping[str, Any], hand_over: Callable[..., dict[str, Any]]
) -> dict[str, Any]:
    """Run the module's task and return its result, hidden if it holds secret values.

    :arg variables: the task's.
    :arg hand_over: runs the module file with arguments and variables; ``hidden``: without a trace in any log.
    """
    task = action._task
    hidden = returns_values(spec, task.args)
    try:
        connection, given = reached(action, spec, variables, is_here=is_local(action))
    except WorkloadCredentialsError as error:
        return {"failed": True, "changed": False, "msg": str(error)}
    is_here, host = runs_here(action, variables), str(variables.get("inventory_hostname", ""))
    try:
        with (
            _interruptible(spec, is_here=is_here),
            _leases(spec, given, connection, host, minting=_mints(task), here=is_here) as leases,
        ):
            arguments = leases.arguments() if leases else given
            if is_here:
                result = run_in_process(
                    spec,
                    task.action,
                    arguments,
                    connection.environment,
                    check_mode=task.check_mode,
                    diff=task.diff,
                )
            else:
                hand = partial(hand_over, arguments, variables, hidden=hidden)
                result = _handed_over(task, connection.environment, hand)
            if leases:
                leases.settle(arguments, result, check_mode=task.check_mode)
    except WorkloadCredentialsError as error:
        return {"failed": True, "changed": False, "msg": str(error)}
    if result.get("failed"):
        # Its message holds no values, and the user needs to see it.
        return {**result, "msg": connection.resolved.located(str(result.get("msg")))}
    return _hidden(result) if hidden else result


def _leases(
    spec: Spec, given: Mapping[str, Any], connection: TaskConnection, host: str, *, minting: bool, here: bool
) -> AbstractContextManager[ModuleLeases | None]:
    """Return the task's part in the leases of its run; None: its module has none."""
    if spec.name not in (*_MINTING, *_ENDING):
        return nullcontext()
    # The action files of these modules have loaded this already, in the process from which all workers are forked.
    if spec.connect is None:
        from ._leases.modules import RunLeases

        return closing(RunLeases(spec, given, connection, host, minting=minting, here=here))
    from ._leases.cluster_modules import AccountLeases

    return closing(AccountLeases(spec, given, connection, host, minting=minting, here=here))


def _mints(task: Any) -> bool:
    """Return whether a task that mints does so now, and returns when it is done."""
    return not task.check_mode and not task.async_val


def _interruptible(spec: Spec, *, is_here: bool) -> AbstractContextManager[Any]:
    """Defer signals while a lease is requested: a worker that is killed meanwhile could not report the lease."""
    return defer_signals() if is_here and spec.name in _MINTING else nullcontext()


def _hidden(result: dict[str, Any]) -> dict[str, Any]:
    """Return the result marked as hidden, and show its warnings, which ansible-core before 2.19 would hide too."""
    for warning in result.get("warnings", ()):
        Display().warning(str(warning))
    return {**result, "_ansible_no_log": True}


def _handed_over(task: Any, environment: Mapping[str, str], hand_over: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Return the result of a module process with this environment, which is without the connection."""
    own = task.environment
    writes = OwnWrites("", lambda: "", own_writes_folder())
    environment = dict(environment)
    if not task.async_val:
        # The result of async would show the user what the process passes back about its writes.
        environment[VARIABLE] = writes.taken() or "{}"
    task.environment = [environment]
    try:
        result = hand_over()
        writes.take(result.pop(RESULT, None))
        return result
    finally:
        # With until, the same task object runs again.
        task.environment = own


def run_in_process(
    spec: Spec, name: str, arguments: Mapping[str, Any], environment: Mapping[str, str], *, check_mode: bool, diff: bool
) -> dict[str, Any]:
    """Return what the module would return, without a process.

    :arg name: the module's name as the task wrote it.
    :arg arguments: the task's, templated.
    :arg environment: variables of the task's own that set no option, such as proxies; they override the worker's.
    """
    with environment_in_force(environment):
        try:
            parameters = validate(spec, name, {key: plain(value) for key, value in arguments.items()})
            return run(
                spec,
                parameters,
                check_mode=check_mode,
                diff=diff,
                writes_folder=own_writes_folder(),
                progress=Display().display,
            )
        except Exception as error:
            return failure(name, error)


def failure(name: str, error: Exception) -> dict[str, Any]:
    """Return the result of a task that failed.

    :arg name: the module's name as the task wrote it.
    :arg error: of any kind: nobody should read a traceback.
    """
    known = error if isinstance(error, WorkloadCredentialsError) else internal_error(name, error)
    return {"failed": True, "changed": False, "msg": str(known), **getattr(known, "values", {})}


def returns_values(spec: Spec, arguments: Mapping[str, Any]) -> bool:
    """Return whether the result of these arguments holds secret values."""
    if not spec.returns_values or spec.values_option is None:
        return spec.returns_values
    default = spec.options[spec.values_option]["default"]
    asked = boolean(arguments.get(spec.values_option, default), strict=False)
    return bool(asked)


class ActionModule(ActionBase):  # type: ignore[misc]  # ansible-core has no types
    """Runs a module's logic in the worker if that does the same as the module file, and else that file."""

    _supports_async = True
    _supports_check_mode = True

    def run(self, tmp: Any = None, task_vars: Any = None) -> dict[str, Any]:
        """Return the module's result, marked as hidden if it holds secret values."""
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
        """Run the module file, with no secret in its connection's log."""
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
