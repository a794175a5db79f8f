# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Of which leases an event was sent: a file, so that a restart sends none again. It holds IDs and times only."""

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

    :arg path: the file.
    :raises StateError: it is there and cannot be read, or is somebody else's.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.warning: str | None = None
        self._expirations = self._load()

    def __contains__(self, lease_id: str) -> bool:
        return lease_id in self._expirations

    def add(self, leases: Iterable[Watched], now: datetime) -> None:
        """Keep these too, and forget those that have expired.

        :raises StateError: the file cannot be written.
        """
        added = {one.id: written(one.expiration) or "" for one in leases}
        everything = {**self._expirations, **added}
        living = {name: text for name, text in everything.items() if (end := parse_time(text)) and end > now}
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
            found = json.loads(data)
        except ValueError:
            return self._without(data)
        if not isinstance(found, dict):
            raise StateError(f"state_file: {self._path} is none of this event source. Name another one.")
        return {str(name): str(text) for name, text in found.items()}

    def _without(self, data: bytes) -> dict[str, str]:
        """Go on without a file of this source that a power cut has damaged: what was told is told once more.

        :raises StateError: it never was one of this source, or cannot be moved.
        """
        text = data.strip(b"\0 \r\n\t")
        if text and not text.startswith(b"{"):
            raise StateError(f"state_file: {self._path} is none of this event source. Name another one.")
        try:
            aside = set_aside(self._path)
        except OSError as error:
            raise StateError(f"state_file: {self._path} is damaged and cannot be moved: {error}.") from None
        self.warning = (
            f"state_file: {self._path} was damaged, and is {aside} now. Of leases that it named is told once more."
        )
        return {}

    def _save(self, living: dict[str, str]) -> None:
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            replace_file(self._path, json.dumps(living).encode())
        except OSError as error:
            raise StateError(f"state_file: {self._path} cannot be written: {error}.") from None
