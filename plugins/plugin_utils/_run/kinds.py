# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How leases of each kind of source are found and ended: a new kind is one entry of KINDS.

A note names its kind. Leases that nothing can end early (``revocable`` false in their notes) are not asked for here,
and those of a kind that has no entry are only named. Private to this collection: it may change at any time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Callable

from ansible_collections.community.workload_credentials.plugins.module_utils._api.client import Client
from ansible_collections.community.workload_credentials.plugins.module_utils._api.paths import parse_path
from ansible_collections.community.workload_credentials.plugins.module_utils._resources._parts.ending import (
    Ended,
    end_leases,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._resources._parts.leases import (
    living_leases,
)

DYNAMIC_SECRET = "dynamic_secret"


@dataclass(frozen=True)
class Kind:
    """What can be done with a kind's leases.

    :arg end: ends leases, each with ``id``, ``expiration`` and ``revocable``, and says what became of each, in order.
    :arg living: the living leases of a source with ``id``, ``expiration``, ``created_at``, ``created_by`` and
        ``dynamic_secret_type``, among which the one of a request is that had no answer.
    """

    end: Callable[[Client, Sequence[Mapping[str, Any]]], list[Ended]]
    living: Callable[[Client, str], list[dict[str, Any]]]


KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        DYNAMIC_SECRET: Kind(
            end=end_leases, living=lambda client, source: living_leases(client, parse_path(source, "path"))
        )
    }
)
