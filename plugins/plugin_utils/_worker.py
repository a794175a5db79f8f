# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a plugin in Ansible's worker process needs to know of its task: options, check mode and signals."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import date
from typing import Any

from ansible.module_utils.parsing.convert_bool import boolean
from ansible.utils.display import Display

from ..module_utils._api import interruption
from ..module_utils._api.option_values import is_set
from ._core_internals import check_mode_of_worker, controller_stderr, run_folder

# Prefixes of the variables that set options of this collection, of kubernetes.core's modules and of AWS' tools.
_OF_OPTIONS = ("BEYONDTRUST_", "WORKLOAD_CREDENTIALS_", "K8S_AUTH_", "KUBECONFIG", "AWS_")


def runs_here(action: Any, variables: Mapping[str, Any]) -> bool:
    """Return whether an action can do in the worker just what its module would do.

    :arg variables: the task's.
    """
    task = action._task
    if not is_local(action) or action._connection.become is not None or task.async_val:
        return False
    if task.delegate_to:
        variables = variables.get("ansible_delegated_vars", {}).get(task.delegate_to, {})
    return not is_foreign_interpreter(action._templar.template(variables.get("ansible_python_interpreter")))


def own_writes_folder() -> str:
    """Return the folder in which all processes of this run note its latest writes to a service."""
    return str(run_folder() / "workload-credentials" / "writes")


def is_local(action: Any) -> bool:
    """Return whether the action's modules run on this machine."""
    return bool(action._connection.transport == "local")


def own_environment(action: Any) -> dict[str, str]:
    """Return the environment of the action's task, templated, without variables of options that are empty.

    Other variables may be empty, such as that of a proxy that is not to be used.
    """
    environment: dict[str, Any] = {}
    action._compute_environment_string(environment)
    return {
        name: plain(value)
        for name, value in environment.items()
        if is_set(value) or (value == "" and not name.startswith(_OF_OPTIONS))
    }


def is_foreign_interpreter(interpreter: Any) -> bool:
    """Return whether the host names another Python than the one that runs Ansible.

    :arg interpreter: the host's ansible_python_interpreter; None: it has none.
    """
    if not interpreter or str(interpreter).startswith("auto"):
        return False
    # Follow no links: a virtual environment's Python is a link, and has libraries of its own.
    return os.path.abspath(os.path.expanduser(str(interpreter))) != os.path.abspath(sys.executable)


def plain(value: Any) -> Any:
    """Return a templated argument as a module would read it from JSON, without Ansible's types of strings."""
    if value is None or isinstance(value, (bool, int, float)):
        return _base(value)
    if isinstance(value, Mapping):
        return {_key(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple, set)):
        return [plain(inner) for inner in value]
    if isinstance(value, bytes):
        return value.decode("utf-8", "surrogateescape")
    if isinstance(value, date):
        return value.isoformat()
    # A subclass of str keeps its marks under str(); joining returns a plain str.
    return "".join(("", str(value)))


def _key(key: Any) -> str:
    """Return a key as JSON has it: YAML takes ``on`` for true, and ``~`` for null."""
    if key is None or isinstance(key, (bool, int, float)):
        return json.dumps(_base(key))
    return "".join(("", str(key)))


def _base(value: Any) -> Any:
    if value is None or isinstance(value, bool):
        return value
    return int(value) if isinstance(value, int) else float(value)


@contextmanager
def environment_in_force(environment: Mapping[str, str]) -> Iterator[None]:
    """Put the task's environment in force: variables of options, proxies and CA bundles are read from os.environ.

    A worker runs one task at a time, so no other task sees it.
    """
    saved = dict(os.environ)
    os.environ.update({str(name): str(value) for name, value in environment.items()})
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(saved)


def in_check_mode(variables: Mapping[str, Any], templar: Any) -> bool:
    """Return whether the task that evaluates a lookup runs in check mode, whatever the run's own flag says.

    Ansible gives a lookup the run's flag only. But the worker process knows its task, and what that inherits. Outside
    of tasks, as in the name of a play, the run's flag counts.

    :arg templar: the lookup's, for a task whose check_mode is a template.
    """
    check_mode = check_mode_of_worker()
    if check_mode is None:
        check_mode = variables.get("ansible_check_mode")
    if not isinstance(check_mode, str):
        return bool(check_mode)
    try:
        return bool(boolean(templar.template(check_mode)))
    except TypeError:
        # Ansible itself refuses such a task; until then nothing is minted.
        return True


_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def raise_on_signal() -> Iterator[None]:
    """At a signal, let the body break off where that is safe, and clean up; then let the signal take effect."""
    with _noted(breaks_off=True):
        yield


@contextmanager
def defer_signals() -> Iterator[Callable[[], bool]]:
    """Let the body finish before a signal takes effect; yield a function that returns whether one is pending."""
    with _noted(breaks_off=False):
        yield interruption.is_interrupted


@contextmanager
def _noted(*, breaks_off: bool) -> Iterator[None]:
    """Only note signals meanwhile: a handler that raises would do so between any two steps."""
    received: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        # Only the main thread receives signals.
        yield
        return

    def note(number: int, _frame: Any) -> None:
        received.append(number)
        interruption.note()

    # An alarm with a handler raises an exception there, later; one without kills the process, as it would otherwise.
    signals = list(_SIGNALS)
    if callable(signal.getsignal(signal.SIGALRM)):
        signals.append(signal.SIGALRM)
    try:
        with interruption.listening(breaks_off=breaks_off):
            before = {number: signal.signal(number, note) for number in signals}
            try:
                yield
            finally:
                for number, handler in before.items():
                    signal.signal(number, handler if handler is not None else signal.SIG_DFL)
    finally:
        if received:
            # A signal that ends the process matters more than an alarm.
            ending = [number for number in received if number != signal.SIGALRM]
            os.kill(os.getpid(), (ending or received)[0])


class ControllerStderr:
    """Shows lines to the user when Ansible no longer listens to its workers."""

    def __init__(self) -> None:
        self._descriptor = controller_stderr()

    def say(self, text: str) -> None:
        """Show a warning."""
        if self._descriptor is None:
            Display().warning(text)
            return
        with suppress(OSError):
            os.write(self._descriptor, f"[WARNING]: {text}\n".encode())

    def close(self) -> None:
        """Close the way to the user; nothing may be shown after it."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
