# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where integrations are found.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

from ansible_collections.community.workload_credentials.plugins.module_utils._api.paths import segment


def integration_path(kind: str, name: str) -> str:
    """The path below the site's address."""
    return f"/integrations/{segment(kind)}/{segment(name)}"
