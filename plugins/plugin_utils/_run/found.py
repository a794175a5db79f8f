# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The notes that a journal has, sorted by whose they are.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from ansible_collections.community.workload_credentials.plugins.module_utils._resources._parts.leases import named

if TYPE_CHECKING:
    from ansible_collections.community.workload_credentials.plugins.plugin_utils._run.notes import Note


@dataclass(frozen=True)
class Found:
    """The notes of a journal, by name.

    :arg own: of this identity; ``foreign``: with another token, of the same service.
    :arg elsewhere: of leases of other services, which this one knows nothing of.
    :arg damaged: what is left of others.
    :arg by: tells the tokens of ``own`` and ``foreign`` apart.
    """

    own: dict[str, Note] = field(default_factory=dict)
    foreign: dict[str, Note] = field(default_factory=dict)
    elsewhere: dict[str, Note] = field(default_factory=dict)
    damaged: list[str] = field(default_factory=list)
    by: dict[str, str] = field(default_factory=dict)

    def in_order(self) -> Found:
        """The same, in the order in which leases were asked for."""
        own, foreign, elsewhere = (
            dict(sorted(some.items(), key=lambda one: one[1].began))
            for some in (self.own, self.foreign, self.elsewhere)
        )
        return replace(self, own=own, foreign=foreign, elsewhere=elsewhere)


def elsewhere_words(notes: Iterable[Note]) -> str:
    """Leases of other services in a sentence, by service."""
    sites: dict[str, list[str]] = {}
    for one in notes:
        lease = named([one.listed]) if one.id else "one that was asked for"
        sites.setdefault(one.site, []).append(f"{lease} of {one.source}")
    return "; ".join(f"{site}: {', '.join(leases)}" for site, leases in sites.items())
