# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Small files of a run that only its user can read, and only with a key that is on no disk.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

import fcntl
import hashlib
import hmac
import json
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Callable

from ansible_collections.community.workload_credentials.plugins.module_utils._api.errors import (
    MissingLibraryError,
    StateError,
)
from ansible_collections.community.workload_credentials.plugins.plugin_utils._files import replace_file

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
_KEY = "workload-credentials.key"
_LOCAL_TMP = "Ansible's setting local_tmp"


@contextmanager
def writing(folder: Path, setting: str) -> Iterator[None]:
    """Turn what keeps this from writing to a run's folder into an error for the user.

    :arg setting: what says where the folder is.
    :raises StateError: something does.
    """
    try:
        yield
    except OSError as error:
        meant = Path(os.fsdecode(error.filename)).parent if error.filename else folder
        if folder not in (meant, *meant.parents):
            # A journal elsewhere has its pointer, and the connection, in the run's own folder.
            setting = _LOCAL_TMP
        raise StateError(
            f"Nothing can be written to this run's folder {meant}: {error.strerror}. Its place is {setting}; see that "
            "there is space."
        ) from None


def key_of_run(folder: Path) -> str:
    """A random key that all workers of a run find, for who has no secret of his own to seal with.

    It lies beside what it seals, which is then as safe as a file of mode 0600 is.

    :arg folder: the run's own temporary folder.
    :raises StateError: nothing can be written there.
    """
    path = folder / _KEY
    with writing(folder, _LOCAL_TMP):
        if not path.exists():
            replace_file(path, os.urandom(32).hex().encode(), is_durable=False, keeps=True)
    return path.read_text(encoding="ascii")


class SealedFolder:
    """Files of mode 0600 in a folder of mode 0700, encrypted with a key made from a token.

    :arg folder: made when it is first used.
    :arg token: without it nothing in the folder can be read.
    :arg warn: called with a sentence when a file is not usable.
    :arg setting: what says where the folder is, for messages.
    :raises MissingLibraryError: cryptography is missing, though ansible-core brings it along.
    """

    # They serve one run, and are of no use without its key.
    _is_durable = False

    def __init__(self, folder: Path, token: str, warn: Callable[[str], None], setting: str = _LOCAL_TMP) -> None:
        if not HAS_CRYPTOGRAPHY:
            raise MissingLibraryError("cryptography", sys.executable)
        self._folder = folder
        self._token = token.encode()
        self._warn = warn
        self._setting = setting

    def name(self, *parts: str) -> str:
        """A file's name for these parts, which says nothing to who does not have the token."""
        return hmac.new(self._token, json.dumps(parts).encode(), hashlib.sha256).hexdigest()

    def names(self) -> list[str]:
        """The names of all files, also of those made with another token."""
        return sorted(path.name for path in self._folder.glob("*") if not path.suffix)

    def holds(self, name: str) -> bool:
        """Whether there is such a file."""
        return (self._folder / name).exists()

    @contextmanager
    def locked(self, name: str) -> Iterator[None]:
        """Keep everybody else who wants the same name waiting, threads and processes.

        :raises StateError: nothing can be written here.
        """
        with self._writing():
            descriptor = os.open(self._folder / f"{name}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def load(self, name: str) -> dict[str, Any] | None:
        """What was saved under the name; None: nothing, or nothing usable."""
        try:
            data = (self._folder / name).read_bytes()
        except OSError:
            # Who then wants to write here is told why that is not possible.
            return None
        try:
            salt, nonce, sealed = data[:_SALT], data[_SALT : _SALT + _NONCE], data[_SALT + _NONCE :]
            stored = json.loads(AESGCM(self._key(salt)).decrypt(nonce, sealed, name.encode()))
        except (InvalidTag, ValueError):
            self._warn("A file in this run's store of leases is damaged or foreign; it is ignored and replaced.")
            return None
        return stored if isinstance(stored, dict) else None

    def save(self, name: str, entry: Mapping[str, Any]) -> None:
        """Write it under the name, in the place of what was there.

        :raises StateError: nothing can be written here.
        """
        data = self._encoded(name, entry)
        with self._writing():
            replace_file(self._folder / name, data, is_durable=self._is_durable)

    def remove(self, name: str) -> None:
        """Remove the file; one that is not there is removed already."""
        with suppress(OSError):
            (self._folder / name).unlink()

    def _encoded(self, name: str, entry: Mapping[str, Any]) -> bytes:
        salt, nonce = os.urandom(_SALT), os.urandom(_NONCE)
        return salt + nonce + AESGCM(self._key(salt)).encrypt(nonce, json.dumps(entry).encode(), name.encode())

    @contextmanager
    def _writing(self) -> Iterator[None]:
        with writing(self._folder, self._setting):
            for folder in (self._folder.parent, self._folder):
                folder.mkdir(mode=0o700, exist_ok=True)
            yield

    def _key(self, salt: bytes) -> bytes:
        return HKDF(algorithm=SHA256(), length=32, salt=salt, info=b"workload-credentials lease store").derive(
            self._token
        )
