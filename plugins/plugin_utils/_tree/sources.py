# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The YAML files of a tree, vaulted ones too: their data, and the line of each object for messages.

Nothing in them is a template: a file that somebody proposes for review must not run a lookup on the machine that
plans it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from ansible.errors import AnsibleError

from ...module_utils._api.errors import OptionError
from ...module_utils._api.text import one_line
from .._core_internals import text_of_file
from .._worker import plain

_SUFFIXES = (".yml", ".yaml")
# The parser in C, if PyYAML has it.
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TEMPLATE = "{{"
# What YAML may take a path for that has no quotes.
_OTHER_TAGS = tuple(f"tag:yaml.org,2002:{kind}" for kind in ("bool", "null", "int", "float"))


def documents(loader: Any, source: str) -> list[dict[str, Any]]:
    """Return the content of each file: ``sections``, ``lines`` by section and path, ``warnings``, and what is wrong.

    :arg loader: Ansible's, which knows the vault's passwords.
    :arg source: a file, or a folder of them.
    :raises OptionError: there is no file, or one cannot be read; the message repeats nothing of it.
    """
    top = Path(source)
    if not top.is_dir():
        return [_document(loader, top, top.name)]
    paths = [path for path in sorted(top.rglob("*")) if path.suffix in _SUFFIXES and path.is_file()]
    visible = [path for path in paths if "/." not in f"/{path.relative_to(top).as_posix()}"]
    if not visible:
        raise OptionError("src", f"the folder {source} has no YAML file ({' or '.join(_SUFFIXES)}).")
    return [_document(loader, path, path.relative_to(top).as_posix()) for path in visible]


def _document(loader: Any, path: Path, name: str) -> dict[str, Any]:
    """Return the content of one file.

    :arg name: for messages.
    """
    try:
        text = text_of_file(loader, str(path))
        node = yaml.compose(text, Loader=_LOADER)
        # Warnings, such as of a key that stands there twice, would show the lines around it.
        data = loader.load(text, file_name=str(path), show_content=False)
    except (AnsibleError, yaml.YAMLError, OSError, UnicodeDecodeError) as error:
        raise OptionError("src", f"{name} cannot be read: {_cause(error)}") from None
    if not isinstance(data, Mapping):
        what = "it is empty" if data is None else "it is no mapping of sections, such as static_secrets"
        raise OptionError("src", f"{name} holds no tree: {what}.")
    lines, twice = _lines(node)
    try:
        sections = plain(data)
    except AnsibleError as error:
        raise OptionError("src", f"a vaulted value in {name} cannot be read: {_cause(error)}") from None
    return {
        "file": name,
        "sections": sections,
        "lines": lines,
        "twice": twice,
        "no_text": [*_no_text(node)],
        "warnings": _warnings(name, sections),
    }


def _cause(error: Exception) -> str:
    """Return why a file cannot be read, without anything of its content."""
    mark = getattr(error, "problem_mark", None)
    if isinstance(error, yaml.YAMLError) and mark is not None:
        return f"line {mark.line + 1}, column {mark.column + 1} is no YAML."
    if isinstance(error, (yaml.YAMLError, UnicodeDecodeError)):
        return "it is no YAML."
    if isinstance(error, OSError):
        return f"{error.strerror}."
    words = one_line(str(error), 300)
    return "the vault's password is missing or wrong." if "ault" in words or "ecrypt" in words else "it is no YAML."


def _lines(top: Any) -> tuple[dict[str, dict[str, int]], list[dict[str, Any]]]:
    """Return the line of each section ("") and each object in it, and what stands there twice."""
    lines: dict[str, dict[str, int]] = {}
    twice: list[dict[str, Any]] = []
    for section, line, inner in _entries(top):
        if section in lines:
            twice.append({"section": section, "path": "", "lines": [lines[section][""], line]})
        own = lines.setdefault(section, {"": line})
        for path, its_line, _inner in _entries(inner):
            if path in own:
                twice.append({"section": section, "path": path, "lines": [own[path], its_line]})
            own.setdefault(path, its_line)
    return lines, twice


def _no_text(top: Any) -> Iterator[dict[str, Any]]:
    """Yield each path that YAML takes for something else, such as ``on`` for true."""
    for section, _line, inner in _entries(top):
        for key, _value in inner.value if isinstance(inner, yaml.MappingNode) else ():
            if key.tag not in _OTHER_TAGS:
                continue
            taken = plain({yaml.safe_load(yaml.serialize(key)): None})
            (text,) = taken
            if key.value != text:
                line = key.start_mark.line + 1
                yield {"section": section, "path": key.value, "taken": text, "line": line}


def _entries(node: Any) -> Iterator[tuple[str, int, Any]]:
    """Yield key, line and value of a mapping's entries."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode):
                yield key.value, key.start_mark.line + 1, value


def _warnings(name: str, sections: Mapping[str, Any]) -> list[str]:
    """Return a warning if something looks like a template, since files of a tree are none."""
    found = [
        f"{section} {path}"
        for section, objects in sections.items()
        if isinstance(objects, Mapping)
        for path, value in objects.items()
        if _has_template(value)
    ]
    if not found:
        return []
    some = ", ".join(found[:3]) + (", ..." if len(found) > 3 else "")
    return [f"src: {name} has {_TEMPLATE} in {some}, which is taken as it is: files of a tree are no templates."]


def _has_template(value: Any) -> bool:
    if isinstance(value, str):
        return _TEMPLATE in value
    if isinstance(value, Mapping):
        return any(map(_has_template, value.values()))
    return isinstance(value, list) and any(map(_has_template, value))
