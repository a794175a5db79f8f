# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Resolve options: the nearest source that sets an option counts, for modules, lookups and the role alike."""

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
from ..module_utils._api.settings import Settings
from ..module_utils._api.text import is_pem
from ..module_utils._spec import CONNECTION, Options
from ..module_utils._sts.options import IDENTITY
from ._core_internals import asks_for_omission
from ._worker import plain

SECTION = "workload_credentials"
# Options for one purpose: the nearest source that sets any of them sets them all.
TOKEN_OPTIONS = ("access_token", "access_token_file")
ADMIN_TOKEN_OPTIONS = ("admin_access_token", "admin_access_token_file")
_TOGETHER = (TOKEN_OPTIONS, ADMIN_TOKEN_OPTIONS, IDENTITY)
# How messages name the source of an environment variable of the run.
ENVIRONMENT = "the environment variable"
_FILES = ("access_token_file", "admin_access_token_file", "ca_cert", "journal_dir")

# Returns an option's value, or None where the source does not set it; the second argument is the option's entry.
OptionSource = Callable[[str, Mapping[str, Any]], "Given | None"]


@dataclass(frozen=True)
class Resolved:
    """The values of the options that some source sets, and where each was set."""

    values: Mapping[str, Any]
    origins: Mapping[str, str]

    def with_defaults(self, options: Options) -> dict[str, Any]:
        """Return a value for each of the options; None where there is no default either."""
        return {name: self.values.get(name, entry.get("default")) for name, entry in options.items()}

    def located(self, message: str) -> str:
        """Return an error's text with the place where its option was set."""
        origin = self.origins.get(message.partition(": ")[0])
        return with_origin(message, origin) if origin else message


def resolve(options: Options, sources: Sequence[OptionSource]) -> Resolved:
    """Return the value of each option from the nearest source that sets it.

    :arg sources: nearest first.
    :raises OptionError: a value has a wrong type or is none of the choices; the text names option and source.
    """
    values: dict[str, Any] = {}
    origins: dict[str, str] = {}
    for names in _together(options):
        for name, given in _nearest(names, options, sources).items():
            values[name] = typed(name, options[name], given)
            origins[name] = given.origin
    return Resolved(values, origins)


def settings_of(resolved: Resolved, *without: str) -> Settings:
    """Return the connection options among the resolved ones as settings.

    :arg without: options to leave out.
    :raises OptionError: something is missing or unusable; the text names option and source.
    """
    values = resolved.with_defaults(CONNECTION)
    for name in without:
        values[name] = CONNECTION[name].get("default")
    try:
        return Settings.from_parameters(values)
    except OptionError as error:
        problem = resolved.located(str(error)).partition(": ")[2]
        raise OptionError(error.option, problem) from None


def refuse_unknown(given: Iterable[str], options: Options) -> None:
    """Check that no option is misspelt, before anything is done: Ansible lets a lookup have any.

    :raises OptionError: one is misspelt; the text names the nearest that exists.
    """
    for name in sorted(set(given) - options.keys()):
        near = difflib.get_close_matches(name, options, n=1, cutoff=0)
        advice = f"did you mean {near[0]}?" if near else ""
        raise OptionError(name, f"there is no such option; {advice}")


def _together(options: Options) -> Iterator[tuple[str, ...]]:
    """Yield the options in groups, each of which one source sets as a whole."""
    for name in options:
        group = _group_of(name)
        if name == group[0]:
            yield group


def _group_of(name: str) -> tuple[str, ...]:
    for group in _TOGETHER:
        if name in group:
            return group
    return (name,)


def _nearest(names: Sequence[str], options: Options, sources: Sequence[OptionSource]) -> dict[str, Given]:
    for source in sources:
        values: dict[str, Given] = {}
        for name in names:
            given = source(name, options[name])
            if given is not None:
                values[name] = given
        if values:
            return values
    return {}


def arguments(given: Mapping[str, Any], place: str) -> OptionSource:
    """Return the source of the arguments that a task or lookup is called with.

    :arg place: how messages name it, such as "the task".
    """

    def source(name: str, entry: Mapping[str, Any]) -> Given | None:
        value = given.get(name)
        if is_omitted(value):
            # As a lookup's result, omit leaves out the argument that the result is for.
            return Given(value, place) if entry.get("may_be_omit") else None
        # An empty text is a value of an option that takes anything.
        counts = is_set(value) or (value == "" and entry["type"] == "raw")
        return Given(plain(value), place) if counts else None

    return source


def play_variables(variables: Mapping[str, Any], templar: Any) -> OptionSource:
    """Return the source of the play's variables, which may be templates."""

    def source(name: str, entry: Mapping[str, Any]) -> Given | None:
        variable = f"workload_credentials_{name}"
        if "env" not in entry or not is_set(variables.get(variable)):
            return None
        origin = f"the variable {variable}"
        try:
            value = _evaluated(variables[variable], templar)
        except _Unevaluated as error:
            # The reason could show the template of a secret.
            reason = "it does not work" if entry.get("no_log") else str(error)
            raise OptionError(name, with_origin(f"its template cannot be evaluated: {reason}", origin)) from None
        return Given(plain(value), origin) if is_set(value) else None

    return source


def environment(variables: Mapping[str, str], place: str = ENVIRONMENT) -> OptionSource:
    """Return the source of environment variables.

    :arg place: whose they are, in words before a variable's name.
    """

    def source(name: str, entry: Mapping[str, Any]) -> Given | None:
        return from_environment(name, entry, variables, place)

    return source


def ini(name: str, entry: Mapping[str, Any]) -> Given | None:
    """Read an option from the section of the ini file that Ansible itself was configured with."""
    file = constants.CONFIG_FILE
    if "env" not in entry or not file:
        return None
    # Ansible strips the quotes of a value too.
    value = unquote(_section(str(file)).get(name) or "")
    if not is_set(value):
        return None
    if name in _FILES and not is_pem(value):
        value = os.path.join(os.path.dirname(file), os.path.expanduser(value))
    return Given(value, f"{name} in the ini section [{SECTION}] of {file}")


@functools.lru_cache(maxsize=1)
def _section(file: str) -> Mapping[str, str]:
    # Parse it as Ansible does, which offers collections no way to read a section of their own.
    parser = configparser.RawConfigParser(inline_comment_prefixes=(";",))
    try:
        parser.read(file, encoding="utf-8-sig")
    except (configparser.Error, UnicodeDecodeError):
        raise WorkloadCredentialsError(f"The ini file {file} cannot be read: it is not an ini file in UTF-8.") from None
    return dict(parser[SECTION]) if SECTION in parser else {}


class _Unevaluated(Exception):
    """A template has no value; the text says why."""


def _evaluated(value: Any, templar: Any) -> Any:
    """Return the template's value; None: it is ``omit``.

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
