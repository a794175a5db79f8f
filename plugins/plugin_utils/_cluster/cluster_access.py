# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which way a task has to its cluster: a connection of this worker, or kubernetes.core's modules on the task's host.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from threading import Lock
from typing import Any

from ansible.errors import AnsibleError
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ...module_utils._api import interruption
from ...module_utils._api.errors import MissingLibraryError
from ...module_utils._kube.client import InWorker
from ...module_utils._kube.errors import ClusterError
from ...module_utils._kube.objects import READ, WRITE, Cluster
from .._core_internals import action_groups
from .._worker import plain, runs_here


@contextmanager
def cluster_of(action: Any, variables: Mapping[str, Any], concurrency: int = 8) -> Iterator[Cluster]:
    """The cluster that kubernetes.core's modules would work with in this task, whose environment is in force.

    :arg action: the action plugin of the task; ``variables``: the task's.
    :arg concurrency: how many requests run at once, where this worker sends them.
    :raises ClusterError: kubernetes.core's options are unusable, or no connection can be made of them.
    """
    options = _options(action, variables)
    here = _in_worker(action, options, concurrency) if runs_here(action, variables) else None
    if here is None:
        from ...module_utils._kube.by_modules import ByModules

        host = action._task.delegate_to or variables.get("inventory_hostname", "")
        yield ByModules(_modules(action, variables), options, str(host))
    else:
        with here:
            yield here


@contextmanager
def cluster_elsewhere(action: Any, options: Mapping[str, Any], concurrency: int = 8) -> Iterator[Cluster]:
    """Another cluster, which this worker reaches itself.

    :arg options: kubernetes.core's, validated.
    :raises ClusterError: no connection can be made of them.
    """
    with InWorker(_with_found_kubeconfig(action, dict(options)), concurrency) as cluster:
        yield cluster


def _in_worker(action: Any, options: Mapping[str, Any], concurrency: int) -> InWorker | None:
    """None: the library kubernetes is not here, but perhaps where modules find their Python."""
    try:
        return InWorker(_with_found_kubeconfig(action, _checked(options)), concurrency)
    except MissingLibraryError:
        return None


def _options(action: Any, variables: Mapping[str, Any]) -> dict[str, Any]:
    """What the user's module_defaults say of the cluster to kubernetes.core's modules, nearest last."""
    given: dict[str, Any] = {}
    names = dict.fromkeys(f"group/{group}" for module in (READ, WRITE) for group in action_groups(action._task, module))
    for name in (*names, READ, WRITE):
        for defaults in action._task.module_defaults or ():
            given.update(action._templar.template(defaults.get(name) or {}))
    known = _connection_spec()
    aliases = {alias for option in known.values() for alias in option.get("aliases", ())}
    chosen = {name: value for name, value in given.items() if name in {*known, *aliases} and value is not None}
    return {name: plain(value) for name, value in chosen.items() if value != variables.get("omit")}


def _checked(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options as kubernetes.core's modules would get them."""
    result = ArgumentSpecValidator(_connection_spec()).validate(dict(options))
    if result.error_messages:
        # A message may repeat what an option holds.
        raise ClusterError(f"The options of kubernetes.core for the cluster are unusable: check {', '.join(options)}.")
    return {name: value for name, value in result.validated_parameters.items() if value is not None}


def _with_found_kubeconfig(action: Any, options: dict[str, Any]) -> dict[str, Any]:
    """kubernetes.core's actions look for a kubeconfig beside the play and its roles, and open a vault's."""
    kubeconfig = options.get("kubeconfig")
    if not isinstance(kubeconfig, str) or not kubeconfig:
        return options
    try:
        found = [
            action._loader.get_real_file(action._find_needle("files", one), decrypt=True)
            for one in kubeconfig.split(":")
        ]
    except AnsibleError as error:
        raise ClusterError(
            f"kubeconfig of kubernetes.core: {kubeconfig} cannot be read ({type(error).__name__})."
        ) from None
    return {**options, "kubeconfig": ":".join(found)}


def _connection_spec() -> dict[str, dict[str, Any]]:
    try:
        from ansible_collections.kubernetes.core.plugins.module_utils.args_common import AUTH_ARG_SPEC
    except ImportError:
        raise ClusterError("The collection kubernetes.core is not installed: install 6.6.0 or later.") from None
    spec: Mapping[str, Any] = AUTH_ARG_SPEC
    return dict(spec)


def _modules(action: Any, variables: Mapping[str, Any]) -> Any:
    # The ssh connection prints a module's whole output at -vvv unless this is set.
    action._play_context.no_log = True
    # They share the action's temporary folder on the host, which each removes at its end.
    one_at_a_time = Lock()

    def run(module: str, arguments: dict[str, Any], *, check_mode: bool) -> Any:
        task = action._task.copy()
        task.action, task.args, task.check_mode, task.diff, task.async_val = module, arguments, check_mode, False, 0
        # Or the module would write its arguments to the target's log.
        task.no_log = True
        runner = action._shared_loader_obj.action_loader.get(
            module,
            task=task,
            connection=action._connection,
            play_context=action._play_context,
            loader=action._loader,
            templar=action._templar,
            shared_loader_obj=action._shared_loader_obj,
        )
        interruption.check()
        with one_at_a_time:
            return _as_text(runner.run(task_vars=variables))

    return run


def _as_text(result: Mapping[str, Any]) -> dict[str, Any]:
    """A module's result, where an error that is an object, as newer versions of ansible-core have it, is its text."""
    event = getattr(result.get("exception"), "event", None)
    texts = {} if event is None else {"exception": event.msg, "msg": result.get("msg") or "MODULE FAILURE"}
    return {name: plain(value) for name, value in {**result, **texts}.items()}
