# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What workers find loaded, since the process that they are forked from has loaded it."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from tests.support.plays import Plays
from tests.support.rounds import CALLBACK

COLLECTION = "community.workload_credentials"
PLUGINS = f"ansible_collections.{COLLECTION}.plugins"
OF_LOOKUPS = (f"{PLUGINS}.plugin_utils._static_secrets", f"{PLUGINS}.plugin_utils._leases.generate")
OF_LEASES = f"{PLUGINS}.plugin_utils._leases.modules"
# In a process as Ansible's own, which has put its finder of collections first.
START = "from ansible.plugins.loader import init_plugin_loader, lookup_loader; init_plugin_loader()"


def found(plays: Plays, *modules: str, before: Any = (), **environment: str) -> list[bool]:
    """Whether a worker has loaded each of the modules when its task begins."""
    task = {"ansible.builtin.debug": {"msg": "{{ names | map('is_loaded') | list }}"}, "vars": {"names": list(modules)}}
    result: list[bool] = plays.tasks([*before, task], environment=environment).result["msg"]
    return result


def printed(program: str) -> list[str]:
    """The words that a program prints."""
    command = [sys.executable, "-c", f"{START}\n{program}"]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.split()


def test_with_the_callback_plugin_workers_find_lookups_loaded(plays: Plays) -> None:
    assert found(plays, *OF_LOOKUPS, **CALLBACK) == [True, True]
    assert found(plays, *OF_LOOKUPS) == [False, False]


@pytest.mark.parametrize(("module", "is_found"), [("lease", True), ("folder", False)])
def test_modules_that_have_to_do_with_leases_are_found_with_what_keeps_them(
    plays: Plays, module: str, is_found: bool
) -> None:
    # Ansible's main process loads an action plugin before the task is skipped by its worker.
    skipped = {f"{COLLECTION}.{module}": {}, "when": False}
    assert found(plays, OF_LEASES, f"{PLUGINS}.plugin_utils._in_process", before=[skipped]) == [is_found, True]


@pytest.mark.parametrize("lookup", ["static_secret", "dynamic_credentials"])
def test_nothing_of_a_lookup_is_left_to_load(lookup: str) -> None:
    program = f"""
import sys
from {PLUGINS}.callback.leases import preload
preload()
before = set(sys.modules)
assert lookup_loader.get("{COLLECTION}.{lookup}", class_only=True)
print(*(name for name in set(sys.modules) - before if "workload_credentials" in name))
"""
    assert printed(program) == []


@pytest.mark.parametrize("entry", ["lookup.static_secret", "action.folder", "action.lease", "callback.leases"])
def test_what_plugins_share_is_loaded_from_bytecode_that_python_keeps(entry: str) -> None:
    program = f"""
import importlib, sys
importlib.import_module("{PLUGINS}.{entry}")
rooms = ("{PLUGINS}.module_utils.", "{PLUGINS}.plugin_utils.")
shared = [module for name, module in sys.modules.items() if name.startswith(rooms) and not hasattr(module, "__path__")]
assert len(shared) > 20
print(*(module.__name__ for module in shared if type(module.__spec__.loader).__name__ != "SourceFileLoader"))
"""
    # These must be there to load the others.
    assert {name.rpartition(".")[2] for name in printed(program)} - {"_in_process"} == {"_bytecode"}
