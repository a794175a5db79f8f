# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The keys, certificates and tokens of one control plane, made anew at each start."""

from __future__ import annotations

import base64
import datetime
import ipaddress
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

ADDRESS: Final = "127.0.0.1"
KUBECONFIG_MARK: Final = "# A control plane for tests; this file is of use only while it runs."
_HOST_NAMES: Final = ("localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc")
_VALIDITY: Final = datetime.timedelta(days=30)


def write_private(path: Path, content: str | bytes) -> None:
    """Write a file that only its owner can read, from its first byte on."""
    data = content.encode() if isinstance(content, str) else content
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(data)


def write_server_certificate(folder: Path) -> Path:
    """Write `server.crt` and `server.key`, and return the path of the authority's `ca.crt` (its key is not kept)."""
    ca_key = ec.generate_private_key(ec.SECP256R1())
    ca_name = _name("workload-credentials-tests")
    ca = (
        _certificate(ca_name, ca_name, ca_key.public_key(), ca_key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(signs_certificates=True), critical=True)
        .sign(ca_key, hashes.SHA256())
    )
    key = ec.generate_private_key(ec.SECP256R1())
    addresses: list[x509.GeneralName] = [x509.DNSName(name) for name in _HOST_NAMES]
    addresses.append(x509.IPAddress(ipaddress.ip_address(ADDRESS)))
    certificate = (
        _certificate(_name("kube-apiserver"), ca_name, key.public_key(), ca_key.public_key())
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName(addresses), critical=False)
        .sign(ca_key, hashes.SHA256())
    )
    write_private(folder / "server.key", _private_pem(key))
    write_private(folder / "server.crt", certificate.public_bytes(serialization.Encoding.PEM))
    write_private(folder / "ca.crt", ca.public_bytes(serialization.Encoding.PEM))
    return folder / "ca.crt"


def write_service_account_key(folder: Path) -> Path:
    """Write the key that signs service account tokens (RSA: those who verify tokens elsewhere expect RS256)."""
    path = folder / "service-accounts.key"
    write_private(path, _private_pem(rsa.generate_private_key(public_exponent=65537, key_size=2048)))
    return path


def write_tokens(path: Path, users: Mapping[str, str]) -> dict[str, str]:
    """Write a token file for the users (name to group) and return the token of each."""
    tokens = {user: secrets.token_urlsafe(32) for user in users}
    write_private(path, "".join(f"{tokens[user]},{user},{user},{group}\n" for user, group in users.items()))
    return tokens


def kubeconfig(server: str, ca_cert: Path, user: str, token: str, namespace: str = "default") -> str:
    """Return a kubeconfig that needs no other file."""
    return f"""{KUBECONFIG_MARK}
apiVersion: v1
kind: Config
clusters:
- name: tests
  cluster:
    server: {server}
    certificate-authority-data: {base64.b64encode(ca_cert.read_bytes()).decode()}
users:
- name: {user}
  user:
    token: {token}
contexts:
- name: tests
  context:
    cluster: tests
    user: {user}
    namespace: {namespace}
current-context: tests
"""


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _certificate(
    subject: x509.Name,
    issuer: x509.Name,
    public_key: ec.EllipticCurvePublicKey,
    issuer_key: ec.EllipticCurvePublicKey,
) -> x509.CertificateBuilder:
    # Python 3.13 verifies strictly: it wants both key identifiers.
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + _VALIDITY)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key), critical=False)
    )


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _private_pem(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
