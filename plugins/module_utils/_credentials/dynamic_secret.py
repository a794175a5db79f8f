# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Dynamic secrets as a source: the Secrets API mints a lease each time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

from .._api.client import Client
from .._api.paths import ResourcePath
from .._api.times import parse_time
from .._providers import Provider
from .._resources._parts.leases import lease_id_of, unending
from .._resources.dynamic_credentials import definition, generate, may_be_revocable, placeholder
from .lease import DYNAMIC_SECRET, Credentials, Lease
from .source import Facts


class DynamicSecret:
    """The dynamic secret at a path."""

    kind, site, cache_key, lease_id = DYNAMIC_SECRET, None, "", None

    def __init__(self, client: Client, path: ResourcePath) -> None:
        self._client = client
        self._path = path
        self._known: tuple[Provider, int | None] | None = None

    @property
    def identity(self) -> str:
        """Return its path."""
        return str(self._path)

    def facts(self) -> Facts:
        """Return what its definition says.

        :raises MissingError: there is no such definition.
        :raises StateError: its provider is unknown.
        """
        provider, ttl = self._definition()
        return Facts(provider.keys, ttl, provider)

    def mint(self) -> Credentials:
        """Mint a lease.

        :raises WorkloadCredentialsError: none was minted, or one may have been; the message says which.
        """
        began = datetime.now(timezone.utc)
        values = generate(self._client, self._path, self._known[1] if self._known else None)
        warning = unending(self._path, values)
        lease = lease_of(values, self.identity, began, self._provider)
        return Credentials(values, lease, (warning,) if warning else ())

    def placeholder(self) -> Credentials:
        """Return the keys of its provider; without a definition those of all providers, and a warning.

        :raises StateError: its provider is unknown.
        """
        values, warnings = placeholder(lambda: self._definition()[0])
        return Credentials(values, lease_of(values, self.identity, provider=self._provider), warnings)

    def _definition(self) -> tuple[Provider, int | None]:
        if self._known is None:
            self._known = definition(self._client, self._path)
        return self._known

    @property
    def _provider(self) -> Provider | None:
        return self._known[0] if self._known else None


def lease_of(
    values: Mapping[str, Any], identity: str, began: datetime | None = None, provider: Provider | None = None
) -> Lease:
    """Return the lease of generated credentials.

    :arg began: when the request was sent; None: just now.
    :arg provider: None: the definition was not read, and the keys show the provider.
    """
    revokes = provider.revocable if provider else may_be_revocable(values)
    minted = began or datetime.now(timezone.utc)
    return Lease(lease_id_of(values) or "", identity, minted, parse_time(values.get("expiration")), revokes)
