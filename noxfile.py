# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sessions of antsibull-nox, for those who know them from other collections: what they do is in antsibull-nox.toml."""

# /// script
# dependencies = ["nox>=2025.02.09", "antsibull-nox>=1.10.0"]
# ///

import sys

import nox

try:
    import antsibull_nox
except ImportError:
    sys.exit("Install antsibull-nox in the Python environment of nox.")


antsibull_nox.load_antsibull_nox_toml()


if __name__ == "__main__":
    nox.main()
