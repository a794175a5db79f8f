# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each kind of source is described once, and the rest of the role asks its description."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.entries import (
    ENTRY,
    checked_entries,
)
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.source_kinds import SOURCES

ROLE = Path(__file__).parents[5] / "plugins" / "plugin_utils"
FILES = [path for room in ("_cluster", "_eso", "_delivery") for path in sorted((ROLE / room).glob("*.py"))]
GIVEN: dict[str, Any] = {
    "dynamic_secret": "prod/aws",
    "static_secret": "prod/app",
    "sts_session_token": {"region": "eu-central-1"},
    "service_account_token": {"service_account": "deployer"},
}


def names_a_source(node: ast.AST) -> bool:
    return any(isinstance(inner, ast.Constant) and inner.value in SOURCES for inner in ast.walk(node))


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_only_the_description_of_a_source_tells_it_from_others(path: Path) -> None:
    compared = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Compare)]
    assert [node.lineno for node in compared if names_a_source(node)] == []


@pytest.mark.parametrize("name", SOURCES)
def test_an_entry_of_each_kind_is_completed(name: str) -> None:
    (entry,) = checked_entries([{"name": "a", "namespace": "b", name: GIVEN[name]}], "push")
    assert (entry.kind.name, ENTRY[name]) == (name, entry.kind.option)
    assert entry.path


@pytest.mark.parametrize("name", [name for name, kind in SOURCES.items() if not kind.push_only])
def test_the_operator_delivers_what_is_not_for_a_push_alone(name: str) -> None:
    (entry,) = checked_entries([{"name": "a", "namespace": "b", name: GIVEN[name]}], "external_secret")
    assert not entry.is_pushed
