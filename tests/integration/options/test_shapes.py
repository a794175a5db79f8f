# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates and tokens in the shapes in which people carry them, against a real server over TLS."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from ansible_collections.community.workload_credentials.plugins.module_utils._api.errors import OptionError
from ansible_collections.community.workload_credentials.plugins.module_utils._api.request import Request

from tests.support.site import TOKEN, Site

SESSION = Request("GET", "/session")
SHAPES: dict[str, Callable[[str], str]] = {
    "comments": lambda pem: f"# Ключ и Größe\n{pem}# конец\n",
    "carriage returns": lambda pem: pem.replace("\n", "\r\n"),
    "old line ends": lambda pem: pem.replace("\n", "\r"),
    "written line ends": lambda pem: pem.replace("\n", "\\n"),
    "line ends written twice": lambda pem: pem.replace("\n", "\\\\r\\\\n"),
    "indentation": lambda pem: re.sub("^", "    ", pem, flags=re.MULTILINE),
    "trailing spaces": lambda pem: pem.replace("\n", " \t\n"),
    "one line": lambda pem: pem.replace("\n", " "),
    "no line ends in it": lambda pem: pem.replace("\n", ""),
    "empty lines": lambda pem: pem.replace("\n", "\n\n"),
    "quotes": lambda pem: f'"{pem}"',
    "a byte order mark": lambda pem: f"\ufeff{pem}",
    "spaces that do not break": lambda pem: pem.replace("\n", "\xa0\n"),
    "twice": lambda pem: f"{pem}text\n{pem}",
    "bag attributes": lambda pem: f"Bag Attributes\n    friendlyName: Größe\nsubject=/CN=x\n{pem}",
    "a key beside it": lambda pem: f"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n{pem}",
}


@pytest.mark.parametrize("shape", SHAPES)
def test_a_certificate_in_any_shape_is_trusted_as_text_and_as_file(site: Site, tmp_path: Path, shape: str) -> None:
    text = SHAPES[shape](Path(site.emulator.ca_cert).read_text())
    assert site.client(ca_cert=text).get(SESSION) == {"valid": True}
    for encoding in ("utf-8", "utf-16"):
        file = tmp_path / f"ca-{encoding}.pem"
        file.write_bytes(text.encode(encoding))
        assert site.client(ca_cert=str(file)).get(SESSION) == {"valid": True}


def test_bytes_of_an_old_encoding_around_a_certificate_do_not_matter(site: Site, tmp_path: Path) -> None:
    file = tmp_path / "ca.pem"
    file.write_bytes(b"# Gr\xf6\xdfe\n" + Path(site.emulator.ca_cert).read_bytes())
    assert site.client(ca_cert=str(file)).get(SESSION) == {"valid": True}


@pytest.mark.parametrize(
    "damage",
    [
        lambda pem: pem[: len(pem) // 2],
        lambda pem: pem.replace("M", "*", 1),
        lambda pem: pem + pem[: len(pem) // 2],
        lambda pem: re.sub("\n[^-]+\n", "\nAAAA\n", pem),
        lambda pem: pem.replace("CERTIFICATE", "PRIVATE KEY"),
        lambda pem: "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n",
    ],
)
def test_a_damaged_certificate_names_the_option(site: Site, damage: Callable[[str], str]) -> None:
    text = damage(Path(site.emulator.ca_cert).read_text())
    with pytest.raises(OptionError, match="^ca_cert: ") as caught:
        site.client(ca_cert=text).get(SESSION)
    assert "\n" not in str(caught.value)
    assert site.requests() == []


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "ascii"])
def test_a_token_file_may_have_a_byte_order_mark(site: Site, tmp_path: Path, encoding: str) -> None:
    file = tmp_path / "token"
    file.write_bytes(f"{TOKEN}\r\n".encode(encoding))
    assert site.client(access_token=None, access_token_file=str(file)).get(SESSION) == {"valid": True}
    assert site.client(access_token=f"\ufeff{TOKEN}\n").get(SESSION) == {"valid": True}


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"\xff\xfea", b"\xef\xbb\xbf", b"a\x00b", b"a b", b"\xd6"])
def test_a_token_file_without_a_token_names_the_option(site: Site, tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "token"
    file.write_bytes(content)
    for path in (str(file), str(tmp_path), f"{file}\0"):
        with pytest.raises(OptionError, match="^access_token_file: "):
            site.client(access_token=None, access_token_file=path).get(SESSION)
