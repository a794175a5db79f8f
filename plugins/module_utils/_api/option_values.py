# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an option's value is: whether it is set, where it comes from, and of which type it is."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from .errors import OptionError

BYTE_ORDER_MARK = "\ufeff"
_YES = ("1", "y", "yes", "t", "true", "on")
_NO = ("0", "n", "no", "f", "false", "off")
_WHOLE_NUMBER = re.compile(r"[+-]?[0-9]{1,18}(\.0+)?")
# How ansible-core before 2.19 writes a value that was left out.
_OMITTED = "__omit_place_holder__"
_SHOWN = 60


class Given(NamedTuple):
    """A value, and the place where it was set, in words."""

    value: Any
    origin: str


def is_set(value: Any) -> bool:
    """Whether a value counts: AWX and CI set empty variables all the time, and mean nothing by it."""
    if is_omitted(value):
        return False
    return bool(stripped(value)) if isinstance(value, str) else value is not None


def is_omitted(value: Any) -> bool:
    """Whether it is Ansible's ``omit``."""
    # The name is that of ansible-core's own mark for what was left out; it cannot be imported from a public place.
    return value.startswith(_OMITTED) if isinstance(value, str) else type(value).__name__ == "_OmitType"


def stripped(text: str) -> str:
    """The text without white space and byte order marks around it."""
    return text.strip().strip(BYTE_ORDER_MARK).strip()


def from_environment(
    option: str, entry: Mapping[str, Any], environment: Mapping[str, str], place: str = "the environment variable"
) -> Given | None:
    """What the first of the option's environment variables says that is set to something; None: none is.

    :arg entry: the option's, whose ``env`` names the variables; one with "!" means the opposite.
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
    """The value in the option's type.

    :arg entry: the option's, with ``type`` and perhaps ``choices``, as in Ansible's argument spec.
    :raises OptionError: it is of another type, or none of the choices; the text names its origin and no secret.
    """
    convert, wanted = _TYPES[entry["type"]]
    value = convert(given.value)
    if value is not None and value in entry.get("choices", (value,)):
        return value
    if value is not None:
        wanted = f"not one of {', '.join(entry['choices'])}"
    said = "the value" if entry.get("no_log") else shown(given.value)
    raise OptionError(option, with_origin(f"{said} is {wanted}.", given.origin))


def shown(value: Any) -> str:
    """A value that is no secret, as one short line."""
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


def with_origin(problem: str, origin: str) -> str:
    """The sentence, with the place where its option was set, once."""
    place = f"(from {origin})"
    return problem if place in problem else f"{problem.rstrip('.')} {place}."


def _switch(value: Any) -> bool | None:
    # A check must never be turned off by a slip, so only what is clear counts.
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


# By an option's type: the conversion, None where it cannot be made, and what the value is then said to be.
_TYPES: Mapping[str, tuple[Callable[[Any], Any], str]] = {
    "bool": (_switch, "neither yes nor no"),
    "int": (_number, "not a whole number"),
    "str": (_text, "not a text"),
    "path": (_text, "not a path"),
    "list": (_list, "not a list"),
    "dict": (_dictionary, "not a dictionary"),
    "raw": (lambda value: value, ""),
}
