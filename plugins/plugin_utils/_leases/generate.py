# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Generate on read: from a lookup's sources to credentials, with the fewest leases."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ...module_utils._api.concurrency import check_concurrency, gather_attempts
from ...module_utils._api.errors import OptionError, StateError, WorkloadCredentialsError
from ...module_utils._api.text import one_line
from ...module_utils._api.times import seconds_left, written
from ...module_utils._credentials.formats import RAW, Formats
from ...module_utils._credentials.lease import Credentials, Lease
from ...module_utils._credentials.source import Origin, Source
from ...module_utils._resources._parts.leases import Ended, named
from ...module_utils._spec import JOURNAL, Options
from .._core_internals import run_folder
from .._lookup_base import CONCURRENCY
from .._worker import defer_signals
from .lease_store import LeaseStore, MintedLeases

_EXPIRATION, _SECONDS_LEFT = "expiration", "seconds_left"
# Options of each lookup that mints.
_SHARED: Options = {
    "key": {"type": "str"},
    "reuse": {
        "type": "str",
        "choices": ["host", "run", "never"],
        "default": "host",
        "env": ("WORKLOAD_CREDENTIALS_REUSE",),
    },
    "min_ttl": {"type": "int", "default": 300, "env": ("WORKLOAD_CREDENTIALS_MIN_TTL",)},
    "check_mode": {
        "type": "str",
        "choices": ["placeholder", "generate", "error"],
        "default": "placeholder",
        "env": ("WORKLOAD_CREDENTIALS_CHECK_MODE",),
    },
    "concurrency": CONCURRENCY,
}
# Options of those whose leases can be ended.
_ENDING: Options = {"outlives_run": {"type": "bool", "default": False}, **JOURNAL}


def options_for(forms: Formats, *format_env: str, ends: bool = True) -> Options:
    """Return the options of a lookup that generates on read.

    :arg format_env: environment variables of its ``format``.
    :arg ends: whether what it mints can be ended.
    """
    choice: dict[str, Any] = {"type": "str", "choices": list(forms.names), "default": RAW}
    if format_env:
        choice["env"] = format_env
    options = {**_SHARED, **_ENDING} if ends else _SHARED
    return {**options, "format": choice}


def generate_on_read(
    sources: Sequence[Source],
    origin: Origin,
    forms: Formats,
    options: Mapping[str, Any],
    variables: Mapping[str, Any],
    warn: Callable[[str], None],
) -> list[Any]:
    """Return credentials of the sources, in their order.

    :arg origin: where they all mint.
    :arg options: the lookup's, as ``options_for`` has them; ``min_ttl`` is in seconds, and ``check_mode`` is
        ``generate`` also where there is no check mode.
    :arg variables: the task's, for the host's name.
    :raises WorkloadCredentialsError: one of them failed; the others' leases stay in the store.
    """
    _check(options, forms)
    reading = _Reading(origin, options, variables, warn)

    def read(source: Source) -> Any:
        if is_interrupted():
            raise StateError(f"{source.identity}: the run was interrupted before it requested credentials.")
        credentials = reading.credentials(source)
        return _field(forms.formatted(credentials.values, options["format"], source.identity), options, source)

    # A worker that is killed while it asks could not say which lease it got.
    with defer_signals() as is_interrupted:
        answers = gather_attempts(read, sources, options["concurrency"])
    errors = [str(answer) for answer in answers if isinstance(answer, WorkloadCredentialsError)]
    if errors:
        # Each may name leases of its own; sentences that are alike appear once.
        raise StateError(" ".join([*dict.fromkeys(errors), *reading.undo()]))
    return answers


def _check(options: Mapping[str, Any], forms: Formats) -> None:
    """Check that the options go together, before anything is minted.

    :raises OptionError: they do not.
    """
    key, name = options["key"], options["format"]
    check_concurrency(options["concurrency"])
    if int(options["min_ttl"]) < 0:
        raise OptionError("min_ttl", "it must be 0 or more seconds.")
    if options.get("outlives_run") and options["reuse"] != "never":
        raise OptionError(
            "outlives_run", "it needs reuse=never: a lease that others in this run use too would be revoked with it."
        )
    if options["check_mode"] == "error":
        raise StateError("check_mode=error does not allow generating credentials in check mode.")
    if key is not None and forms.is_text(name):
        raise OptionError("key", f"format={name} is text, and has no fields.")
    known = _fields_of(forms, name)
    if key is not None and key not in known:
        raise OptionError("key", f"no credentials of format={name} have {key!r}; there are {', '.join(sorted(known))}.")


class _Reading:
    """Gets one source's credentials after the other: placeholders, or those of a fresh lease or of the run's."""

    def __init__(
        self, origin: Origin, options: Mapping[str, Any], variables: Mapping[str, Any], warn: Callable[[str], None]
    ) -> None:
        self._origin = origin
        self._options = options
        self._warn = warn
        self._host = f"host {variables.get('inventory_hostname', '')}"
        self._scope = "" if options["reuse"] == "run" else self._host
        self._minted = MintedLeases(run_folder(), origin, warn, options.get("journal_dir"), os.environ)
        self._store = LeaseStore(run_folder(), origin, warn, self._minted)
        # Leases that outlive the run, and that nobody would know of if the lookup failed.
        self._fresh: list[Lease] = []

    def credentials(self, source: Source) -> Credentials:
        """Return credentials of a source, and show their warnings."""
        credentials = self._credentials(source)
        for warning in credentials.warnings:
            self._warn(warning)
        return credentials

    def _credentials(self, source: Source) -> Credentials:
        if self._options["check_mode"] == "placeholder":
            return self._placeholder(source)
        if self._options["reuse"] != "never":
            return self._store.get(source, self._scope, int(self._options["min_ttl"]))
        outlives = bool(self._options.get("outlives_run"))
        credentials = self._minted.mint(source, self._host, outlives=outlives)
        if outlives and credentials.lease:
            self._fresh.append(credentials.lease)
        return credentials

    def _placeholder(self, source: Source) -> Credentials:
        credentials = source.placeholder()
        if credentials.lease and credentials.lease.revocable and not self._options.get("outlives_run"):
            scope = None if self._options["reuse"] == "never" else self._scope
            self._minted.predict_lease(source.identity, scope)
        return credentials

    def undo(self) -> list[str]:
        """End leases that were minted for nothing; return sentences about those that live on."""
        # Few lookups come here.
        from ...module_utils._resources._parts.leases import REVOKED, revoked_ids
        from .kinds import KINDS

        kind = KINDS.get(self._origin.kind)
        if kind is None:
            return []
        fresh = [lease for lease in self._fresh if kind.is_id(lease.id)]
        if not fresh:
            return []
        leases = [{"id": lease.id, "expiration": written(lease.expiration)} for lease in fresh]
        with kind.connect(self._origin.connection) as client:
            ends = kind.end(client, leases)
        self._minted.remove(revoked_ids(ends))
        return _words_of_living([end for end in ends if end.how != REVOKED])


def _words_of_living(ends: Sequence[Ended]) -> list[str]:
    """Return sentences about leases that were minted for nothing and could not be ended."""
    if not ends:
        return []
    listed = named([end.lease for end in ends])
    reasons = dict.fromkeys(end.reason for end in ends if end.reason)
    return [f"Other leases were minted but are not used, and are active: {listed}.", *reasons]


def _fields_of(forms: Formats, name: str) -> set[str]:
    """Return what can be asked for alone; the seconds go on, so no dictionary has them."""
    fields = set(forms.fields_of(name))
    return fields | {_SECONDS_LEFT} if _EXPIRATION in fields else fields


def _field(credentials: Any, options: Mapping[str, Any], source: Source) -> Any:
    key = options["key"]
    if key is None:
        return credentials
    if key == _SECONDS_LEFT:
        return seconds_left(credentials.get(_EXPIRATION))
    if key not in credentials:
        keys = one_line(", ".join(sorted(credentials)))
        raise OptionError("key", f"the credentials of {source.identity} have no {key!r}; they have {keys}.")
    return credentials[key]
