# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keep the leases of which an event was sent in a file of IDs and times, so that a restart sends none again."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from ...module_utils._api.errors import StateError
from ...module_utils._api.times import parse_time, written
from .._files import replace_file, set_aside
from .living import Watched


class SentEvents:
    """The leases of which an event was sent.

    :arg path: the file that keeps them.
    :raises StateError: the file exists and cannot be read, or another program has written it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.warning: str | None = None
        self._expirations = self._load()

    def __contains__(self, lease_id: str) -> bool:
        return lease_id in self._expirations

    def add(self, leases: Iterable[Watched], now: datetime) -> None:
        """Keep these leases too, and forget those that have expired.

        :raises StateError: the file cannot be written.
        """
        added = {lease.id: written(lease.expiration) or "" for lease in leases}
        everything = {**self._expirations, **added}
        living = {lease_id: text for lease_id, text in everything.items() if (parse_time(text) or now) > now}
        if living != self._expirations:
            self._save(living)
            self._expirations = living

    def _load(self) -> dict[str, str]:
        try:
            data = self._path.read_bytes()
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise StateError(f"state_file: {self._path} cannot be read: {error}. Remove or replace it.") from None
        try:
            expirations = json.loads(data)
        except ValueError:
            return self._without(data)
        if not isinstance(expirations, dict):
            raise self._foreign()
        return {str(lease_id): str(text) for lease_id, text in expirations.items()}

    def _without(self, data: bytes) -> dict[str, str]:
        """Go on without a file that a power cut has damaged: the events that it kept are sent once more.

        :raises StateError: another program has written the file, or it cannot be moved.
        """
        text = data.strip(b"\0 \r\n\t")
        if text and not text.startswith(b"{"):
            raise self._foreign()
        try:
            aside = set_aside(self._path)
        except OSError as error:
            raise StateError(f"state_file: {self._path} is damaged and cannot be moved: {error}.") from None
        self.warning = (
            f"state_file: {self._path} was damaged, and is {aside} now. The events that it recorded are sent again."
        )
        return {}

    def _foreign(self) -> StateError:
        return StateError(f"state_file: {self._path} was not written by this event source. Name another one.")

    def _save(self, living: dict[str, str]) -> None:
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            replace_file(self._path, json.dumps(living).encode())
        except OSError as error:
            raise StateError(f"state_file: {self._path} cannot be written: {error}.") from None
