# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values of options: whether one is set, where it comes from, and its type."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from .errors import OptionError

BYTE_ORDER_MARK = "\ufeff"
_YES = ("1", "y", "yes", "t", "true", "on")
_NO = ("0", "n", "no", "f", "false", "off")
_WHOLE_NUMBER = re.compile(r"[+-]?[0-9]{1,18}(\.0+)?")
# How ansible-core before 2.19 writes an omitted value.
_OMITTED = "__omit_place_holder__"
_SHOWN = 60


class Given(NamedTuple):
    """A value, and a description of the place where it was set."""

    value: Any
    origin: str


def is_set(value: Any) -> bool:
    """Return whether a value counts: AWX and CI systems set empty variables that mean nothing."""
    if is_omitted(value):
        return False
    return bool(stripped(value)) if isinstance(value, str) else value is not None


def is_omitted(value: Any) -> bool:
    """Return whether the value is Ansible's ``omit``."""
    # ansible-core has no public name for the type of an omitted value.
    return value.startswith(_OMITTED) if isinstance(value, str) else type(value).__name__ == "_OmitType"


def stripped(text: str) -> str:
    """Return the text without white space and byte order marks around it."""
    return text.strip().strip(BYTE_ORDER_MARK).strip()


def from_environment(
    option: str, entry: Mapping[str, Any], environment: Mapping[str, str], place: str = "the environment variable"
) -> Given | None:
    """Return the value of the option's first environment variable that is set; None: none is set.

    :arg entry: of the option, whose ``env`` names the variables; one with "!" means the opposite.
    :arg environment: such as ``os.environ``.
    :raises OptionError: a negated variable is neither yes nor no.
    """
    for name in entry.get("env", ()):
        variable = name.lstrip("!")
        if is_set(environment.get(variable)):
            given = Given(environment[variable], f"{place} {variable}")
            return Given(not typed(option, entry, given), given.origin) if name.startswith("!") else given
    return None


def typed(option: str, entry: Mapping[str, Any], given: Given) -> Any:
    """Return the value in the option's type.

    :arg entry: of the option, with ``type`` and perhaps ``choices``, as in Ansible's argument spec.
    :raises OptionError: it has another type or is not one of the choices; the message names its origin and no secret.
    """
    convert, wanted = _TYPES[entry["type"]]
    value = convert(given.value)
    if value is not None and value in entry.get("choices", (value,)):
        return value
    if value is not None:
        wanted = f"not one of {', '.join(entry['choices'])}"
    subject = "the value" if entry.get("no_log") else shown(given.value)
    raise OptionError(option, with_origin(f"{subject} is {wanted}.", given.origin))


def shown(value: Any) -> str:
    """Return a value that is not secret as one short line."""
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


def with_origin(problem: str, origin: str) -> str:
    """Return the sentence with the place where its option was set, unless it names the place already."""
    place = f"(from {origin})"
    return problem if place in problem else f"{problem.rstrip('.')} {place}."


def _switch(value: Any) -> bool | None:
    # A typing error must never turn off a check, so only clear values count.
    text = str(int(value) if isinstance(value, float) and value.is_integer() else value).strip().lower()
    if text in _YES or text in _NO:
        return text in _YES
    return None


def _number(value: Any) -> int | None:
    if isinstance(value, bool):
        return None
    text = str(value).strip()
    return int(text.partition(".")[0]) if _WHOLE_NUMBER.fullmatch(text) else None


def _text(value: Any) -> str | None:
    is_text = isinstance(value, (str, int, float)) and not isinstance(value, bool)
    return str(value) if is_text else None


def _list(value: Any) -> list[Any] | None:
    if isinstance(value, str):
        return [part.strip() for part in value.split(",")]
    return value if isinstance(value, list) else None


def _dictionary(value: Any) -> dict[str, Any] | None:
    return dict(value) if isinstance(value, Mapping) else None


# By an option's type: the conversion, which returns None for a wrong value, and how a message describes that value.
_TYPES: Mapping[str, tuple[Callable[[Any], Any], str]] = {
    "bool": (_switch, "neither yes nor no"),
    "int": (_number, "not a whole number"),
    "str": (_text, "not text"),
    "path": (_text, "not a path"),
    "list": (_list, "not a list"),
    "dict": (_dictionary, "not a dictionary"),
    "raw": (lambda value: value, ""),
}
