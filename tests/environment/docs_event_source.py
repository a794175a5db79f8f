# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page of an event source, for which antsibull-docs has none."""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml
from antsibull_docs_parser.parser import Context, parse
from antsibull_docs_parser.rst import to_rst_plain


def event_source_page(name: str, path: Path) -> str:
    """Return the page of the event source ``name``, as reStructuredText.

    :arg path: of its file, with DOCUMENTATION and EXAMPLES.
    """
    texts = _texts(path)
    documentation: Mapping[str, Any] = yaml.safe_load(texts["DOCUMENTATION"])
    title = f"{name} event source -- {documentation['short_description']}"
    options = "\n\n".join(_option(option, said) for option, said in documentation["options"].items())
    parts = (
        f"{title}\n{'+' * len(title)}",
        "\n\n".join(_paragraphs(documentation["description"])),
        f"Options\n-------\n\n{options}",
        "Notes\n-----\n\n" + "\n".join(f"- {_marked_up(note)}" for note in documentation["notes"]),
        "Example\n-------\n\n.. code-block:: yaml+jinja\n\n" + textwrap.indent(texts["EXAMPLES"].strip(), "    "),
    )
    return "\n\n".join(parts) + "\n"


def _texts(path: Path) -> dict[str, str]:
    """Return the texts that a module assigns to names."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {
        statement.targets[0].id: statement.value.value
        for statement in tree.body
        if isinstance(statement, ast.Assign)
        and isinstance(statement.targets[0], ast.Name)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    }


def _option(name: str, said: Mapping[str, Any]) -> str:
    kind = f"list of {said['elements']}" if said.get("elements") else said["type"]
    default = f", default {said['default']}" if "default" in said else ""
    text = "\n\n".join(_paragraphs(said["description"]))
    return f"``{name}`` ({kind}{default})\n{textwrap.indent(text, '    ')}"


def _paragraphs(texts: str | Iterable[str]) -> list[str]:
    return [_marked_up(text) for text in ([texts] if isinstance(texts, str) else texts)]


def _marked_up(text: str) -> str:
    return to_rst_plain(parse(text, Context()))
