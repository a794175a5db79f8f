# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Generate on read: from a lookup's terms to credentials, with the fewest leases.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Callable

from ansible_collections.community.workload_credentials.plugins.module_utils._api.client import Client
from ansible_collections.community.workload_credentials.plugins.module_utils._api.errors import (
    ApiError,
    OptionError,
    StateError,
    WorkloadCredentialsError,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._api.paths import ResourcePath, parse_path
from ansible_collections.community.workload_credentials.plugins.module_utils._api.shown import one_line
from ansible_collections.community.workload_credentials.plugins.module_utils._credentials.formats import (
    fields_of,
    formatted,
    is_text,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._providers import PROVIDERS
from ansible_collections.community.workload_credentials.plugins.module_utils._resources._parts.leases import (
    is_lease_id,
    lease_id_of,
    named,
    revocation,
    unending,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._resources.dynamic_credentials import (
    generate,
    may_be_revocable,
    placeholder,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._spec import Options
from ansible_collections.community.workload_credentials.plugins.plugin_utils._lookup_base import (
    CONCURRENCY,
    side_by_side,
)
from ansible_collections.community.workload_credentials.plugins.plugin_utils._run.lease_store import (
    LeaseStore,
    MintedLeases,
)
from ansible_collections.community.workload_credentials.plugins.plugin_utils._run.sealed import run_folder

# The lookup's options as data; the documentation is checked against it.
OPTIONS: Options = {
    "key": {"type": "str"},
    "format": {
        "type": "str",
        "choices": ["raw", "aws_env", "azure_env", "aws_credentials"],
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
        (``generate`` also where there is none) and ``concurrency``.
    :arg variables: the task's, for the host's name.
    :raises WorkloadCredentialsError: one of them failed; the others' leases stay in the store.
    """
    paths = [parse_path(term, "_terms") for term in terms]
    _check(options)
    fresh: list[dict[str, Any]] = []
    try:
        credentials = side_by_side(_source(client, options, variables, warn, fresh), paths, options["concurrency"])
        shown = (formatted(found, options["format"], str(path)) for path, found in zip(paths, credentials))
        return [_field(one, options, path) for path, one in zip(paths, shown)]
    except WorkloadCredentialsError as error:
        if not fresh:
            raise
        raise StateError(f"{error}{_ended(client, fresh)}") from None


def _check(options: Mapping[str, Any]) -> None:
    """See that the options can be had together, before anything is minted.

    :raises OptionError: they cannot.
    """
    key, name = options["key"], options["format"]
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
    warn: Callable[[str], None],
    fresh: list[dict[str, Any]],
) -> Callable[[ResourcePath], Mapping[str, Any]]:
    """How one path's credentials are had: a placeholder, a fresh lease, or the run's.

    :arg fresh: takes the credentials that nobody would know if the lookup failed.
    """
    if options["check_mode"] == "error":
        raise StateError("Credentials are asked for in check mode, and check_mode=error forbids generating them.")
    scope = "" if options["reuse"] == "run" else f"host {variables.get('inventory_hostname', '')}"
    if options["check_mode"] == "placeholder":
        return lambda path: _placeholder(client, path, options, scope, warn)

    def mint(path: ResourcePath) -> dict[str, Any]:
        credentials = generate(client, path)
        warning = unending(path, credentials)
        if warning:
            warn(warning)
        return credentials

    if options["outlives_run"]:
        return lambda path: _kept(fresh, mint(path))
    if options["reuse"] == "never":
        minted = MintedLeases(run_folder(), client.settings, warn)
        return lambda path: _noted(minted, mint(path))
    store = LeaseStore(run_folder(), client.settings, warn)
    return lambda path: store.get(str(path), scope, int(options["min_ttl"]), lambda: mint(path))


def _placeholder(
    client: Client, path: ResourcePath, options: Mapping[str, Any], scope: str, warn: Callable[[str], None]
) -> dict[str, str]:
    credentials, warnings = placeholder(client, path)
    for warning in warnings:
        warn(warning)
    if may_be_revocable(credentials) and not options["outlives_run"]:
        shared = None if options["reuse"] == "never" else scope
        MintedLeases(run_folder(), client.settings, warn).foresee(str(path), shared)
    return credentials


def _kept(fresh: list[dict[str, Any]], credentials: dict[str, Any]) -> dict[str, Any]:
    fresh.append(credentials)
    return credentials


def _ended(client: Client, credentials: list[dict[str, Any]]) -> str:
    """End leases that were minted for nothing, and say which live on."""
    living = []
    for one in credentials:
        lease_id = lease_id_of(one)
        try:
            ended = is_lease_id(lease_id) and not isinstance(client.send(revocation(str(lease_id))), ApiError)
        except WorkloadCredentialsError:
            ended = False
        living.extend([] if ended else [{"id": lease_id or "one without an ID", "expiration": one.get("expiration")}])
    return f" Other leases were minted for nothing and live on: {named(living)}." if living else ""


def _noted(minted: MintedLeases, credentials: dict[str, Any]) -> dict[str, Any]:
    minted.add(lease_id_of(credentials))
    return credentials


def _field(credentials: Any, options: Mapping[str, Any], path: ResourcePath) -> Any:
    key = options["key"]
    if key is None:
        return credentials
    if key not in credentials:
        keys = one_line(", ".join(sorted(credentials)))
        raise OptionError("key", f"the credentials of {path} have no {key!r}; they have {keys}.")
    return credentials[key]
