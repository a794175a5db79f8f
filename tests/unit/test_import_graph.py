# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The import graph of plugins/: who may know whom (house style, section 4)."""

from __future__ import annotations

import ast
import functools
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PLUGINS = Path(__file__).parents[2] / "plugins"
PACKAGE = "ansible_collections.community.workload_credentials.plugins."
_LOGIC = {
    "module_utils/_access",
    "module_utils/_api",
    "module_utils/_apply",
    "module_utils/_change",
    "module_utils/_credentials",
    "module_utils/_kube",
    "module_utils/_host_files",
    "module_utils/_marks",
    "module_utils/_providers",
    "module_utils/_resources",
    "module_utils/_resources/_parts",
    "module_utils/_run",
    "module_utils/_spec",
    "module_utils/_sts",
}
# A file's room -> rooms that it may import from; the lowest floor last.
ALLOWED = {
    "modules": {"module_utils/_resources", "module_utils/_run", "module_utils/_host_files"},
    "action": {
        *(
            "plugin_utils",
            "plugin_utils/_leases",
            "plugin_utils/_delivery",
            "plugin_utils/_hosts",
            "plugin_utils/_tree",
        ),
    },
    "callback": {"plugin_utils"},
    "lookup": {"plugin_utils", "plugin_utils/_leases", "module_utils/_credentials", "module_utils/_api"},
    "doc_fragments": set(),
    # The role: entries and Secrets, External Secrets Operator, and the order of a delivery.
    "plugin_utils/_delivery": {
        *("plugin_utils/_delivery", "plugin_utils/_eso/delivery", "plugin_utils/_cluster", "plugin_utils/_leases"),
        *("plugin_utils", *_LOGIC),
    },
    # Files on hosts: sources and checks are the role's.
    "plugin_utils/_hosts": {
        *("plugin_utils/_hosts", "plugin_utils/_delivery", "plugin_utils/_cluster", "plugin_utils/_leases"),
        *("plugin_utils", *_LOGIC),
    },
    # The only file of the operator's that a delivery knows.
    "plugin_utils/_eso/delivery": {
        *("plugin_utils/_eso", "plugin_utils/_cluster", "plugin_utils/_leases", "plugin_utils"),
        *_LOGIC,
    },
    "plugin_utils/_eso": {
        *("plugin_utils/_eso", "plugin_utils/_cluster", "plugin_utils/_leases", "plugin_utils"),
        *_LOGIC,
    },
    "plugin_utils/_cluster": {"plugin_utils/_cluster", "plugin_utils/_leases", "plugin_utils", *_LOGIC},
    "plugin_utils/_events": {"plugin_utils/_events", "plugin_utils", "plugin_utils/_cluster", *_LOGIC},
    "plugin_utils": {"plugin_utils", "plugin_utils/_leases", "module_utils/_resources/index", *_LOGIC},
    "plugin_utils/_tree": {"plugin_utils/_tree", "plugin_utils", *_LOGIC},
    "plugin_utils/_leases": {"plugin_utils/_leases", "plugin_utils", *_LOGIC},
    "module_utils/_credentials": {
        "module_utils/_credentials",
        "module_utils/_resources",
        "module_utils/_resources/_parts",
        "module_utils/_kube",
        "module_utils/_sts",
        "module_utils/_api",
        "module_utils/_providers",
    },
    # It knows every module, and nothing knows it but the action that runs them.
    "module_utils/_resources/index": {"module_utils/_resources", "module_utils/_spec"},
    "module_utils/_resources": {
        "module_utils/_access",
        "module_utils/_resources/_parts",
        "module_utils/_resources/_tree",
        "module_utils/_spec",
        "module_utils/_change",
        "module_utils/_kube",
        "module_utils/_api",
        "module_utils/_marks",
        "module_utils/_providers",
    },
    "module_utils/_resources/_parts": {
        "module_utils/_resources/_parts",
        "module_utils/_change",
        "module_utils/_kube",
        "module_utils/_api",
        "module_utils/_marks",
        "module_utils/_providers",
    },
    # Many objects at once: it plans with their modules' rules, and has each plan applied.
    "module_utils/_resources/_tree": {
        "module_utils/_resources/_tree",
        "module_utils/_resources",
        "module_utils/_resources/_parts",
        "module_utils/_access",
        "module_utils/_apply",
        "module_utils/_spec",
        "module_utils/_change",
        "module_utils/_api",
        "module_utils/_providers",
    },
    # Access policies, workload identities and the administration site.
    "module_utils/_access": {"module_utils/_access", "module_utils/_api"},
    "module_utils/_run": {
        "module_utils/_access",
        "module_utils/_apply",
        "module_utils/_spec",
        "module_utils/_change",
        "module_utils/_api",
    },
    # No module and no Ansible: whoever has a plan can have it carried out.
    "module_utils/_apply": {"module_utils/_change", "module_utils/_api"},
    "module_utils/_spec": {"module_utils/_change", "module_utils/_api"},
    "module_utils/_change": {"module_utils/_api"},
    "module_utils/_kube": {"module_utils/_kube", "module_utils/_api"},
    "module_utils/_sts": {"module_utils/_sts", "module_utils/_providers", "module_utils/_api"},
    "module_utils/_marks": {"module_utils/_api"},
    "module_utils/_providers": set(),
    # It runs on hosts that have nothing but Python.
    "module_utils/_host_files": set(),
    "module_utils/_api": {"module_utils/_api"},
}
# Lines of plugins/ that each entry point loads: they may fall and not rise. Ansible loads them in each worker that
# evaluates a lookup, and an action plugin's once a run.
LOADED = {
    "lookup/static_secret": 4757,
    "lookup/dynamic_credentials": 7323,
    "lookup/sts_session_token": 9692,
    "action/folder": 4471,
    "action/cluster_credentials": 8184,
    "callback/leases": 3912,
}
# What they load nothing of, since what they do needs none of it.
NOT_LOADED = {
    "lookup/static_secret": (
        "module_utils/_kube",
        "module_utils/_run",
        "plugin_utils/_leases",
        "module_utils/_api/session",
    ),
    "lookup/dynamic_credentials": ("module_utils/_kube", "plugin_utils/_cluster"),
    "action/folder": ("module_utils/_kube", "plugin_utils/_leases", "plugin_utils/_cluster"),
    "action/lease": ("module_utils/_kube", "plugin_utils/_cluster"),
    # A push is without the operator.
    "action/cluster_credentials": ("plugin_utils/_eso",),
    "plugin_utils/_delivery/deliver": ("plugin_utils/_eso",),
}
# What users do not have.
FORBIDDEN = ("ansible_collections.community.workload_credentials", "tests", "workload_credentials_emulator")
# Only these may import Ansible.
ANSIBLE = {
    *("modules", "action", "callback", "lookup"),
    *("plugin_utils", "plugin_utils/_cluster", "plugin_utils/_delivery", "plugin_utils/_eso", "plugin_utils/_hosts"),
    *("plugin_utils/_leases", "plugin_utils/_tree"),
    "module_utils/_run",
}


def room(name: str) -> str:
    """The longest beginning of the name that is a room."""
    parts = name.split("/")
    return next(one for end in range(len(parts), 0, -1) for one in ("/".join(parts[:end]),) if one in ALLOWED)


def is_file(module: str) -> bool:
    return module.startswith(PACKAGE) and (PLUGINS / f"{module[len(PACKAGE) :].replace('.', '/')}.py").is_file()


def imports(path: Path) -> Iterator[str]:
    """What a file imports, with its whole name."""
    package = (PACKAGE + ".".join(path.relative_to(PLUGINS).parent.parts)).split(".")
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*above, *filter(None, [node.module])])
            yield module
            # A file of a room may be imported by its name.
            yield from (f"{module}.{alias.name}" for alias in node.names if is_file(f"{module}.{alias.name}"))
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


@functools.cache
def loaded(entry: str) -> list[Path]:
    """The collection's files that an entry point loads, itself among them."""
    program = f"""
import importlib, sys
importlib.import_module("{PACKAGE}{entry.replace("/", ".")}")
print(*(name for name, module in sys.modules.items() if name.startswith("{PACKAGE}")))
"""
    done = subprocess.run([sys.executable, "-c", program], check=True, stdout=subprocess.PIPE, text=True)
    files = [PLUGINS / f"{name[len(PACKAGE) :].replace('.', '/')}.py" for name in done.stdout.split()]
    # A package is a folder.
    return [path for path in files if path.exists()]


FILES = sorted(path for path in PLUGINS.rglob("*.py") if path.name != "__init__.py")


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PLUGINS)))
def test_no_new_arrow(path: Path) -> None:
    name = path.relative_to(PLUGINS).with_suffix("").as_posix()
    for module in imports(path):
        if module.startswith(PACKAGE):
            target = module[len(PACKAGE) :].replace(".", "/")
            assert room(target) in ALLOWED[room(name)], f"{name} imports {target}"
        elif module.split(".")[0] == "ansible":
            assert room(name) in ANSIBLE, f"{name} imports {module}"
        else:
            assert not module.startswith(FORBIDDEN), module


@pytest.mark.parametrize("entry", LOADED)
def test_entry_points_load_no_more_than_they_did(entry: str) -> None:
    lines = sum(len(path.read_text(encoding="utf-8").splitlines()) for path in loaded(entry))
    assert lines <= LOADED[entry], f"{entry}: import in the function that needs it, or raise the figure and say why"


@pytest.mark.parametrize("entry", NOT_LOADED)
def test_entry_points_load_nothing_that_they_do_not_need(entry: str) -> None:
    names = [path.relative_to(PLUGINS).as_posix() for path in loaded(entry)]
    assert [name for name in names if name.startswith(NOT_LOADED[entry])] == []


@pytest.mark.parametrize("path", [path for path in FILES if path.parent.name in ("lookup", "action", "callback")])
def test_entry_points_begin_with_what_loads_the_rest_from_its_bytecode(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    first = next(line for line in lines if line.startswith(("from ", "import ")) and "_utils" in line)
    assert "_bytecode" in first or (path.parent.name == "action" and "_in_process " in first)


def test_a_module_carries_no_other_modules_logic_from_the_index() -> None:
    users = [path for path in FILES if any(module.endswith("._resources.index") for module in imports(path))]
    assert [path.relative_to(PLUGINS).as_posix() for path in users] == ["plugin_utils/_in_process.py"]


def test_files_stay_small() -> None:
    for path in FILES:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
        longest = max((node.end_lineno - node.lineno for node in functions if node.end_lineno), default=0)
        assert longest <= 40, f"{path}: a function of {longest} lines"
