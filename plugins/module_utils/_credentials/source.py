# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What credentials come from: what is known before any are minted, and minting.

A new source is one file beside this one, and an entry of _run/kinds.py where its leases can be ended.
Private to this collection: it may change at any time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from ansible_collections.community.workload_credentials.plugins.module_utils._credentials.lease import Credentials
from ansible_collections.community.workload_credentials.plugins.module_utils._providers import Provider


@dataclass(frozen=True)
class Facts:
    """What can be known without minting.

    :arg keys: of the credentials.
    :arg life: of a lease, in seconds; None: without an end.
    :arg provider: whose credentials they are; None: nobody's in particular.
    """

    keys: tuple[str, ...]
    life: int | None
    provider: Provider | None


class Source(Protocol):
    """Something that credentials come from."""

    @property
    def identity(self) -> str:
        """What names it, in messages too."""

    @property
    def variant(self) -> str:
        """What else of it makes other credentials than those of a source of the same identity; "": nothing."""

    @property
    def lease_id(self) -> str | None:
        """The ID that its next lease will have; None: the service chooses it."""

    def facts(self) -> Facts:
        """What is known without minting; asked for once.

        :raises WorkloadCredentialsError: there is no such source, or it may not be read.
        """

    def mint(self) -> Credentials:
        """New credentials; where nothing has to be minted, those that are there.

        :raises WorkloadCredentialsError: none were minted; or, and then the text says so, some may have been.
        """

    def placeholder(self) -> Credentials:
        """Values of the right keys that are obviously none, of a lease that is none; nothing is minted.

        :raises WorkloadCredentialsError: it cannot be known which keys.
        """
