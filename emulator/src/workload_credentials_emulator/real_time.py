# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Time that nobody moves: neither a test's own clock nor a library that stops Python's."""

from __future__ import annotations

import time

# Libraries that freeze time replace time.monotonic, and leave this one alone.
_CLOCK = getattr(time, "CLOCK_MONOTONIC", None)


def real_seconds() -> float:
    """Seconds since some moment in the past."""
    return time.monotonic() if _CLOCK is None else time.clock_gettime(_CLOCK)
