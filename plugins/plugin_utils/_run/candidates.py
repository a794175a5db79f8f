# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which leases requests without an answer may have left: by the time at which they were minted, and by whom.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Callable

from ansible_collections.community.workload_credentials.plugins.module_utils._api.errors import WorkloadCredentialsError
from ansible_collections.community.workload_credentials.plugins.module_utils._api.times import parse_time
from ansible_collections.community.workload_credentials.plugins.module_utils._resources._parts.leases import (
    creators,
)
from ansible_collections.community.workload_credentials.plugins.plugin_utils._run.kinds import Kind
from ansible_collections.community.workload_credentials.plugins.plugin_utils._run.notes import Note

# Seconds by which the clocks of this machine and of the service may differ.
_SKEW = 2.0
# A request whose sender died may be under way to the service still: so often, and so many seconds apart, it is looked.
_LOOKS, _PAUSE, _FRESH = 4, 0.7, 30.0
# Where the source's living leases do not tell who this identity is, so many others of its leases are asked for.
_ASKED = 3


@dataclass(frozen=True)
class Others:
    """What the notes of others say.

    :arg known: IDs of the leases that they have with the same token; ``foreign``: with other tokens.
    :arg busy: sources of which they are just asking for leases.
    """

    known: frozenset[str] = frozenset()
    busy: frozenset[str] = frozenset()
    foreign: frozenset[str] = frozenset()


class BusyError(Exception):
    """Somebody else is just asking for a lease of the source."""


@dataclass(frozen=True)
class Search:
    """For the leases of requests for one source.

    :arg mine: IDs of leases that the identity of the requests has minted, whatever their source.
    :arg taken: IDs of leases that are somebody's.
    """

    client: Any
    kind: Kind
    source: str
    waiting: Sequence[Note]
    mine: Callable[[Others], Collection[str]]
    taken: Collection[str]

    def candidates(self, others: Callable[[], Others]) -> tuple[list[dict[str, Any]], bool]:
        """Leases that were minted while the requests were under way, and that nobody holds; and whether it is they.

        Who minted a lease decides: those of this identity, or, where it is not known, all of them.

        :arg others: looks at the notes of others as they are now.
        :raises BusyError: whose they are cannot be known now.
        """
        found: list[dict[str, Any]] = []
        is_sure, now = True, time.time()
        is_fresh = any(one.until is None and now - one.began < _FRESH for one in self.waiting)
        for look in range(_LOOKS if is_fresh else 1):
            if look:
                time.sleep(_PAUSE)
            leases = self.kind.living(self.client, self.source)
            # Not before: who has got one of them meanwhile has taken note of it, or that one was asked for.
            known = others()
            if self.source in known.busy:
                raise BusyError
            taken = {*self.taken, *known.known, *known.foreign}
            found = [one for one in leases if one["id"] not in taken and self._fits(one)]
            own = self._creators(leases, self.mine(known)) if found else set()
            is_sure = bool(own) or not found
            found = [one for one in found if one.get("created_by") in own] if own else found
            if is_sure and len(found) >= len(self.waiting):
                break
        return found, is_sure

    def _creators(self, leases: Sequence[Mapping[str, Any]], mine: Collection[str]) -> set[Any]:
        """Who this identity is, as the service calls it; empty: that is not known."""
        found = creators(leases, mine)
        for lease_id in sorted(mine)[:_ASKED]:
            if found:
                break
            with suppress(WorkloadCredentialsError):
                found = {self.kind.creator(self.client, lease_id)} - {None}
        return found

    def _fits(self, lease: Mapping[str, Any]) -> bool:
        """Whether the lease was made while one of the requests was under way."""
        created = parse_time(lease.get("created_at"))
        return created is not None and any(self._is_in_time(one, created.timestamp()) for one in self.waiting)

    def _is_in_time(self, note: Note, created: float) -> bool:
        # A module on another host begins later, and a request that is asked to wait is sent again.
        until = note.until if note.until is not None else note.began + 2 * self.kind.timeout(self.client)
        return note.began - _SKEW <= created <= until + _SKEW
