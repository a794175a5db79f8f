# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long to wait between two attempts, and what to say about it in the end.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

import email.utils
import random
import re
import time
from dataclasses import dataclass

LONGEST_WAIT = 120.0
# About thirty years: longer ones are the same, and no number is too large to be written.
_FOREVER = 1e9
# Larger numbers mean the same in any header.
_LARGEST = 1e12


@dataclass(frozen=True)
class Patience:
    """``attempts`` were made; ``asked`` seconds is what the service asked to wait after the last, None: it did not.

    ``waited`` seconds were spent between them because the service asked for it.
    """

    attempts: int = 1
    asked: float | None = None
    waited: float = 0.0

    def words(self) -> str:
        """The same in a sentence or two."""
        times = "once" if self.attempts == 1 else f"{self.attempts} times"
        if self.asked is None:
            return f"It was tried {times}."
        longer = f", longer than the {LONGEST_WAIT:g} s that a task waits" if self.asked > LONGEST_WAIT else ""
        spent = f" This task had waited {self.waited:.0f} s before." if self.waited >= 1 else ""
        return f"It was tried {times}, and the service asks to wait {self.asked:.0f} s{longer}.{spent}"


def delay(attempt: int, asked: float | None) -> float | None:
    """Seconds to wait before the next attempt; None: the service asks for more patience than a task should have.

    :arg attempt: 0 after the first attempt.
    :arg asked: seconds that the answer asked for.
    """
    if asked is None:
        return random.uniform(0.5, 1.0) * min(0.25 * 2.0**attempt, 10.0)
    return asked if asked <= LONGEST_WAIT else None


def whole_number(header: str | None) -> float | None:
    """A header's number without sign and fraction; None: it is absent or something else."""
    value = (header or "").strip()
    return min(float(value), _LARGEST) if re.fullmatch("[0-9]+", value) else None


def asked_wait(header: str | None) -> float | None:
    """Seconds that a Retry-After asks to wait (RFC 9110, section 10.2.3: a number or a date); None: neither."""
    value = (header or "").strip()
    number = whole_number(value)
    if number is not None:
        return min(number, _FOREVER)
    try:
        parsed = email.utils.parsedate_tz(value) if value else None
        left = email.utils.mktime_tz(parsed) - time.time() if parsed else None
    except (ValueError, OverflowError, TypeError, IndexError):
        # The standard library takes some texts for dates that are none.
        return None
    return None if left is None else min(max(left, 0.0), _FOREVER)
