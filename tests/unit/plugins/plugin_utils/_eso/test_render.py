# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where manifests are written."""

from __future__ import annotations

import pytest
from ansible_collections.community.workload_credentials.plugins.module_utils._api.errors import OptionError
from ansible_collections.community.workload_credentials.plugins.plugin_utils._eso.render import folder_of


def test_a_folder_that_no_system_can_have_is_named() -> None:
    with pytest.raises(OptionError, match="render_dir: .* is not a path"):
        folder_of("manifests\0")
