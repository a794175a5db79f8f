# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The leases of one task, so that none is lost: each is held by a Secret in the end, ended, or named.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from threading import Lock
from typing import TYPE_CHECKING, Any, Callable

from ansible_collections.community.workload_credentials.plugins.module_utils._api.errors import WorkloadCredentialsError
from ansible_collections.community.workload_credentials.plugins.module_utils._api.times import written
from ansible_collections.community.workload_credentials.plugins.module_utils._credentials.lease import (
    DYNAMIC_SECRET,
    Credentials,
    Lease,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._credentials.source import Source
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.noting import Noting

if TYPE_CHECKING:
    from ansible_collections.community.workload_credentials.plugins.module_utils._resources._parts.ending import Ended
    from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.entries import Entry
    from ansible_collections.community.workload_credentials.plugins.plugin_utils._run.kinds import Kind

_NAMELESS = "{source}: the service named no lease for its credentials, so nothing can end them early."


class Minted:
    """The leases that this task has minted and that no Secret is known to hold.

    :arg service: what ends leases of a kind that were minted at a site for a Secret.
    :arg is_real: False: this only looks at what would be done, so no lease ends.
    :arg noting: takes note of them, for whoever comes after a kill.
    """

    def __init__(
        self, service: Callable[[str, str | None, str], Any], *, is_real: bool = True, noting: Noting | None = None
    ) -> None:
        self._service = service
        self._is_real = is_real
        self._noting = noting or Noting()
        self._loose: dict[str, Lease] = {}
        self._superseded: list[Lease] = []
        self._doubtful: list[Lease] = []
        self._holders: dict[str, str] = {}
        self._lock = Lock()
        self.warnings: list[str] = []

    def mint(self, source: Source, entry: Entry) -> Credentials:
        """New credentials for the entry's Secret, whose lease is taken note of before anything else happens."""
        credentials = _known(self._noting.minting(source, entry), entry)
        lease = credentials.lease
        with self._lock:
            if lease and lease.id:
                self._loose[lease.id] = lease
            elif lease:
                self.warnings.append(_NAMELESS.format(source=lease.source))
        return credentials

    def giving(self, leases: Sequence[Lease | None], instead_of: Sequence[Lease | None]) -> None:
        """Secrets are about to get these, and to lose others."""
        self._noting.giving(leases)
        self._noting.giving_up(instead_of)

    def held(self, lease: Lease | None) -> None:
        """A Secret holds it now."""
        self._forget(lease)
        self._noting.done([lease])

    def _forget(self, lease: Lease | None) -> None:
        if lease:
            with self._lock:
                self._loose.pop(lease.id, None)

    def known(self, leases: Iterable[Lease | None]) -> None:
        """Secrets, which are their sources, hold these: one that was copied shares its lease with another."""
        self._holders.update({lease.source: lease.id for lease in leases if lease})

    def supersede(self, lease: Lease | None) -> None:
        """Its Secret needs it no more."""
        if lease:
            self._holders.pop(lease.source, None)
            self._superseded.append(lease)

    def doubtful(self, lease: Lease | None) -> None:
        """Whether a Secret holds it is not known, so that it may neither be ended nor forgotten."""
        self._forget(lease)
        self._doubtful.extend([lease] if lease else [])

    @contextmanager
    def giving_up(self, leases: Sequence[Lease | None]) -> Iterator[None]:
        """While their Secrets give them up: what breaks that off leaves it open which have."""
        if self._is_real:
            self._noting.giving_up(leases)
        try:
            yield
        except BaseException:
            for lease in leases:
                self.doubtful(lease)
            raise

    def end(self) -> tuple[str, str]:
        """End those that nobody holds, and those that were superseded.

        Two sentences: about those that only expire, and about those that may live on though they should not. Until
        this returns nothing is forgotten, so that it can be done again.
        """
        with self._lock:
            needed = set(self._holders.values())
            unneeded = [lease for lease in self._superseded if lease.id not in needed]
            ending = _once([*self._loose.values(), *unneeded])
            doubtful = _once(self._doubtful)
        if self._is_real:
            self._noting.loose([*self._loose.values(), *unneeded], self._doubtful)
        if not self._is_real or not (ending or doubtful):
            return "", ""
        staying, living = self._ended(ending)
        if doubtful:
            living = f"{living} It is not known whether a Secret holds these leases: {_named(doubtful)}.".strip()
        self._loose, self._superseded, self._doubtful = {}, [], []
        return staying, living

    def _ended(self, ending: Sequence[Lease]) -> tuple[str, str]:
        # Loaded where a lease ends, which most runs have none of.
        from ansible_collections.community.workload_credentials.plugins.module_utils._resources._parts.ending import (
            NOT_REVOCABLE,
            Ended,
            refused_words,
            staying_words,
        )
        from ansible_collections.community.workload_credentials.plugins.plugin_utils._run.kinds import KINDS

        ended: list[Ended] = []
        said: list[str] = []
        groups: dict[tuple[str, str | None, str], list[Lease]] = {}
        for lease in ending:
            groups.setdefault((lease.kind, lease.site, lease.source if lease.site else ""), []).append(lease)
        for place, leases in groups.items():
            known = KINDS.get(place[0])
            if known is None:
                ended += [Ended(_listed(lease), NOT_REVOCABLE) for lease in leases]
                continue
            # An annotation, or the service, may name what no request can.
            odd = [lease for lease in leases if not known.is_id(lease.id)]
            if odd:
                said.append(f"Leases that may live on: {_named(odd)}. Their names are no leases' IDs.")
            rest = [lease for lease in leases if lease not in odd]
            try:
                ended += self._end_of(known, place, rest) if rest else []
            except WorkloadCredentialsError as error:
                said.append(f"Leases that may live on: {_named(rest)}. {error}")
        return staying_words(ended), " ".join(filter(None, (*said, refused_words(ended))))

    def _end_of(self, known: Kind, place: tuple[str, str | None, str], leases: Sequence[Lease]) -> list[Ended]:
        from ansible_collections.community.workload_credentials.plugins.module_utils._resources._parts.ending import (
            REVOKED,
        )

        ended = known.end(self._service(*place), list(map(_listed, leases)))
        self._noting.done(lease for lease, end in zip(leases, ended) if end.how == REVOKED)
        return ended


def _known(credentials: Credentials, entry: Entry) -> Credentials:
    """The same, with a name for what its service names none of: by it is known which of them a Secret holds.

    What another service than the Secrets API has minted is ended by who its Secret's entry says.
    """
    lease = credentials.lease
    if lease is None or lease.kind == DYNAMIC_SECRET:
        return credentials
    name = lease.id or f"sts-{secrets.token_hex(8)}"
    return replace(credentials, lease=replace(lease, id=name, source=entry.where))


def _named(leases: Sequence[Lease]) -> str:
    from ansible_collections.community.workload_credentials.plugins.module_utils._resources._parts.leases import named

    return named(list(map(_listed, leases)))


def _listed(lease: Lease) -> dict[str, object]:
    facts = {"id": lease.id, "expiration": written(lease.expiration), "revocable": lease.revocable}
    return {**facts, "minted": lease.minted.timestamp()}


def _once(leases: Iterable[Lease]) -> list[Lease]:
    """Each once, and only those that have a name."""
    return list({lease.id: lease for lease in leases if lease.id}.values())
