# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The clusters of a task: the one that kubernetes.core's modules would work with, and others."""

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
    """Connect to the cluster that kubernetes.core's modules would work with in this task, in its environment.

    :arg action: the action plugin of the task; ``variables``: the task's.
    :arg concurrency: how many requests run at once, where this worker sends them.
    :raises ClusterError: kubernetes.core's options are unusable, or do not lead to a cluster.
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
    """Connect to another cluster, which this worker reaches itself.

    :arg options: kubernetes.core's, validated.
    :raises ClusterError: they do not lead to a cluster.
    """
    with InWorker(_with_found_kubeconfig(action, dict(options)), concurrency) as cluster:
        yield cluster


def _in_worker(action: Any, options: Mapping[str, Any], concurrency: int) -> InWorker | None:
    """Return None if this worker lacks the library kubernetes: the Python of modules may have it."""
    try:
        return InWorker(_with_found_kubeconfig(action, _checked(options)), concurrency)
    except MissingLibraryError:
        return None


def _options(action: Any, variables: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options of the cluster that module_defaults give to kubernetes.core's modules."""
    spec = _connection_spec()
    known = set(spec)
    for option in spec.values():
        known.update(option.get("aliases", ()))
    given = {name: value for name, value in _module_defaults(action).items() if name in known and value is not None}
    return {name: plain(value) for name, value in given.items() if value != variables.get("omit")}


def _module_defaults(action: Any) -> dict[str, Any]:
    """Return the defaults of the modules that read and write: those of a module override those of its groups."""
    groups = [f"group/{group}" for module in (READ, WRITE) for group in action_groups(action._task, module)]
    given: dict[str, Any] = {}
    for name in dict.fromkeys([*groups, READ, WRITE]):
        # The nearest come last.
        for defaults in action._task.module_defaults or ():
            given.update(action._templar.template(defaults.get(name) or {}))
    return given


def _checked(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options as kubernetes.core's modules would get them."""
    result = ArgumentSpecValidator(_connection_spec()).validate(dict(options))
    if result.error_messages:
        # Ansible's message may repeat the value of an option.
        raise ClusterError(f"The options of kubernetes.core for the cluster are unusable: check {', '.join(options)}.")
    return {name: value for name, value in result.validated_parameters.items() if value is not None}


def _with_found_kubeconfig(action: Any, options: dict[str, Any]) -> dict[str, Any]:
    """Find and decrypt kubeconfig as kubernetes.core's actions do: beside the play and in its roles."""
    kubeconfig = options.get("kubeconfig")
    if not isinstance(kubeconfig, str) or not kubeconfig:
        return options
    try:
        files = [action._find_needle("files", name) for name in kubeconfig.split(":")]
        decrypted = [str(action._loader.get_real_file(file, decrypt=True)) for file in files]
    except AnsibleError as error:
        raise ClusterError(
            f"kubeconfig of kubernetes.core: {kubeconfig} cannot be read ({type(error).__name__})."
        ) from None
    return {**options, "kubeconfig": ":".join(decrypted)}


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
    # All runs share the action's temporary folder on the host, and each removes it at its end.
    one_at_a_time = Lock()

    def run(module: str, arguments: dict[str, Any], *, check_mode: bool) -> Any:
        task = action._task.copy()
        task.action, task.args, task.check_mode, task.diff, task.async_val = module, arguments, check_mode, False, 0
        # Otherwise the module would write its arguments to the target's log.
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
    """Return a module's result with an error as text: newer versions of ansible-core have an object there."""
    texts = dict(result)
    event = getattr(result.get("exception"), "event", None)
    if event is not None:
        texts["exception"] = event.msg
        texts["msg"] = result.get("msg") or "MODULE FAILURE"
    return {name: plain(value) for name, value in texts.items()}
