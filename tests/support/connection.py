# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A connection for tests that need none to be real."""

from __future__ import annotations

from typing import Any

from ansible_collections.community.workload_credentials.plugins.module_utils._api.settings import Settings
from ansible_collections.community.workload_credentials.plugins.module_utils._spec import CONNECTION

SITE = "a1b2c3d4-e5f6-4890-abcd-ef1234567890"


def settings(**changes: Any) -> Settings:
    """Settings as validated parameters make them, with these differences."""
    defaults = {name: option.get("default") for name, option in CONNECTION.items()}
    given = {"api_url": "https://api.example.com", "site_id": SITE, "access_token": "token-canary"}
    return Settings.from_parameters({**defaults, **given, **changes})
