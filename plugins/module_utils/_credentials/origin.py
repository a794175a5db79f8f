# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where leases come from and as whom, for all that a run keeps of them: notes, stored credentials, and their end.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from ansible_collections.community.workload_credentials.plugins.module_utils._api.settings import Settings

DYNAMIC_SECRET = "dynamic_secret"


@dataclass(frozen=True)
class Origin:
    """One service as one identity sees it: what is kept for one is never found by another.

    :arg kind: of its leases, by which they are found and ended.
    :arg site: the service's address.
    :arg secret: what is kept is sealed with it, so that only who has it can read that.
    :arg identity: what else tells identities apart.
    :arg connection: what a process that ends leases makes its client of; nothing but what JSON has.
    """

    kind: str
    site: str
    secret: str = field(repr=False)
    identity: tuple[str, ...] = ()
    connection: Mapping[str, Any] = field(default_factory=dict, repr=False)


def origin_of(settings: Settings) -> Origin:
    """A site of the Secrets API, with the token that is in force now.

    :raises OptionError: there is none.
    """
    identity = (str(settings.service_name), str(settings.auth_role))
    return Origin(DYNAMIC_SECRET, settings.base_url, settings.token(), identity, asdict(settings))
