# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a plugin in Ansible's worker process has to know of its task, with few imports: every worker makes its own.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from typing import Any

from ansible import constants
from ansible_collections.community.workload_credentials.plugins.module_utils._api.sources import is_set

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
    return os.path.join(constants.DEFAULT_LOCAL_TMP, "workload-credentials", "writes")


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
