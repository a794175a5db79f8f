# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Leases that a run has minted already: shared by its workers, encrypted, and gone with the run (design, "Lookups").

Variables are evaluated lazily, so without it two uses of one variable would get halves of two leases.
Private to this collection: it may change at any time.
"""

from __future__ import annotations

import fcntl
import hashlib
import hmac
import json
import os
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Callable

from ansible_collections.community.workload_credentials.plugins.module_utils._api.errors import MissingLibraryError
from ansible_collections.community.workload_credentials.plugins.module_utils._api.settings import Settings
from ansible_collections.community.workload_credentials.plugins.module_utils._api.times import parse_time

try:
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF
except ImportError:
    HAS_CRYPTOGRAPHY = False
else:
    HAS_CRYPTOGRAPHY = True

_SALT = 16
_NONCE = 12


class LeaseStore:
    """Credentials of one identity, in files that only their owner can read.

    :arg folder: the run's own temporary folder; it goes with the run.
    :arg settings: whose leases these are. Another token, site or address never finds them.
    :arg warn: called with a sentence when a file is not usable.
    :raises MissingLibraryError: cryptography is missing, though ansible-core brings it along.
    """

    def __init__(self, folder: Path, settings: Settings, warn: Callable[[str], None]) -> None:
        if not HAS_CRYPTOGRAPHY:
            raise MissingLibraryError("cryptography", sys.executable)
        self._folder = folder / "workload-credentials"
        self._token = settings.token().encode()
        self._identity = json.dumps([settings.base_url, settings.service_name, settings.auth_role])
        self._warn = warn

    def get(self, path: str, scope: str, min_ttl: int, mint: Callable[[], Mapping[str, Any]]) -> dict[str, Any]:
        """The stored credentials while they last, else freshly minted ones.

        Whoever asks for the same meanwhile waits, also in another process.

        :arg scope: the inventory host, or "" for the whole run.
        :arg min_ttl: seconds that must be left.
        """
        name = self._name(path, scope)
        with self._locked(name):
            stored = self._load(name)
            if stored is not None and not _due(stored, min_ttl):
                return dict(stored["credentials"])
            credentials = dict(mint())
            self._save(name, {"path": path, "minted": time.time(), "credentials": credentials})
            return credentials

    def _name(self, path: str, scope: str) -> str:
        message = json.dumps([self._identity, path, scope]).encode()
        return hmac.new(self._token, message, hashlib.sha256).hexdigest()

    @contextmanager
    def _locked(self, name: str) -> Iterator[None]:
        self._folder.mkdir(mode=0o700, exist_ok=True)
        descriptor = os.open(self._folder / f"{name}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def _load(self, name: str) -> dict[str, Any] | None:
        try:
            data = (self._folder / name).read_bytes()
        except FileNotFoundError:
            return None
        try:
            salt, nonce, sealed = data[:_SALT], data[_SALT : _SALT + _NONCE], data[_SALT + _NONCE :]
            stored = json.loads(AESGCM(self._key(salt)).decrypt(nonce, sealed, name.encode()))
        except (InvalidTag, ValueError):
            self._warn("A file in this run's store of leases is damaged or foreign; it is ignored and replaced.")
            return None
        return stored if isinstance(stored, dict) else None

    def _save(self, name: str, entry: Mapping[str, Any]) -> None:
        salt, nonce = os.urandom(_SALT), os.urandom(_NONCE)
        sealed = AESGCM(self._key(salt)).encrypt(nonce, json.dumps(entry).encode(), name.encode())
        fresh = self._folder / f"{name}.new"
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(salt + nonce + sealed)
        # A reader sees the old entry or the new one, never half of one.
        os.replace(fresh, self._folder / name)

    def _key(self, salt: bytes) -> bytes:
        return HKDF(algorithm=SHA256(), length=32, salt=salt, info=b"workload-credentials lease store").derive(
            self._token
        )


def _due(stored: Mapping[str, Any], min_ttl: int) -> bool:
    """Whether the lease has less than min_ttl left.

    One whose whole life is shorter than that is kept for half of it: to renew at each use would give halves of two.
    """
    expiration = parse_time(stored["credentials"].get("expiration"))
    if expiration is None:
        return False
    left = (expiration - datetime.now(timezone.utc)).total_seconds()
    life = expiration.timestamp() - stored["minted"]
    return bool(left < min(min_ttl, life / 2))
