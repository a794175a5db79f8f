# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run's signed files: anybody who may open them can read them, and only who has their token can have written them.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansible_collections.community.workload_credentials.plugins.plugin_utils._files import set_aside
from ansible_collections.community.workload_credentials.plugins.plugin_utils._run.sealed import SealedFolder


@dataclass(frozen=True)
class Signed:
    """What a file holds.

    :arg by: tells tokens apart, and says nothing of them.
    """

    entry: Mapping[str, Any]
    by: str


class DamagedError(Exception):
    """The file is not what somebody has saved there."""


class SignedFolder(SealedFolder):
    """Files as a sealed folder's, which outlast a power cut and are only signed with the token."""

    _is_durable = True

    @property
    def by(self) -> str:
        """What tells this token apart."""
        return self._hash(b"whose files these are")

    def read(self, name: str) -> Signed | None:
        """What was saved under the name, with whatever token; None: there is no such file.

        :raises DamagedError: it is not whole, or says that it is this token's and is not.
        """
        try:
            data = (self._folder / name).read_bytes()
        except OSError:
            return None
        try:
            stored = json.loads(data)
            entry, by, signature = dict(stored["entry"]), str(stored["by"]), str(stored["signature"])
        except (ValueError, KeyError, TypeError):
            raise DamagedError from None
        if by == self.by and not hmac.compare_digest(signature, self._signature(name, entry)):
            raise DamagedError
        return Signed(entry, by)

    def load(self, name: str) -> dict[str, Any] | None:
        """The same; None also for what is damaged."""
        try:
            found = self.read(name)
        except DamagedError:
            return None
        return dict(found.entry) if found else None

    def set_aside(self, name: str) -> Path:
        """Move a damaged file out of the way, where that is possible; returns where it is."""
        with suppress(OSError):
            return set_aside(self._folder / name)
        return self._folder / name

    def _encoded(self, name: str, entry: Mapping[str, Any]) -> bytes:
        stored = {"entry": entry, "by": self.by, "signature": self._signature(name, entry)}
        return json.dumps(stored).encode()

    def _signature(self, name: str, entry: Mapping[str, Any]) -> str:
        return self._hash(json.dumps([name, entry], sort_keys=True).encode())

    def _hash(self, data: bytes) -> str:
        return hmac.new(self._token, data, hashlib.sha256).hexdigest()
