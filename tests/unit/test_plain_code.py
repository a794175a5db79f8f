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
from radon.visitors import ComplexityVisitor

PLUGINS = Path(__file__).parents[2] / "plugins"
FILES = sorted(PLUGINS.rglob("*.py"))
LIMIT = 10
# Functions above the limit, as file and name. The list may only shrink.
ABOVE = {
    "module_utils/_api/client.py _send_until_answered",
    "module_utils/_api/own_writes.py shows",
    "module_utils/_api/shapes.py _object_misfit",
    "module_utils/_apply.py _after_conflict",
    "module_utils/_apply.py _send",
    "module_utils/_kube/by_modules.py _read",
    "module_utils/_kube/client.py _attempt",
    "module_utils/_kube/client.py send",
    "module_utils/_kube/connection.py secret_of",
    "module_utils/_kube/refusals.py _explained",
    "module_utils/_resources/_parts/accounts/ending.py _parts_of",
    "module_utils/_resources/_parts/accounts/ending.py orphans",
    "module_utils/_resources/_parts/accounts/minting.py _token",
    "module_utils/_resources/_parts/accounts/wanted.py _problems_of_dynamic",
    "module_utils/_resources/_parts/accounts/wanted.py _texts",
    "module_utils/_resources/_parts/accounts/wanted.py wanted_of",
    "module_utils/_resources/_parts/definition.py _with_integration",
    "module_utils/_resources/_parts/definition.py obstacle",
    "module_utils/_resources/_parts/dynamic_config.py check_config",
    "module_utils/_resources/_parts/json_values.py same_json",
    "module_utils/_resources/_parts/lifecycle.py _look_around",
    "module_utils/_resources/_parts/visibility.py entries_now",
    "module_utils/_resources/folder.py _create",
    "module_utils/_resources/integration.py _update",
    "module_utils/_resources/lease.py look",
    "module_utils/_resources/lease.py plan",
    "module_utils/_resources/lease_report.py rows",
    "module_utils/_resources/static_secret.py _update",
    "module_utils/_run.py _result",
    "module_utils/_sts/client.py _keys",
    "module_utils/_sts/client.py _session",
    "module_utils/_sts/errors.py _sentence",
    "module_utils/_sts/errors.py broken",
    "module_utils/_sts/errors.py refused",
    "plugin_utils/_cluster/cluster_access.py _options",
    "plugin_utils/_cluster/entries.py _entry",
    "plugin_utils/_cluster/entries.py _problems_of_keys",
    "plugin_utils/_cluster/entries.py _problems_of_marks",
    "plugin_utils/_cluster/entries.py _problems_of_the_operators_own",
    "plugin_utils/_cluster/entries.py problems_of_sts",
    "plugin_utils/_cluster/job.py service_of",
    "plugin_utils/_cluster/lease_checks.py warn_of_unheld",
    "plugin_utils/_cluster/removal.py _kept_words",
    "plugin_utils/_cluster/removal.py _operators_leases",
    "plugin_utils/_cluster/removal.py remove",
    "plugin_utils/_cluster/removal.py remove_unused",
    "plugin_utils/_cluster/removal.py remove_unwanted",
    "plugin_utils/_cluster/removal.py unwanted",
    "plugin_utils/_cluster/sources.py ask",
    "plugin_utils/_cluster/spec.py session_request",
    "plugin_utils/_connection.py _module_defaults",
    "plugin_utils/_delivery/action.py perform",
    "plugin_utils/_delivery/deliver.py _make_namespaces",
    "plugin_utils/_delivery/deliver.py _missing_namespaces",
    "plugin_utils/_delivery/deliver.py _possible",
    "plugin_utils/_delivery/deliver.py run",
    "plugin_utils/_delivery/plan.py _operation",
    "plugin_utils/_delivery/plan.py plan_of",
    "plugin_utils/_delivery/push.py _end",
    "plugin_utils/_delivery/push.py writes_of",
    "plugin_utils/_delivery/recovery.py _tell",
    "plugin_utils/_eso/apply.py _apply",
    "plugin_utils/_eso/apply.py absent_kept",
    "plugin_utils/_eso/apply.py apply",
    "plugin_utils/_eso/apply.py barred",
    "plugin_utils/_eso/apply.py coded",
    "plugin_utils/_eso/apply.py operation_of",
    "plugin_utils/_eso/delivery.py _ready",
    "plugin_utils/_eso/delivery.py apply",
    "plugin_utils/_eso/handover.py adopt",
    "plugin_utils/_eso/handover.py released",
    "plugin_utils/_eso/leases.py _loose",
    "plugin_utils/_eso/leases.py _stop",
    "plugin_utils/_eso/leases.py dead_leases",
    "plugin_utils/_eso/leases.py renewals",
    "plugin_utils/_eso/manifests.py _unlike",
    "plugin_utils/_eso/manifests.py added",
    "plugin_utils/_eso/names.py _is_in_use",
    "plugin_utils/_eso/objects.py variables",
    "plugin_utils/_eso/render.py render",
    "plugin_utils/_eso/render.py write_files",
    "plugin_utils/_eso/secret_data.py problems_of_keys",
    "plugin_utils/_eso/secret_data.py template_data",
    "plugin_utils/_eso/status.py _seen",
    "plugin_utils/_eso/status.py _try_again",
    "plugin_utils/_eso/status.py cause",
    "plugin_utils/_eso/status.py with_living_leases",
    "plugin_utils/_eso/verify.py _problems",
    "plugin_utils/_events/lease_expiry.py __init__",
    "plugin_utils/_leases/generate.py undone",
    "plugin_utils/_leases/ledger.py _ended",
    "plugin_utils/_leases/modules.py _foresee",
    "plugin_utils/_leases/modules.py _sort",
    "plugin_utils/_leases/modules.py settle",
    "plugin_utils/_leases/recovery.py _found",
    "plugin_utils/_leases/recovery.py candidates",
    "plugin_utils/_leases/run_end_process.py _dead_ones",
    "plugin_utils/_leases/run_end_process.py _ended_by_others",
    "plugin_utils/_leases/run_end_process.py carried_out",
}
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


def complex_functions() -> Iterator[str]:
    for path in FILES:
        visitor = ComplexityVisitor.from_ast(tree_of(path))
        methods = [method for one in visitor.classes for method in one.methods]
        for function in [*visitor.functions, *methods]:
            if function.complexity > LIMIT:
                yield f"{path.relative_to(PLUGINS).as_posix()} {function.name}"


def test_functions_have_few_branches() -> None:
    found = set(complex_functions())
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
