# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one resolver: for each option the nearest source that sets it, for modules, lookups and role alike.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

import configparser
import difflib
import functools
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible import constants
from ansible.errors import AnsibleUndefinedVariable
from ansible.parsing.quoting import unquote

from ..module_utils._api.errors import OptionError, WorkloadCredentialsError
from ..module_utils._api.option_values import Given, from_environment, is_omitted, is_set, typed, with_origin
from ..module_utils._api.text import is_pem
from ..module_utils._spec import Options
from ..module_utils._sts.options import IDENTITY
from ._core_internals import asks_for_omission
from ._worker import plain

SECTION = "workload_credentials"
# Two ways to say one thing: the nearest source that says either counts.
TOKEN_OPTIONS = ("access_token", "access_token_file")
_TOGETHER = (TOKEN_OPTIONS, IDENTITY)
# Where an environment variable of the run comes from.
ENVIRONMENT = "the environment variable"
_FILES = ("access_token_file", "ca_cert", "journal_dir")

# What a source says of an option, or None; the second argument is the option's entry.
OptionSource = Callable[[str, Mapping[str, Any]], "Given | None"]


@dataclass(frozen=True)
class Resolved:
    """The options that some source sets, in their types, and where each was set."""

    values: Mapping[str, Any]
    origins: Mapping[str, str]

    def with_defaults(self, options: Options) -> dict[str, Any]:
        """A value for each of the options; None where there is no default either."""
        return {name: self.values.get(name, entry.get("default")) for name, entry in options.items()}

    def told(self, message: str) -> str:
        """An error's text, with the place where the option was set that it is about."""
        origin = self.origins.get(message.partition(": ")[0])
        return with_origin(message, origin) if origin else message


def resolve(options: Options, sources: Sequence[OptionSource]) -> Resolved:
    """What the nearest source says of each option.

    :arg sources: nearest first.
    :raises OptionError: a value is of a wrong type or none of the choices; it names option and source.
    """
    values: dict[str, Any] = {}
    origins: dict[str, str] = {}
    for names in _together(options):
        for name, given in _nearest(names, options, sources).items():
            values[name] = typed(name, options[name], given)
            origins[name] = given.origin
    return Resolved(values, origins)


def refuse_unknown(given: Iterable[str], options: Options) -> None:
    """See that no option is misspelt, before anything is done: Ansible lets a lookup have any.

    :raises OptionError: one is; the text names the nearest that exists.
    """
    for name in sorted(set(given) - options.keys()):
        near = difflib.get_close_matches(name, options, n=1, cutoff=0)
        advice = f"did you mean {near[0]}?" if near else ""
        raise OptionError(name, f"there is no such option; {advice}")


def _together(options: Options) -> Iterator[tuple[str, ...]]:
    """The options in groups, of each of which the same source must count."""
    for name in options:
        group = next((one for one in _TOGETHER if name in one), (name,))
        if name == group[0]:
            yield group


def _nearest(names: Sequence[str], options: Options, sources: Sequence[OptionSource]) -> dict[str, Given]:
    for source in sources:
        found = {name: source(name, options[name]) for name in names}
        given = {name: one for name, one in found.items() if one is not None}
        if given:
            return given
    return {}


def arguments(given: Mapping[str, Any], place: str) -> OptionSource:
    """What a task or lookup is called with.

    :arg place: what it is, such as "the task".
    """

    def source(name: str, entry: Mapping[str, Any]) -> Given | None:
        value = given.get(name)
        if is_omitted(value):
            # Where it is a result, it leaves out what the result is for.
            return Given(value, place) if entry.get("may_be_omit") else None
        # Any text is a value to an option that takes anything.
        counts = is_set(value) or (value == "" and entry["type"] == "raw")
        return Given(plain(value), place) if counts else None

    return source


def play_variables(found: Mapping[str, Any], templar: Any) -> OptionSource:
    """The play's variables, as the templates that they are."""

    def source(name: str, entry: Mapping[str, Any]) -> Given | None:
        variable = f"workload_credentials_{name}"
        if "env" not in entry or not is_set(found.get(variable)):
            return None
        origin = f"the variable {variable}"
        try:
            value = _evaluated(found[variable], templar)
        except _Unevaluated as error:
            # A template of a secret could be shown in the reason.
            reason = "it does not work" if entry.get("no_log") else str(error)
            raise OptionError(name, with_origin(f"its template cannot be evaluated: {reason}", origin)) from None
        return Given(plain(value), origin) if is_set(value) else None

    return source


def environment(found: Mapping[str, str], place: str = ENVIRONMENT) -> OptionSource:
    """Environment variables.

    :arg place: whose they are, in words that come before a variable's name.
    """

    def source(name: str, entry: Mapping[str, Any]) -> Given | None:
        return from_environment(name, entry, found, place)

    return source


def ini(name: str, entry: Mapping[str, Any]) -> Given | None:
    """The section of the ini file that Ansible itself was configured with."""
    file = constants.CONFIG_FILE
    if "env" not in entry or not file:
        return None
    # Ansible takes the quotes off a value, too.
    value = unquote(_section(str(file)).get(name) or "")
    if not is_set(value):
        return None
    if name in _FILES and not is_pem(value):
        value = os.path.join(os.path.dirname(file), os.path.expanduser(value))
    return Given(value, f"{name} in the ini section [{SECTION}] of {file}")


@functools.lru_cache(maxsize=1)
def _section(file: str) -> Mapping[str, str]:
    # As Ansible reads it, which has no public way to ask for a section of a collection's own.
    parser = configparser.RawConfigParser(inline_comment_prefixes=(";",))
    try:
        parser.read(file, encoding="utf-8-sig")
    except (configparser.Error, UnicodeDecodeError):
        raise WorkloadCredentialsError(f"The ini file {file} cannot be read: it is no ini file in UTF-8.") from None
    return dict(parser[SECTION]) if SECTION in parser else {}


class _Unevaluated(Exception):
    """A template has no value; the text says why."""


def _evaluated(value: Any, templar: Any) -> Any:
    """The template's value; None: it asks to be left out.

    :raises _Unevaluated: it has none.
    """
    if templar is None:
        return value
    try:
        return templar.template(value)
    except AnsibleUndefinedVariable as error:
        raise _Unevaluated(" ".join(str(error).split())) from None
    except Exception as error:  # pylint: disable=broad-exception-caught
        if asks_for_omission(error):
            return None
        raise _Unevaluated(f"{type(error).__name__}") from None
