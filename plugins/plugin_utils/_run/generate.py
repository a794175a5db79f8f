# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Generate on read: from a lookup's terms to credentials, with the fewest leases.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import partial
from typing import Any, Callable

from ansible_collections.community.workload_credentials.plugins.module_utils._api.client import Client
from ansible_collections.community.workload_credentials.plugins.module_utils._api.concurrency import (
    attempts,
    check_concurrency,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._api.errors import (
    OptionError,
    StateError,
    WorkloadCredentialsError,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._api.paths import ResourcePath, parse_path
from ansible_collections.community.workload_credentials.plugins.module_utils._api.shown import one_line
from ansible_collections.community.workload_credentials.plugins.module_utils._credentials.formats import (
    FORMATS,
    fields_of,
    formatted,
    is_text,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._providers import PROVIDERS
from ansible_collections.community.workload_credentials.plugins.module_utils._resources._parts.ending import (
    REVOKED,
    end_leases,
    revoked_ids,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._resources._parts.leases import (
    is_lease_id,
    lease_id_of,
    named,
    unending,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._resources.dynamic_credentials import (
    generate,
    may_be_revocable,
    placeholder,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._spec import Options
from ansible_collections.community.workload_credentials.plugins.plugin_utils._lookup_base import CONCURRENCY
from ansible_collections.community.workload_credentials.plugins.plugin_utils._run.journal import JOURNAL, run_folder
from ansible_collections.community.workload_credentials.plugins.plugin_utils._run.lease_store import (
    LeaseStore,
    MintedLeases,
)
from ansible_collections.community.workload_credentials.plugins.plugin_utils._signals import signals_later

# The lookup's options as data; the documentation is checked against it.
OPTIONS: Options = {
    "key": {"type": "str"},
    "format": {
        "type": "str",
        "choices": list(FORMATS),
        "default": "raw",
        "env": ("WORKLOAD_CREDENTIALS_FORMAT",),
    },
    "reuse": {
        "type": "str",
        "choices": ["host", "run", "never"],
        "default": "host",
        "env": ("WORKLOAD_CREDENTIALS_REUSE",),
    },
    "outlives_run": {"type": "bool", "default": False},
    "min_ttl": {"type": "int", "default": 300, "env": ("WORKLOAD_CREDENTIALS_MIN_TTL",)},
    "check_mode": {
        "type": "str",
        "choices": ["placeholder", "generate", "error"],
        "default": "placeholder",
        "env": ("WORKLOAD_CREDENTIALS_CHECK_MODE",),
    },
    "concurrency": CONCURRENCY,
    **JOURNAL,
}


def generate_on_read(
    client: Client,
    terms: list[str],
    options: Mapping[str, Any],
    variables: Mapping[str, Any],
    warn: Callable[[str], None],
) -> list[Any]:
    """Credentials for the dynamic secrets at these paths, in order.

    :arg options: the lookup's ``key``, ``format``, ``reuse``, ``outlives_run``, ``min_ttl`` (seconds), ``check_mode``
        (``generate`` also where there is none), ``concurrency`` and ``journal_dir``.
    :arg variables: the task's, for the host's name.
    :raises WorkloadCredentialsError: one of them failed; the others' leases stay in the store.
    """
    paths = [parse_path(term, "_terms") for term in terms]
    _check(options)
    fresh: list[dict[str, Any]] = []
    minted = MintedLeases(run_folder(), client.settings, warn, options["journal_dir"], os.environ)
    source = _source(client, options, variables, minted, warn, fresh)

    def read(path: ResourcePath) -> Any:
        return _field(formatted(source(path), options["format"], str(path)), options, path)

    # A worker that is killed while it asks could not say which lease it got.
    with signals_later() as is_interrupted:
        answers = attempts(partial(_unless, is_interrupted, read), paths, options["concurrency"])
    failed = [one for one in answers if isinstance(one, WorkloadCredentialsError)]
    if failed:
        # Each may name leases of its own; what is the same for all is said once.
        said = " ".join(dict.fromkeys(map(str, failed)))
        raise StateError(f"{said}{_ended(client, minted, fresh)}")
    return answers


def _unless(is_interrupted: Callable[[], bool], read: Callable[[ResourcePath], Any], path: ResourcePath) -> Any:
    if is_interrupted():
        raise StateError(f"{path}: the run was interrupted before credentials were asked for.")
    return read(path)


def _check(options: Mapping[str, Any]) -> None:
    """See that the options can be had together, before anything is minted.

    :raises OptionError: they cannot.
    """
    key, name = options["key"], options["format"]
    check_concurrency(options["concurrency"])
    if int(options["min_ttl"]) < 0:
        raise OptionError("min_ttl", "it must be 0 or more seconds.")
    if options["outlives_run"] and options["reuse"] != "never":
        raise OptionError("outlives_run", "it needs reuse=never: a lease that others in this run use too ends with it.")
    if key is not None and is_text(name):
        raise OptionError("key", f"format={name} is a text without fields.")
    known = {key for one in PROVIDERS.values() for key in one.keys} if name == "raw" else fields_of(name)
    if key is not None and key not in known:
        raise OptionError("key", f"no credentials of format={name} have {key!r}; there are {', '.join(sorted(known))}.")


def _source(
    client: Client,
    options: Mapping[str, Any],
    variables: Mapping[str, Any],
    minted: MintedLeases,
    warn: Callable[[str], None],
    fresh: list[dict[str, Any]],
) -> Callable[[ResourcePath], Mapping[str, Any]]:
    """How one path's credentials are had: a placeholder, a fresh lease, or the run's.

    :arg fresh: takes the credentials that nobody would know if the lookup failed.
    """
    if options["check_mode"] == "error":
        raise StateError("Credentials are asked for in check mode, and check_mode=error forbids generating them.")
    host = f"host {variables.get('inventory_hostname', '')}"
    scope = "" if options["reuse"] == "run" else host
    if options["check_mode"] == "placeholder":
        return lambda path: _placeholder(client, path, options, scope, minted, warn)

    def mint(path: ResourcePath) -> dict[str, Any]:
        credentials = generate(client, path)
        warning = unending(path, credentials)
        if warning:
            warn(warning)
        return credentials

    if options["outlives_run"]:
        return lambda path: _kept(fresh, minted.mint(str(path), host, lambda: mint(path), outlives=True))
    if options["reuse"] == "never":
        return lambda path: minted.mint(str(path), host, lambda: mint(path))
    store = LeaseStore(run_folder(), client.settings, warn, minted)
    return lambda path: store.get(str(path), scope, int(options["min_ttl"]), lambda: mint(path))


def _placeholder(
    client: Client,
    path: ResourcePath,
    options: Mapping[str, Any],
    scope: str,
    minted: MintedLeases,
    warn: Callable[[str], None],
) -> dict[str, str]:
    credentials, warnings = placeholder(client, path)
    for warning in warnings:
        warn(warning)
    if may_be_revocable(credentials) and not options["outlives_run"]:
        shared = None if options["reuse"] == "never" else scope
        minted.foresee(str(path), shared)
    return credentials


def _kept(fresh: list[dict[str, Any]], credentials: dict[str, Any]) -> dict[str, Any]:
    fresh.append(credentials)
    return credentials


def _ended(client: Client, minted: MintedLeases, credentials: list[dict[str, Any]]) -> str:
    """End leases that were minted for nothing, and say which live on."""
    leases = [{"id": str(lease_id_of(one)), "expiration": one.get("expiration")} for one in credentials]
    ended = end_leases(client, [lease for lease in leases if is_lease_id(lease["id"])])
    minted.remove(revoked_ids(ended))
    living = [one for one in ended if one.how != REVOKED]
    reasons = dict.fromkeys(one.reason for one in living if one.reason)
    said = f"Other leases were minted for nothing and live on: {named([one.lease for one in living])}."
    return "".join(f" {one}" for one in (said, *reasons)) if living else ""


def _field(credentials: Any, options: Mapping[str, Any], path: ResourcePath) -> Any:
    key = options["key"]
    if key is None:
        return credentials
    if key not in credentials:
        keys = one_line(", ".join(sorted(credentials)))
        raise OptionError("key", f"the credentials of {path} have no {key!r}; they have {keys}.")
    return credentials[key]
