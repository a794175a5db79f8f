# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``memory.py FILE COMMAND...``: run the command, and write the peak memory of its largest process in MiB.

A process of its own, since the operating system knows only the largest of all the children that a process ever had.
"""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path


def main() -> int:
    """Return the command's own status."""
    status = subprocess.call(sys.argv[2:])
    # Linux counts in KiB, and includes what the children waited for.
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    Path(sys.argv[1]).write_text(f"{peak:.0f}", encoding="utf-8")
    return status


if __name__ == "__main__":
    sys.exit(main())
