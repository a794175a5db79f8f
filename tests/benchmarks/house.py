# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How hard it is to find one's way in plugins/: files, imports, branches, floors, and the way of one pushed entry."""

from __future__ import annotations

import ast
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

from radon.visitors import ComplexityVisitor

from tests.benchmarks.table import Row

PLUGINS = Path(__file__).parents[2] / "plugins"
_ROLE = ("plugin_utils/_cluster", "plugin_utils/_eso", "plugin_utils/_delivery")
BRANCHES = 10
_FILES, _IMPORTS, _COMPLEX, _FLOORS = 150, 0.17, 20, 8
_PUSH_FILES, _PUSH_CALLS = 30, 150


def figures() -> Iterator[Row]:
    """What the source alone says."""
    trees = {path: ast.parse(path.read_text(encoding="utf-8")) for path in sorted(PLUGINS.rglob("*.py"))}
    lines = sum(len(path.read_text(encoding="utf-8").splitlines()) for path in trees)
    yield _at_most(f"files in plugins/ ({lines} lines)", len(trees), _FILES)
    imports = sum(_import_lines(tree) for tree in trees.values())
    code = sum(len(_code_lines(path)) for path in trees)
    share = imports / code
    yield Row("h", "import lines of code lines", f"{share:.0%}", f"at most {_IMPORTS:.0%}", share <= _IMPORTS)
    complex_ones = sum(len(complex_functions(tree)) for tree in trees.values())
    yield _at_most(f"functions with more than {BRANCHES} branches", complex_ones, _COMPLEX - 1)
    floors = [_floors(trees, room) for room in _ROLE]
    shown = " + ".join(map(str, floors))
    yield Row("h", "floors of the role's three rooms", shown, f"at most {_FLOORS} each", max(floors) <= _FLOORS)


def way_of(push: Callable[[], Any]) -> Iterator[Row]:
    """The way of one pushed entry.

    :arg push: pushes it.
    """
    trace = Trace()
    with trace:
        push()
    yield _at_most("files in which one pushed entry is", len(trace.files), _PUSH_FILES)
    yield _at_most(f"calls across files ({trace.calls} calls)", trace.across, _PUSH_CALLS)


@dataclass
class Trace:
    """The calls of functions in plugins/ while it is open; not those of comprehensions, nor bodies of classes."""

    files: set[str] = field(default_factory=set)
    calls: int = 0
    across: int = 0

    def __enter__(self) -> Trace:
        threading.setprofile(self._note)
        sys.setprofile(self._note)
        return self

    def __exit__(self, *_raised: object) -> None:
        sys.setprofile(None)
        threading.setprofile(None)

    def _note(self, frame: FrameType, event: str, _argument: Any) -> None:
        if event != "call" or not _is_ours(frame) or not _is_function(frame):
            return
        self.files.add(frame.f_code.co_filename)
        caller = frame.f_back
        while caller is not None and not (_is_ours(caller) and _is_function(caller)):
            caller = caller.f_back
        if caller is not None:
            self.calls += 1
            self.across += caller.f_code.co_filename != frame.f_code.co_filename


def _at_most(what: str, figure: int, most: int) -> Row:
    return Row("h", what, str(figure), f"at most {most}", figure <= most)


def _is_ours(frame: FrameType) -> bool:
    """Whether the frame is of plugins/, but for the cluster's client, where each call is a request like any other's."""
    _before, _found, name = frame.f_code.co_filename.partition("/community/workload_credentials/plugins/")
    return bool(name) and not name.startswith("module_utils/_kube/")


def _is_function(frame: FrameType) -> bool:
    # Names of comprehensions, lambdas and modules are in angle brackets; a class's body has locals of its own.
    return not frame.f_code.co_name.startswith("<") and bool(frame.f_code.co_flags & 1)


def _code_lines(path: Path) -> set[int]:
    """The lines with code on them: no docstrings, comments and empty lines."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    texts = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr) and _is_text(node.value)}
    nodes = (node for node in ast.walk(tree) if isinstance(node, (ast.stmt, ast.expr)) and id(node) not in texts)
    return {line for node in nodes if not _is_doc(node) for line in (node.lineno, node.end_lineno or node.lineno)}


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _is_doc(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and _is_text(node.value)


def _import_lines(tree: ast.Module) -> int:
    nodes = (node for node in ast.walk(tree) if isinstance(node, (ast.Import, ast.ImportFrom)))
    return sum((node.end_lineno or node.lineno) - node.lineno + 1 for node in nodes)


def complex_functions(tree: ast.Module) -> list[str]:
    """Return the names of the functions with more branches than the limit, as radon counts them."""
    visitor = ComplexityVisitor.from_ast(tree)
    methods = [method for one in visitor.classes for method in one.methods]
    return [function.name for function in [*visitor.functions, *methods] if function.complexity > BRANCHES]


def _floors(trees: dict[Path, ast.Module], room: str) -> int:
    """The longest chain of imports at the top of files within a room, counted in files."""
    files = {path.stem: tree for path, tree in trees.items() if path.parent == PLUGINS / room}
    below = {name: _neighbours(tree, files) for name, tree in files.items()}

    def height(name: str) -> int:
        return 1 + max(map(height, below[name]), default=0)

    return max(map(height, below))


def _neighbours(tree: ast.Module, files: dict[str, ast.Module]) -> set[str]:
    nodes = (node for node in tree.body if isinstance(node, ast.ImportFrom) and node.level == 1)
    return {node.module for node in nodes if node.module in files}
