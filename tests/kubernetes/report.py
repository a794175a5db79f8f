# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How long steps tell that they go on."""

from __future__ import annotations

import sys
from collections.abc import Callable

Report = Callable[[str], None]


def report_to_stderr(message: str) -> None:
    """Show progress without disturbing what is printed."""
    print(message, file=sys.stderr, flush=True)
