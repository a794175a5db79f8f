# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The protocol of all sources of credentials, and the identity for which a run keeps leases."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol

from .._api.settings import Settings
from .._providers import Provider
from .lease import DYNAMIC_SECRET, Credentials


@dataclass(frozen=True)
class Facts:
    """What is known of a source without minting.

    :arg keys: of the credentials.
    :arg life: of a lease, in seconds; None: it does not end.
    :arg provider: of a dynamic secret; None: other sources have none.
    """

    keys: tuple[str, ...]
    life: int | None
    provider: Provider | None


class Source(Protocol):
    """A source of credentials."""

    @property
    def identity(self) -> str:
        """Return the name of the source, for messages too."""

    @property
    def kind(self) -> str:
        """Return the kind of its leases."""

    @property
    def site(self) -> str | None:
        """Return the address of the service that mints; None: the one service of its kind that the run speaks with."""

    @property
    def cache_key(self) -> str:
        """Return the options beyond `identity` that lead to other credentials, as a key for caches; "": none."""

    @property
    def lease_id(self) -> str | None:
        """Return the ID that its next lease will have; None: the service chooses it."""

    def facts(self) -> Facts:
        """Return what is known without minting; a run asks once.

        :raises WorkloadCredentialsError: there is no such source, or this identity may not read it.
        """

    def mint(self) -> Credentials:
        """Mint credentials, or return those that exist if the source has no leases.

        :raises WorkloadCredentialsError: none were minted, or some may have been; the message says which.
        """

    def placeholder(self) -> Credentials:
        """Return obvious placeholders under the right keys, without minting.

        :raises WorkloadCredentialsError: the keys cannot be known.
        """


@dataclass(frozen=True)
class Origin:
    """One service as one identity sees it: a run finds nothing that was kept for another identity.

    :arg kind: of its leases, which says how to list and end them.
    :arg site: the service's address.
    :arg secret: encrypts what is kept, so that only this identity can read it.
    :arg identity: what else tells identities apart.
    :arg connection: the options from which the process that ends leases makes its client, as JSON can hold them.
    :arg is_noted: whether a run takes notes of the leases: not if nothing can end them.
    """

    kind: str
    site: str
    secret: str = field(repr=False)
    identity: tuple[str, ...] = ()
    connection: Mapping[str, Any] = field(default_factory=dict, repr=False)
    is_noted: bool = True


def origin_of(settings: Settings) -> Origin:
    """Return a site of the Secrets API with the token that is in force now.

    :raises OptionError: there is no token.
    """
    identity = (str(settings.service_name), str(settings.auth_role))
    return Origin(DYNAMIC_SECRET, settings.base_url, settings.token(), identity, asdict(settings))
