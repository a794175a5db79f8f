# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Small files of a run: sealed, so that only its user can read them, or signed with its token."""

from __future__ import annotations

import fcntl
import hashlib
import hmac
import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...module_utils._api.errors import MissingLibraryError, OptionError, StateError
from .._files import replace_file, set_aside
from .journal import FOLDER

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
    """Turn an OSError of writing to a run's folder into an error for the user.

    :arg setting: the setting that says where the folder is.
    :raises StateError: nothing can be written.
    """
    try:
        yield
    except OSError as error:
        meant = Path(os.fsdecode(error.filename)).parent if error.filename else folder
        if folder not in (meant, *meant.parents):
            # The pointer to a journal elsewhere, and the connection, lie in the run's own folder.
            setting = _LOCAL_TMP
        raise StateError(
            f"Nothing can be written to this run's folder {meant}: {error.strerror}. Its place is {setting}; see that "
            "there is space."
        ) from None


def key_of_run(folder: Path) -> str:
    """Return a random key that all workers of a run share, to seal files where there is no token to seal them with.

    It lies beside the files, which are then as safe as files of mode 0600 are.

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
    :arg token: the key is made from it, so nothing in the folder can be read without it.
    :arg warn: called with a sentence when a file is not usable.
    :arg setting: the setting that says where the folder is, for messages.
    :raises MissingLibraryError: cryptography is missing, though ansible-core requires it.
    """

    # The files serve one run, and are of no use without its key.
    _is_durable = False

    def __init__(self, folder: Path, token: str, warn: Callable[[str], None], setting: str = _LOCAL_TMP) -> None:
        if not HAS_CRYPTOGRAPHY:
            raise MissingLibraryError("cryptography", sys.executable)
        self._folder = folder
        self._token = token.encode()
        self._warn = warn
        self._setting = setting

    def name(self, *parts: str) -> str:
        """Return a file's name for these parts, which reveals nothing without the token."""
        return hmac.new(self._token, json.dumps(parts).encode(), hashlib.sha256).hexdigest()

    def names(self) -> list[str]:
        """Return the names of all files, also of those made with another token."""
        return sorted(path.name for path in self._folder.glob("*") if not path.suffix)

    def holds(self, name: str) -> bool:
        """Return whether there is such a file."""
        return (self._folder / name).exists()

    @contextmanager
    def locked(self, name: str) -> Iterator[None]:
        """Keep other threads and processes waiting that lock the same name.

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
        """Return what was saved under the name; None: nothing, or nothing usable."""
        try:
            data = (self._folder / name).read_bytes()
        except OSError:
            # Writing, which comes next, reports what is wrong.
            return None
        try:
            salt, nonce, sealed = data[:_SALT], data[_SALT : _SALT + _NONCE], data[_SALT + _NONCE :]
            stored = json.loads(AESGCM(self._key(salt)).decrypt(nonce, sealed, name.encode()))
        except (InvalidTag, ValueError):
            self._warn("A file in this run's store of leases is damaged or foreign; it is ignored and replaced.")
            return None
        return stored if isinstance(stored, dict) else None

    def save(self, name: str, entry: Mapping[str, Any]) -> None:
        """Save the entry under the name, in the place of what was there.

        :raises StateError: nothing can be written here.
        """
        data = self._encoded(name, entry)
        with self._writing():
            replace_file(self._folder / name, data, is_durable=self._is_durable)

    def remove(self, name: str) -> None:
        """Remove the file, if it is there."""
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


@dataclass(frozen=True)
class Signed:
    """What a file holds.

    :arg by: tells tokens apart, and reveals nothing of them.
    """

    entry: Mapping[str, Any]
    by: str


class DamagedError(Exception):
    """The file is not what was saved there."""


class SignedFolder(SealedFolder):
    """Files that outlast a power cut, and that are signed with the token instead of sealed."""

    _is_durable = True

    @property
    def by(self) -> str:
        """A mark that tells this token apart."""
        return self._hash(b"whose files these are")

    def read(self, name: str) -> Signed | None:
        """Return what was saved under the name, with any token; None: there is no such file.

        :raises DamagedError: it is not whole, or claims this token and is not signed with it.
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
        """Return what was saved under the name, with any token; None: nothing, or it is damaged."""
        try:
            signed = self.read(name)
        except DamagedError:
            return None
        return dict(signed.entry) if signed else None

    def set_aside(self, name: str) -> Path:
        """Move a damaged file out of the way, if possible; return its place."""
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


class Codes:
    """The codes of MFA devices that a run has sent: each serves once.

    :arg folder: the run's own temporary folder.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def spend(self, device: str, code: str) -> None:
        """Note that a code is about to be sent.

        :raises OptionError: it was sent before.
        :raises StateError: nothing can be written.
        """
        # Sealed, since six digits can be found from a mere hash at once.
        files = SealedFolder(self._folder / FOLDER / "codes", key_of_run(self._folder), lambda _message: None)
        name = files.name(device, code)
        with files.locked(name):
            if files.holds(name):
                raise OptionError(
                    "token_code",
                    "this code was already used in this run, and works only once: share its session between hosts "
                    "(reuse=run), or take the device's next code.",
                )
            files.save(name, {})
