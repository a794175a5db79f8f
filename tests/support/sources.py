# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A source of credentials that are none, for what only needs to know that there is one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ansible_collections.community.workload_credentials.plugins.module_utils._credentials.lease import Credentials
from ansible_collections.community.workload_credentials.plugins.module_utils._credentials.source import Facts, Origin


@dataclass
class Made:
    """Its credentials are what ``make`` gives."""

    identity: str
    make: Callable[[], Credentials]
    cache_key: str = ""
    lease_id: str | None = None
    kind: str = "kind"
    site: str | None = None

    def facts(self) -> Facts:
        """Nothing."""
        return Facts((), None, None)

    def mint(self) -> Credentials:
        """What it makes."""
        return self.make()

    def placeholder(self) -> Credentials:
        """Nothing."""
        return Credentials({}, None)


def origin(site: str = "site", secret: str = "token", **more: Any) -> Origin:
    """One whose leases are of a kind that nobody knows."""
    return Origin("kind", site, secret, **more)
