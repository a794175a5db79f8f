# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module dynamic_secret runs in the worker where that is the same thing."""

from __future__ import annotations

import ansible_collections.community.workload_credentials.plugins.plugin_utils._bytecode  # pylint: disable=unused-import

# Loaded here, in the process that all workers are forked from, and not by each of them.
import ansible_collections.community.workload_credentials.plugins.plugin_utils._leases.modules  # noqa: F401  # pylint: disable=unused-import

from ..plugin_utils._in_process import ActionModule

__all__ = ["ActionModule"]
