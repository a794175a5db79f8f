# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plain code in plugins/: few branches in a function, statements instead of nested expressions, plain words."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.benchmarks.house import complex_functions

PLUGINS = Path(__file__).parents[2] / "plugins"
FILES = sorted(PLUGINS.rglob("*.py"))
# Functions above the limit, as file and name. The list may only shrink.
ABOVE: set[str] = set()
# Words that readers stumble over: what to write instead.
REFUSED = {
    r"\bit is (looked|asked|said|told|waited)\b": "say who does it: a function looks, asks, waits",
    r"\bwhoever\b": "name the caller, the user or the process",
    r"\bwhereof\b|\bwherewith\b|\bthereof\b": "repeat the noun",
    r"\bhas to do with\b": "say what it does",
    r"\bthe same, (but|for|from)\b": "repeat the subject",
}
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def test_functions_have_few_branches() -> None:
    found = {
        f"{path.relative_to(PLUGINS).as_posix()} {name}" for path in FILES for name in complex_functions(tree_of(path))
    }
    assert found - ABOVE == set(), "these have more branches than the limit allows"
    assert ABOVE - found == set(), "these keep to the limit now: take them off the list"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(PLUGINS).as_posix())
def test_expressions_are_not_nested(path: Path) -> None:
    for node in ast.walk(tree_of(path)):
        if isinstance(node, _COMPREHENSIONS):
            inner = [one for one in ast.walk(node) if one is not node and isinstance(one, _COMPREHENSIONS)]
            assert not inner, f"line {node.lineno}: a comprehension in a comprehension"
        if isinstance(node, ast.IfExp):
            assert node.lineno == node.end_lineno, f"line {node.lineno}: a conditional expression over several lines"


def texts(path: Path) -> Iterator[tuple[int, str]]:
    """Comments and strings, with their lines."""
    for token in tokenize.generate_tokens(io.StringIO(path.read_text(encoding="utf-8")).readline):
        if token.type in (tokenize.COMMENT, tokenize.STRING) or tokenize.tok_name[token.type] == "FSTRING_MIDDLE":
            yield token.start[0], token.string


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(PLUGINS).as_posix())
def test_words_are_plain(path: Path) -> None:
    for line, text in texts(path):
        for words, better in REFUSED.items():
            found = re.search(words, text, re.IGNORECASE)
            assert found is None, f"line {line}: {found.group()!r}; {better}"
