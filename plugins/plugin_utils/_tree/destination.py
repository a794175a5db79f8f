# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A tree as a YAML file, vaulted if it has values: they are never on disk in the clear."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from ansible.errors import AnsibleError
from ansible.parsing.vault import VaultLib, match_encrypt_secret

from ...module_utils._api.errors import OptionError
from .._core_internals import vault_secrets
from .._files import replace_file

_HEADER = "$ANSIBLE_VAULT"
# The ID that a file does not name.
_DEFAULT = "default"
_STATIC = "static_secrets"


@dataclass(frozen=True)
class TreeFile:
    """The file of a tree.

    :arg loader: Ansible's, which knows the vault's passwords.
    :arg vault_id: of the password to encrypt with; None: the first one.
    :arg is_vaulted: the file is encrypted as a whole.
    """

    loader: Any
    path: Path
    vault_id: str | None
    is_vaulted: bool

    def write(self, tree: Mapping[str, Any], *, check_mode: bool) -> bool:
        """Write the tree unless the file holds it already, and return whether it is another one.

        :raises OptionError: the file cannot be written, or there is no password to encrypt with.
        """
        text = yaml.safe_dump(dict(tree), sort_keys=False, allow_unicode=True, width=1000).encode("utf-8")
        # Without a password nothing is predicted either.
        identity, secret = self._password() if self.is_vaulted else (None, None)
        if self._present(identity) == text:
            return False
        if not check_mode:
            try:
                replace_file(self.path, self._encrypted(text, identity, secret) if self.is_vaulted else text)
            except OSError as error:
                raise OptionError("dest", f"{error.filename}: {error.strerror}.") from None
        return True

    def _password(self) -> tuple[str | None, Any]:
        """Return the ID and the password to encrypt with.

        :raises OptionError: this run has none.
        """
        secrets = vault_secrets(self.loader)
        if not secrets:
            raise OptionError(
                "vault_id",
                "values are written only encrypted, and this run has no vault password (--vault-id, "
                "--vault-password-file, ANSIBLE_VAULT_PASSWORD_FILE).",
            )
        try:
            identity, secret = match_encrypt_secret(secrets, encrypt_vault_id=self.vault_id)
        except AnsibleError:
            known = ", ".join(sorted({str(name) for name, _secret in secrets}))
            raise OptionError(
                "vault_id", f"this run has no password of the ID {self.vault_id!r}, but {known}."
            ) from None
        return identity, secret

    def _encrypted(self, text: bytes, identity: str | None, secret: Any) -> bytes:
        return bytes(VaultLib(vault_secrets(self.loader)).encrypt(text, secret=secret, vault_id=identity))

    def _present(self, identity: str | None) -> bytes | None:
        """Return the text of the file; None: there is none, or it is encrypted otherwise.

        :arg identity: of the password.
        """
        try:
            data = self.path.read_bytes()
        except OSError:
            return None
        if not self.is_vaulted:
            return data
        if _label(data) != (identity or _DEFAULT):
            return None
        try:
            return bytes(VaultLib(vault_secrets(self.loader)).decrypt(data))
        except AnsibleError:
            return None


def _label(data: bytes) -> str | None:
    """Return the ID of the password that a file is encrypted with; None: it is not encrypted."""
    parts = data.partition(b"\n")[0].decode("ascii", "replace").split(";")
    if parts[0] != _HEADER:
        return None
    return parts[3] if len(parts) > 3 else _DEFAULT


def without_values(tree: Mapping[str, Any]) -> dict[str, Any]:
    """Return the tree without values of static secrets."""
    secrets = tree.get(_STATIC) or {}
    kept = {path: _visible(secret) for path, secret in secrets.items()}
    return {**tree, **({_STATIC: kept} if kept else {})}


def _visible(secret: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in secret.items() if name != "secret"}
