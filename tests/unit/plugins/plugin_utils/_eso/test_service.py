# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A certificate authority that the operator could not read is refused by name."""

from __future__ import annotations

from textwrap import indent

import pytest
import trustme
from ansible_collections.community.workload_credentials.plugins.module_utils._api.errors import OptionError
from ansible_collections.community.workload_credentials.plugins.plugin_utils._eso.service import check_pem

PEM = trustme.CA().cert_pem.bytes().decode()


def test_certificates_with_words_around_them_are_usable() -> None:
    check_pem(f"# ours\n{PEM}\nand\n{PEM}", "ca")
    check_pem(PEM.replace("\n", "\r\n"), "ca")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (indent(PEM, "  "), "ca: the operator cannot read this PEM text: its lines are indented"),
        (PEM.replace("END CERTIFICATE", "END"), "there is no whole block"),
        ("-----BEGIN PRIVATE KEY-----\nx\n-----END PRIVATE KEY-----", "there is no whole block"),
        (PEM + PEM.replace("MII", "xxx", 1), "certificate 2 of 2 in it is not valid"),
    ],
)
def test_what_the_operator_cannot_read_is_refused(text: str, says: str) -> None:
    with pytest.raises(OptionError, match=says):
        check_pem(text, "ca")
