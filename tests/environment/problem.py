# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What only the person at the keyboard can put right."""

from __future__ import annotations


class MissingPrerequisiteError(Exception):
    """Something must be installed, or reachable, first; the message says what, and needs no traceback."""
