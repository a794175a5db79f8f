# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The leases of one task, so that none is lost: each is held by a Secret in the end, ended, or named.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, Callable

from ansible_collections.community.workload_credentials.plugins.module_utils._api.errors import WorkloadCredentialsError
from ansible_collections.community.workload_credentials.plugins.module_utils._api.times import written
from ansible_collections.community.workload_credentials.plugins.module_utils._credentials.lease import (
    Credentials,
    Lease,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._credentials.source import Source

if TYPE_CHECKING:
    from ansible_collections.community.workload_credentials.plugins.module_utils._api.client import Client

_NAMELESS = "{source}: the service named no lease for its credentials, so nothing can end them early."


class Minted:
    """The leases that this task has minted and that no Secret is known to hold.

    :arg client: makes the client that ends leases.
    :arg is_real: False: this only looks at what would be done, so no lease ends.
    """

    def __init__(self, client: Callable[[], Client], *, is_real: bool = True) -> None:
        self._client = client
        self._is_real = is_real
        self._loose: dict[str, Lease] = {}
        self._superseded: list[Lease] = []
        self._lock = Lock()
        self.warnings: list[str] = []

    def mint(self, source: Source) -> Credentials:
        """New credentials, whose lease is taken note of before anything else happens."""
        credentials = source.mint()
        lease = credentials.lease
        with self._lock:
            if lease and lease.id:
                self._loose[lease.id] = lease
            elif lease:
                self.warnings.append(_NAMELESS.format(source=lease.source))
        return credentials

    def held(self, lease: Lease | None) -> None:
        """A Secret holds it now."""
        if lease:
            with self._lock:
                self._loose.pop(lease.id, None)

    def supersede(self, lease: Lease | None) -> None:
        """Nobody needs it any more."""
        self._superseded.extend([lease] if lease else [])

    def doubtful(self, lease: Lease | None) -> str:
        """Whether a Secret holds it is not known, so that it may neither be ended nor forgotten: a sentence."""
        self.held(lease)
        return f"It may hold the lease {_named([_listed(lease)])}." if lease and lease.id else ""

    def end(self) -> tuple[str, str]:
        """End those that nobody holds, and those that were superseded.

        Two sentences: about those that only expire, and about those that may live on though they should not.
        """
        with self._lock:
            ending = [_listed(lease) for lease in (*self._loose.values(), *self._superseded) if lease.id]
            self._loose, self._superseded = {}, []
        if not ending or not self._is_real:
            return "", ""
        # Most runs end none.
        from ansible_collections.community.workload_credentials.plugins.module_utils._resources._parts.ending import (
            end_leases,
            refused_words,
            staying_words,
        )

        try:
            ended = end_leases(self._client(), ending)
        except WorkloadCredentialsError as error:
            return "", f"Leases that may live on: {_named(ending)}. {error}"
        return staying_words(ended), refused_words(ended)


def _named(leases: list[dict[str, object]]) -> str:
    # What ends leases, and so this, is loaded where there are any.
    from ansible_collections.community.workload_credentials.plugins.module_utils._resources._parts.leases import named

    return named(leases)


def _listed(lease: Lease) -> dict[str, object]:
    return {"id": lease.id, "expiration": written(lease.expiration), "revocable": lease.revocable}
