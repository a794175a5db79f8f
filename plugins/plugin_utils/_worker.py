# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a plugin in Ansible's worker process has to know of its task: its options, check mode and signals.

Private to this collection: it may change at any time.
"""

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

# The options of this collection, of kubernetes.core's modules and of AWS' tools.
_OF_OPTIONS = ("BEYONDTRUST_", "WORKLOAD_CREDENTIALS_", "K8S_AUTH_", "KUBECONFIG", "AWS_")


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


def own_writes_folder() -> str:
    """Where all processes of this run keep what it has written to a service a moment ago."""
    return str(run_folder() / "workload-credentials" / "writes")


def is_local(action: Any) -> bool:
    """Whether the action's modules run on this machine."""
    return bool(action._connection.transport == "local")


def own_environment(action: Any) -> dict[str, str]:
    """The environment of the action's task, templated, without what hides nothing: variables of options are set or not.

    Other variables may be empty, as a proxy's that is not to be used.
    """
    environment: dict[str, Any] = {}
    action._compute_environment_string(environment)
    return {
        name: plain(value)
        for name, value in environment.items()
        if is_set(value) or (value == "" and not name.startswith(_OF_OPTIONS))
    }


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
        return _base(value)
    if isinstance(value, Mapping):
        return {_key(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple, set)):
        return [plain(inner) for inner in value]
    if isinstance(value, bytes):
        return value.decode("utf-8", "surrogateescape")
    if isinstance(value, date):
        return value.isoformat()
    # A subclass of str keeps its marks under str(); joining makes a string of the base class.
    return "".join(("", str(value)))


def _key(key: Any) -> str:
    """A key as JSON has it: YAML takes ``on`` for true, and ``~`` for null."""
    return json.dumps(_base(key)) if isinstance(key, (bool, int, float)) or key is None else "".join(("", str(key)))


def _base(value: Any) -> Any:
    if value is None or isinstance(value, bool):
        return value
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


def in_check_mode(variables: Mapping[str, Any], templar: Any) -> bool:
    """Whether the task that evaluates a lookup runs in check mode, whatever the run's own flag says.

    Ansible tells a lookup the run's flag only. But a task runs in a worker process of its own, which knows it, with all
    that it inherits. Outside of tasks, as in the name of a play, the run's flag counts.

    :arg templar: the lookup's, for a task that says it with a template.
    """
    wanted = check_mode_of_worker()
    if wanted is None:
        wanted = variables.get("ansible_check_mode")
    if not isinstance(wanted, str):
        return bool(wanted)
    try:
        return bool(boolean(templar.template(wanted)))
    except TypeError:
        # Ansible refuses such a task itself; until then nothing is minted.
        return True


_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def raise_on_signal() -> Iterator[None]:
    """Let what is inside break off where it is safe, and put things in order; then let the signal do its work."""
    with _noted(breaks_off=True):
        yield


@contextmanager
def defer_signals() -> Iterator[Callable[[], bool]]:
    """Let what is inside come to its end before a signal does its work; tells whether one is waiting."""
    with _noted(breaks_off=False):
        yield interruption.is_interrupted


@contextmanager
def _noted(*, breaks_off: bool) -> Iterator[None]:
    """While signals are only noted: a handler that raises does so between any two steps."""
    received: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        # Signals do not come here.
        yield
        return

    def note(number: int, _frame: Any) -> None:
        received.append(number)
        interruption.note()

    # Who is to be told of an alarm, by an exception, is a handler; nobody's alarm kills the process as before.
    is_timed = callable(signal.getsignal(signal.SIGALRM))
    try:
        with interruption.listening(breaks_off=breaks_off):
            before = {one: signal.signal(one, note) for one in (*_SIGNALS, *((signal.SIGALRM,) if is_timed else ()))}
            try:
                yield
            finally:
                for one, handler in before.items():
                    signal.signal(one, handler if handler is not None else signal.SIG_DFL)
    finally:
        if received:
            # An end is more than an alarm.
            os.kill(os.getpid(), min(received, key=lambda one: one == signal.SIGALRM))


class ControllerStderr:
    """A way to the person at the screen that is still open when Ansible has stopped to listen to its workers."""

    def __init__(self) -> None:
        self._descriptor = controller_stderr()

    def say(self, text: str) -> None:
        """Show a line."""
        line = f"[WARNING]: {text}\n"
        if self._descriptor is None:
            Display().warning(text)
            return
        with suppress(OSError):
            os.write(self._descriptor, line.encode())

    def close(self) -> None:
        """Nothing more will be said."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
