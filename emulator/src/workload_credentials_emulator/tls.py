# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The emulator's own certificate authority, and the server certificate that it signs."""

from __future__ import annotations

import os
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import trustme
from cryptography import x509

from .errors import StartError

_NAMES = ("localhost", "127.0.0.1", "::1")
_WILDCARDS = ("0.0.0.0", "::", "")


@dataclass(frozen=True)
class TlsFiles:
    """A CA to trust, and the server's certificate and key."""

    ca: Path
    certificate: Path
    key: Path


def tls_files(folder: Path, host: str, names: Sequence[str] = ()) -> TlsFiles:
    """The files in the folder: made if there are none, used if all are there.

    :arg names: more names and addresses that the certificate is for.
    :raises StartError: some of them are there, they are for other names, or the folder cannot be used.
    """
    files = TlsFiles(folder / "ca.pem", folder / "server.pem", folder / "server.key")
    paths = (files.ca, files.certificate, files.key)
    missing = [path.name for path in paths if not path.exists()]
    try:
        if len(missing) == len(paths):
            _make(files, host, names)
        elif missing:
            raise StartError(f"{folder} holds only a part of the TLS files: add {', '.join(missing)}, or empty it.")
        _try(files)
        if names:
            _require_names(files, names)
    except OSError as error:
        raise StartError(f"TLS cannot use {folder}: {error.strerror or error}.") from None
    return files


def _make(files: TlsFiles, host: str, more: Sequence[str]) -> None:
    files.ca.parent.mkdir(parents=True, exist_ok=True)
    authority = trustme.CA(organization_name="Secrets API emulator")
    names = dict.fromkeys((*_NAMES, *([] if host in _WILDCARDS else [host]), *more))
    try:
        certificate = authority.issue_cert(*names, organization_name="Secrets API emulator")
    except ValueError:
        raise StartError(f"a certificate cannot be for {', '.join(more)}: name hosts or IP addresses.") from None
    _write(files.key, certificate.private_key_pem.bytes(), 0o600)
    _write(files.certificate, b"".join(blob.bytes() for blob in certificate.cert_chain_pems), 0o644)
    _write(files.ca, authority.cert_pem.bytes(), 0o644)


def _write(path: Path, content: bytes, mode: int) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(content)


def _try(files: TlsFiles) -> None:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(files.certificate, files.key)
    except ssl.SSLError as error:
        raise StartError(f"{files.certificate} and {files.key} do not work: {error.reason}.") from None


def _require_names(files: TlsFiles, names: Sequence[str]) -> None:
    certificate = x509.load_pem_x509_certificate(files.certificate.read_bytes())
    alternatives = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    known = {str(one.value) for one in alternatives}
    missing = [name for name in names if name not in known]
    if missing:
        raise StartError(
            f"{files.certificate} is not for {', '.join(missing)}: empty {files.ca.parent}, and it is made anew."
        )
