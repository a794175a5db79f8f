# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Dynamic secrets as a source: each minting is a lease of its own.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from ansible_collections.community.workload_credentials.plugins.module_utils._api.client import Client
from ansible_collections.community.workload_credentials.plugins.module_utils._api.paths import ResourcePath
from ansible_collections.community.workload_credentials.plugins.module_utils._api.times import parse_time
from ansible_collections.community.workload_credentials.plugins.module_utils._credentials.lease import (
    Credentials,
    Lease,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._credentials.source import Facts
from ansible_collections.community.workload_credentials.plugins.module_utils._resources.dynamic_credentials import (
    definition,
    generate,
    no_credentials,
)


class DynamicSecret:
    """The dynamic secret at a path."""

    def __init__(self, client: Client, path: ResourcePath) -> None:
        self._client = client
        self._path = path
        self._known: Facts | None = None

    @property
    def identity(self) -> str:
        """Its path."""
        return str(self._path)

    def facts(self) -> Facts:
        """What its definition says.

        :raises MissingError: there is no such definition.
        :raises StateError: it is of an unknown provider.
        """
        if self._known is None:
            provider, ttl = definition(self._client, self._path)
            self._known = Facts(provider.keys, ttl, provider)
        return self._known

    def mint(self) -> Credentials:
        """One more lease.

        :raises WorkloadCredentialsError: none was minted; or, and then the text says so, one may have been.
        """
        # Of an unread definition nobody knows whether its leases can be ended, so that is tried.
        provider = self._known.provider if self._known else None
        revokes = provider is None or provider.revocable
        minted = datetime.now(timezone.utc)
        values = generate(self._client, self._path)
        expiration = parse_time(values.get("expiration"))
        return Credentials(values, Lease(str(values.get("leaseId") or ""), self.identity, minted, expiration, revokes))

    def placeholder(self) -> dict[str, Any]:
        """The keys of its provider."""
        provider = self.facts().provider
        return dict(no_credentials(provider)) if provider else {}
