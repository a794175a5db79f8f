# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Isolated environments for demo and tests, of the standard library alone: nothing need be installed first."""

# Read by whatever Python there is, so it has to parse everywhere: only then can it say what is missing.
import sys

if sys.version_info < (3, 9):
    sys.exit(
        "Python 3.9 or newer is needed to start, %s is %d.%d: name another, as in `make test PYTHON=python3.11`."
        % ((sys.executable,) + sys.version_info[:2])
    )
