# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The content of a file on a host: credentials quoted so that the programs that read the file get each value.

The readers of files with variables disagree, so there is a format for each pair that can agree:

- ``env_file``: ``docker run --env-file`` takes every character as it is, and knows no quotes. systemd's
  ``EnvironmentFile=`` reads a value without quotes in the same way, but for a few characters.
- ``dotenv``: a shell's ``source`` needs quotes. systemd reads the same quotes, and takes back the same escapes.

What a format cannot express is refused, with the name of the key: a wrong value would be found out late.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from ...module_utils._api.errors import OptionError
from ...module_utils._api.text import one_line
from ...module_utils._credentials.formats import RAW, Formats

# Of variables, for shells and systemd.
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_INI_KEY = re.compile(r"[^\s=:\[#;]([^=:\n\r]*[^\s=:])?")
# systemd refuses control characters in variables, but for these two.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
# In double quotes a shell and systemd take a backslash before these alone as an escape.
_ESCAPED = re.compile(r'(["\\$`])')
_SPACE = " \t\r\n"


class _InexpressibleError(Exception):
    """A format cannot express the value; the text says why, and what can."""


def _dotenv(value: str) -> str:
    _check_for_systemd(value)
    return '"' + _ESCAPED.sub(r"\\\1", value) + '"'


def _env_file(value: str) -> str:
    _check_for_systemd(value)
    if "\n" in value:
        raise _InexpressibleError("it has several lines, which docker's env-file cannot hold; format=dotenv can")
    if "\\" in value:
        raise _InexpressibleError("docker keeps a backslash and systemd does not; format=dotenv can hold it")
    if value != value.strip(_SPACE) or value[:1] in ("'", '"'):
        raise _InexpressibleError(
            "docker and systemd read spaces at its ends, and a quote at its beginning, differently; format=dotenv can "
            "hold them"
        )
    return value


def _check_for_systemd(value: str) -> None:
    if _CONTROL.search(value):
        raise _InexpressibleError("it has a control character, which systemd refuses; format=json can hold it")


def _ini(value: str) -> str:
    if _CONTROL.search(value) or "\n" in value:
        raise _InexpressibleError(
            "a value of an INI file is one line without control characters; format=json can hold it"
        )
    if value != value.strip() or value[:1] in ("'", '"', "#", ";"):
        raise _InexpressibleError(
            "readers of INI files disagree about spaces at its ends and about a quote, # or ; at its beginning; "
            "format=json can hold them"
        )
    return value


@dataclass(frozen=True)
class _Lines:
    """A format with one line for each key.

    :arg quoted: returns a value as the readers of the format expect it.
    :arg key: what a key has to look like.
    :arg head: stands before all lines.
    :arg separator: stands between key and value.
    """

    quoted: Callable[[str], str]
    key: re.Pattern[str]
    head: str = ""
    separator: str = "="

    def text(self, values: Mapping[str, Any], name: str) -> str:
        """Return the file's text.

        :raises OptionError: the format cannot express a key or a value.
        """
        lines = [self.head]
        for key, value in values.items():
            if not self.key.fullmatch(key):
                raise OptionError("format", f"{name} cannot name {one_line(key, 100)!r}: give it a name with keys.")
            try:
                lines.append(f"{key}{self.separator}{self.quoted(_text_of(value))}\n")
            except _InexpressibleError as problem:
                raise OptionError("format", f"{name} cannot express the value of {key}: {problem}.") from None
        return "".join(lines)


def _text_of(value: Any) -> str:
    """Return a value as text; what is no text is written as JSON, as in a pushed Secret."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _json(values: Mapping[str, Any], _name: str) -> str:
    return json.dumps(values, indent=2, ensure_ascii=False) + "\n"


def _yaml(values: Mapping[str, Any], _name: str) -> str:
    # ansible-core brings it; few tasks need it.
    import yaml

    # With every character as it is, the library would write some line ends that it then reads as spaces.
    text: str = yaml.safe_dump(dict(values), default_flow_style=False, allow_unicode=False, sort_keys=False)
    return text


_LINES = {
    "env_file": _Lines(_env_file, _VARIABLE),
    "dotenv": _Lines(_dotenv, _VARIABLE),
    "ini": _Lines(_ini, _INI_KEY, "[default]\n", " = "),
}
# What can be written of any credentials, by the name of the format.
_WRITERS: Mapping[str, Callable[[Mapping[str, Any], str], str]] = MappingProxyType(
    {"json": _json, "yaml": _yaml, RAW: _json, **{name: lines.text for name, lines in _LINES.items()}}
)
# One text, which the credentials have under the same name.
ONE_TEXT = ("token", "kubeconfig")
_VARIABLES = ("env_file", "dotenv")
FILE_FORMATS = (*(name for name in _WRITERS if name != RAW), *ONE_TEXT)


def names_of(formats: Formats) -> tuple[str, ...]:
    """Return the names of the formats of a file with credentials of one kind."""
    return tuple(dict.fromkeys([*formats.names, *FILE_FORMATS]))


def content_of(
    values: Mapping[str, Any], formats: Formats, name: str, keys: Mapping[str, str] | None, source: str
) -> tuple[str, list[str]]:
    """Return the file's text, and the names of what is in it.

    :arg values: the credentials.
    :arg formats: of their kind.
    :arg keys: the key of the credentials for each name in the file; None: they follow from the format.
    :raises OptionError: they have no such key, or the format cannot express one; no value is in the text.
    """
    if name in ONE_TEXT:
        return _one_text(values, name, keys, source)
    if name in formats.texts:
        return str(formats.formatted(values, name, source)), list(formats.fields_of(name))
    chosen = _chosen(values, formats, name, keys, source)
    for key, value in chosen.items():
        if _SURROGATE.search(json.dumps(value, ensure_ascii=False)):
            raise OptionError("format", f"{name} cannot express the value of {key}: it is no valid Unicode.")
    return _WRITERS.get(name, _LINES["env_file"].text)(chosen, name), list(chosen)


def _chosen(
    values: Mapping[str, Any], formats: Formats, name: str, keys: Mapping[str, str] | None, source: str
) -> dict[str, Any]:
    """Return the values by their names in the file."""
    if keys:
        return {target: _value(values, key, source) for target, key in keys.items()}
    if name in formats.environments:
        return dict(formats.formatted(values, name, source))
    if name in _VARIABLES:
        for environment in formats.environments.values():
            if set(environment.values()) <= values.keys():
                # The names of the provider's own tools, which come first.
                return {variable: values[key] for variable, key in environment.items()}
    return dict(formats.formatted(values, RAW, source))


def _one_text(
    values: Mapping[str, Any], name: str, keys: Mapping[str, str] | None, source: str
) -> tuple[str, list[str]]:
    if keys and len(keys) != 1:
        raise OptionError("keys", f"format={name} is one text, so keys names one key.")
    key = next(iter((keys or {name: name}).values()))
    value = _value(values, key, source)
    if not isinstance(value, str) or _SURROGATE.search(value):
        raise OptionError("format", f"{name} cannot express the value of {one_line(key, 100)}: it is no text.")
    return value, [key]


def _value(values: Mapping[str, Any], key: str, source: str) -> Any:
    if key not in values:
        there = one_line(", ".join(sorted(values)))
        raise OptionError("keys", f"the credentials of {source} have no {one_line(key, 100)!r}; they have {there}.")
    return values[key]
