# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What credentials come from, and as whom: what is known before any are minted, and minting."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol

from .._api.settings import Settings
from .._providers import Provider
from .lease import DYNAMIC_SECRET, Credentials


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
    def kind(self) -> str:
        """Of its leases."""

    @property
    def site(self) -> str | None:
        """The address of the service that mints them; None: the one Secrets API that a run speaks with."""

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


@dataclass(frozen=True)
class Origin:
    """One service as one identity sees it: what is kept for one is never found by another.

    :arg kind: of its leases, by which they are found and ended.
    :arg site: the service's address.
    :arg secret: what is kept is sealed with it, so that only who has it can read that.
    :arg identity: what else tells identities apart.
    :arg connection: what a process that ends leases makes its client of; nothing but what JSON has.
    :arg is_noted: whether a run takes notes of its leases, which is of no use where nothing can end them.
    """

    kind: str
    site: str
    secret: str = field(repr=False)
    identity: tuple[str, ...] = ()
    connection: Mapping[str, Any] = field(default_factory=dict, repr=False)
    is_noted: bool = True


def origin_of(settings: Settings) -> Origin:
    """A site of the Secrets API, with the token that is in force now.

    :raises OptionError: there is none.
    """
    identity = (str(settings.service_name), str(settings.auth_role))
    return Origin(DYNAMIC_SECRET, settings.base_url, settings.token(), identity, asdict(settings))
