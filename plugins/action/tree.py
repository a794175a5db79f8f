# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module tree runs in the worker where that is the same thing; its files are read on the controller."""

from __future__ import annotations

from ..plugin_utils._in_process import ActionModule as _InProcess
from ..plugin_utils._tree.action import WithFiles


class ActionModule(WithFiles, _InProcess):
    """Hands over the content of files as data."""
