# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a module's process does from its arguments on, without starting one for each.

One process imports what modules import and forks for each call: the fork has a module's environment, arguments and
stdout, and runs the ``main()`` of its file. What comes before, AnsiballZ and the action plugin, is not in it.
"""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

from ansible.module_utils import basic
from ansible_collections.community.workload_credentials.plugins.module_utils._resources.index import MODULES

from tests.support.documentation import COLLECTION

_PACKAGE = "ansible_collections.community.workload_credentials.plugins.modules"


class ModuleMains:
    """Runs modules' ``main()``; a context, as it holds a process."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", __name__]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __enter__(self) -> ModuleMains:
        return self

    def __exit__(self, *_error: object) -> None:
        self._process.communicate()

    def run(self, module: str, arguments: Mapping[str, Any], environment: Mapping[str, str], *, check: bool) -> str:
        """What the module writes to stdout.

        :arg environment: variables of its process, beside those of this one.
        """
        name = f"{COLLECTION}.{module}"
        internal = {"_ansible_check_mode": check, "_ansible_diff": True, "_ansible_module_name": name}
        call = {"module": module, "arguments": {**arguments, **internal}, "environment": {**os.environ, **environment}}
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(f"{json.dumps(call)}\n")
        self._process.stdin.flush()
        written: str = json.loads(self._process.stdout.readline())
        return written


def _serve() -> None:
    for module in MODULES:
        importlib.import_module(f"{_PACKAGE}.{module}")
    for line in sys.stdin:
        print(json.dumps(_forked(json.loads(line))), flush=True)


def _forked(call: Mapping[str, Any]) -> str:
    reads, writes = os.pipe()
    child = os.fork()
    if not child:
        os.dup2(writes, sys.stdout.fileno())
        _become_module(**call)
    os.close(writes)
    with os.fdopen(reads, encoding="utf-8") as written:
        text = written.read()
    os.waitpid(child, 0)
    return text


def _become_module(module: str, arguments: Mapping[str, Any], environment: Mapping[str, str]) -> None:
    os.environ.clear()
    os.environ.update(environment)
    given = json.dumps({"ANSIBLE_MODULE_ARGS": arguments})
    # As AnsiballZ sets them; ansible-core before 2.19 has no profiles.
    vars(basic).update(_ANSIBLE_ARGS=given.encode(), _ANSIBLE_PROFILE="legacy")
    try:
        importlib.import_module(f"{_PACKAGE}.{module}").main()
    finally:
        sys.stdout.flush()
        os._exit(0)


if __name__ == "__main__":
    _serve()
