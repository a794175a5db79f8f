# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The environment's word for what is reached without a proxy."""

from __future__ import annotations

import os
from urllib.parse import urlsplit

# Programs read one of them or the other.
_NAMES = ("NO_PROXY", "no_proxy")


def without_proxy(url: str) -> dict[str, str]:
    """Both variables, with what they hold already and the host of this address."""
    given = [one.strip() for name in _NAMES for one in os.environ.get(name, "").split(",")]
    hosts = "*" if "*" in given else ",".join(dict.fromkeys([*filter(None, given), str(urlsplit(url).hostname)]))
    return dict.fromkeys(_NAMES, hosts)
