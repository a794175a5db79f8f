# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read static secrets for a lookup, and decide what a missing or forbidden one means."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Callable

from ..module_utils._api.client import Client
from ..module_utils._api.concurrency import check_concurrency, run_concurrently
from ..module_utils._api.errors import StateError, WorkloadCredentialsError
from ..module_utils._api.paths import ResourcePath, check_version, parse_path
from ..module_utils._api.text import one_line
from ..module_utils._change import assumed
from ..module_utils._resources._parts.finding import absence, find
from ..module_utils._resources._parts.view import no_value
from ..module_utils._resources._parts.visibility import RefusedError
from ..module_utils._spec import Options
from ._lookup_base import CONCURRENCY

_LEFT_OUT = object()
_CHOICES = ["error", "warn", "skip"]
# The lookup's options as data; the documentation is checked against it.
OPTIONS: Options = {
    "key": {"type": "str"},
    "version": {"type": "int"},
    "default": {"type": "raw", "may_be_omit": True},
    "on_missing": {
        "type": "str",
        "choices": _CHOICES,
        "default": "error",
        "env": ("WORKLOAD_CREDENTIALS_ON_MISSING",),
    },
    "on_denied": {"type": "str", "choices": _CHOICES, "default": "error", "env": ("WORKLOAD_CREDENTIALS_ON_DENIED",)},
    "concurrency": CONCURRENCY,
}


def read_secrets(
    client: Client, terms: list[str], options: Mapping[str, Any], warn: Callable[[str], None]
) -> list[Any]:
    """Return the values of the secrets at these paths, in order, without those that are left out.

    :arg options: the lookup's ``key``, ``version``, ``default``, ``on_missing``, ``on_denied`` and
        ``concurrency``; and ``in_check_mode``, in which an earlier task may have made what is missing.
    :raises WorkloadCredentialsError: one is missing or forbidden, and the options do not say otherwise.
    """
    check_version(options["version"])
    paths = [parse_path(term, "_terms") for term in terms]
    check_concurrency(options["concurrency"])
    values = run_concurrently(lambda path: _read(client, path, options, warn), paths, options["concurrency"])
    return [value for value in values if value is not _LEFT_OUT]


def _read(client: Client, path: ResourcePath, options: Mapping[str, Any], warn: Callable[[str], None]) -> Any:
    try:
        secret = find(client, "static", path, version=options["version"])
    except RefusedError as error:
        if options["on_denied"] == "error":
            raise
        denied = f"{path}: {error}"
        return _leave_out(lambda: denied, options["on_denied"], warn)
    if secret is None:
        return _missing(lambda: _absence(client, path, options["version"]), options, warn)
    values = secret["secret"]
    if options["key"] is None:
        return dict(values)
    if options["key"] not in values:
        names = one_line(", ".join(sorted(values))) or "none"
        message = f"The static secret {path} has no key {options['key']!r}; its keys: {names}."
        return _missing(lambda: message, options, warn)
    return values[options["key"]]


def _absence(client: Client, path: ResourcePath, version: int | None) -> str:
    """Return a sentence that names the missing part of the path, or the missing version."""
    try:
        if version is not None and find(client, "static", path, "metadata") is not None:
            return f"{path}: this static secret has no version {version}."
        return absence(client, "static", path)
    except WorkloadCredentialsError:
        # A token that may read secrets may not list folders, perhaps.
        return f"{path}: there is no such static secret, or it is deleted."


def _missing(message: Callable[[], str], options: Mapping[str, Any], warn: Callable[[str], None]) -> Any:
    """Return what takes the place of a missing value. The message costs requests: make it only where it is shown."""
    if options["default"] is not None:
        return options["default"]
    if options["on_missing"] == "error" and options["in_check_mode"]:
        warn(assumed(message()))
        return {} if options["key"] is None else no_value(options["key"])
    if options["on_missing"] == "error":
        raise StateError(message())
    return _leave_out(message, options["on_missing"], warn)


def _leave_out(message: Callable[[], str], choice: str, warn: Callable[[str], None]) -> Any:
    if choice == "warn":
        warn(message())
    return _LEFT_OUT
