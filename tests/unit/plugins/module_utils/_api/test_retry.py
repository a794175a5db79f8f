# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a service may ask in Retry-After, and what is said about it."""

from __future__ import annotations

import email.utils
import time

import pytest
from ansible_collections.community.workload_credentials.plugins.module_utils._api.retry import (
    RetryState,
    asked_wait,
    delay,
)
from hypothesis import example, given
from hypothesis import strategies as st

NUMBERS = st.text(alphabet="0123456789²-+., ٣", max_size=30)
DATES = st.text(alphabet="MonTueJan0123456789:+- ,GMT", max_size=40)


@given(st.none() | st.text() | NUMBERS | DATES)
@example("²")
@example("9" * 5000)
@example("Wed, 21 Oct 99999 07:28:00 GMT")
@example("Mon, 00 Jan 0000 00:00:00 +99999999999999999999")
def test_any_header_is_seconds_or_none(header: str | None) -> None:
    asked = asked_wait(header)
    assert asked is None or 0 <= asked <= 1e9
    pause = delay(0, asked)
    assert pause is None or 0 <= pause <= 120
    assert RetryState(1, asked).sentences()


@pytest.mark.parametrize(("header", "seconds"), [("0", 0), (" 7 ", 7), ("120", 120), ("1.5", None), ("-1", None)])
def test_a_number(header: str, seconds: float | None) -> None:
    assert asked_wait(header) == seconds


def test_a_date() -> None:
    asked = asked_wait(email.utils.formatdate(time.time() + 100, usegmt=True))
    assert asked is not None
    assert 90 < asked <= 100
