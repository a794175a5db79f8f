# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What can go wrong, each with a message that can be shown as it is."""

from __future__ import annotations


class ControlPlaneError(Exception):
    """The control plane could not be built, started or asked."""


class MissingPrerequisiteError(ControlPlaneError):
    """Something that the user must provide is not there."""
