# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Says what the process that evaluates a template has loaded."""

from __future__ import annotations

import sys
from typing import Any


def is_loaded(module: str) -> bool:
    """Whether the module of this name is loaded."""
    return module in sys.modules


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Any]:
        """Name and function of each."""
        return {"is_loaded": is_loaded}
