# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Leases that a run has minted already: found again by its workers, and ended together (design, "Lookups").

Variables are evaluated lazily, so without it two uses of one variable would get halves of two leases.
Private to this collection: it may change at any time.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Callable

from ansible_collections.community.workload_credentials.plugins.module_utils._api.errors import StateError
from ansible_collections.community.workload_credentials.plugins.module_utils._api.settings import Settings
from ansible_collections.community.workload_credentials.plugins.module_utils._api.times import parse_time
from ansible_collections.community.workload_credentials.plugins.module_utils._credentials.lease import Lease, Margin
from ansible_collections.community.workload_credentials.plugins.module_utils._resources._parts.leases import (
    lease_id_of,
    named,
)
from ansible_collections.community.workload_credentials.plugins.plugin_utils._run.sealed import SealedFolder

_FOLDER = "workload-credentials"
_SHORT = 0.5
_SKEWED = (
    "Credentials that were just generated look expired: the clock of this machine or of the service is wrong. "
    "They are used as they are."
)


class MintedLeases:
    """The IDs of the living leases that this run has minted.

    :arg folder: the run's own temporary folder.
    :arg settings: whose leases these are.
    :arg warn: called with a sentence when something cannot be read.
    """

    def __init__(self, folder: Path, settings: Settings, warn: Callable[[str], None]) -> None:
        self._files = SealedFolder(folder / _FOLDER / "minted", settings.token(), lambda _message: None)
        self._foreseen = SealedFolder(folder / _FOLDER / "foreseen", settings.token(), lambda _message: None)
        self._site = settings.base_url
        self._warn = warn

    def foresee(self, path: str, scope: str | None = None) -> None:
        """Take note that check mode has come to where a run would mint a lease that can be ended.

        :arg path: the dynamic secret's.
        :arg scope: for whom, where one lease serves several times; None: it is one more.
        """
        name = self._foreseen.name(self._site, path, os.urandom(8).hex() if scope is None else scope)
        self._foreseen.save(name, {"site": self._site, "path": path})

    def foresee_end(self, path: str | None = None, at_most: int | None = None) -> bool:
        """Take note that check mode has come to where a run would end such leases; whether there is one.

        :arg path: of the dynamic secret whose leases are meant; None: any.
        """
        entries = [(name, self._foreseen.load(name) or {}) for name in self._foreseen.names()]
        own = [(name, entry["path"]) for name, entry in entries if entry.get("site") == self._site]
        meant = [name for name, its_path in own if path in (None, its_path)][:at_most]
        for name in meant:
            self._foreseen.remove(name)
        return bool(meant)

    def add(self, lease_id: Any) -> None:
        """Take note of a lease; credentials that name none cannot be ended early.

        :raises StateError: it could not be written down.
        """
        if lease_id:
            self._files.save(self._files.name(self._site, str(lease_id)), {"site": self._site, "id": str(lease_id)})

    def note(self, lease_id: Any) -> None:
        """The same for a lease that its user holds, who is warned where it could not be written down."""
        try:
            self.add(lease_id)
        except StateError as error:
            self._warn(f"{error} The lease {lease_id} was minted, and minted=run does not end it: lease_id does.")

    def remove(self, lease_ids: Iterable[str]) -> None:
        """Forget leases that have ended, so that nobody gets their credentials again."""
        for lease_id in lease_ids:
            self._files.remove(self._files.name(self._site, lease_id))

    def holds(self, lease_id: Any) -> bool:
        """Whether the lease is one of them."""
        return self._files.holds(self._files.name(self._site, str(lease_id)))

    def all(self) -> list[str]:
        """Every one of them, with a warning about those of other tokens and sites."""
        entries = [self._files.load(name) for name in self._files.names()]
        own = [entry["id"] for entry in entries if entry and entry["site"] == self._site]
        others = len(entries) - len(own)
        if others:
            self._warn(
                f"Leases of this run that were minted with another token or on another site: {others}. "
                "Only a task with that connection can end them."
            )
        return own


class LeaseStore:
    """Credentials of one identity. Another token, site or address never finds them.

    :arg folder: the run's own temporary folder.
    :arg settings: whose leases these are.
    :arg warn: called with a sentence when a file is not usable.
    """

    def __init__(self, folder: Path, settings: Settings, warn: Callable[[str], None]) -> None:
        self._files = SealedFolder(folder / _FOLDER / "store", settings.token(), warn)
        self._identity = (settings.base_url, str(settings.service_name), str(settings.auth_role))
        self._minted = MintedLeases(folder, settings, warn)
        self._warn = warn

    def get(self, path: str, scope: str, min_ttl: int, mint: Callable[[], Mapping[str, Any]]) -> dict[str, Any]:
        """The stored credentials while they last and nobody ended their lease, else freshly minted ones.

        Whoever asks for the same meanwhile waits, also in another process.

        :arg scope: the inventory host, or "" for the whole run.
        :arg min_ttl: seconds that must be left.
        """
        name = self._files.name(*self._identity, path, scope)
        with self._files.locked(name):
            stored = self._files.load(name)
            if stored is not None and self._serves(_lease(path, stored), min_ttl):
                return dict(stored["credentials"])
            credentials = dict(mint())
            entry = {"minted": time.time(), "credentials": credentials}
            lease = _lease(path, entry)
            self._keep(name, entry, lease)
            if lease.life <= timedelta(0):
                self._warn(_SKEWED)
            return credentials

    def _keep(self, name: str, entry: Mapping[str, Any], lease: Lease) -> None:
        """Write the entry down; each use would else have a lease of its own."""
        try:
            self._minted.add(lease.id)
            self._files.save(name, entry)
        except StateError as error:
            until = entry["credentials"].get("expiration")
            raise StateError(
                f"{error} A lease was minted for nothing: {named([{'id': lease.id, 'expiration': until}])}. "
                "community.workload_credentials.lease ends it by lease_id."
            ) from None

    def _serves(self, lease: Lease, min_ttl: int) -> bool:
        """Whether the lease lives, and will for long enough; one whose whole life is short is kept for half of it."""
        now = datetime.fromtimestamp(time.time(), timezone.utc)
        is_due = Margin(part=_SHORT, seconds=min_ttl).due(lease, now)
        return not is_due and (not lease.id or self._minted.holds(lease.id))


def _lease(path: str, stored: Mapping[str, Any]) -> Lease:
    """The lease behind stored credentials."""
    credentials = stored["credentials"]
    minted = datetime.fromtimestamp(stored["minted"], timezone.utc)
    return Lease(str(lease_id_of(credentials) or ""), path, minted, parse_time(credentials.get("expiration")))
