# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Everything that one emulator knows: its sites, who may use them, and what tests have arranged."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from .behaviour import Behaviour
from .clock import Clock, written
from .faults import Faults
from .fill import Content
from .identity import Identities
from .items import DynamicSecret, Lease
from .journal import Journal
from .new_token import of_principal
from .platform.administration import Administration
from .platform.trust import Trust
from .rate_limit import RateLimit
from .real_time import real_seconds
from .site import Site
from .tokens import Token, token_id, token_table

# What a lease tells of its dynamic secret's configuration.
_SHOWN_CONFIG = ("credentialType", "roleArn", "applicationObjectId")


DOCUMENT = Behaviour()
# A test that sets one of these counts from there.
_LIMITS = {"rate_limit", "rate_window"}


class Emulation:
    """The state behind the server.

    :arg admin_site: the administration site.
    :arg admin_tokens: those that open it.
    :arg issuer_ca: what the issuers of workloads' tokens are trusted by.
    :arg issuer_keys: the files of keys of those that are not asked, as in ``https://issuer.example.com=keys.json``.
    :arg behaviour: how all sites behave at first.
    :arg leading_slash: show the paths of static secrets with a slash before them.
    :arg contents: what sites begin with.
    :arg principals: tokens of principals, as the command line names them.
    """

    def __init__(
        self,
        sites: Sequence[str],
        tokens: Sequence[str],
        *,
        admin_site: str,
        admin_tokens: Sequence[str],
        behaviour: Behaviour = DOCUMENT,
        identities: Identities | None = None,
        issuer_ca: Path | None = None,
        issuer_keys: Sequence[str] = (),
        leading_slash: bool = False,
        contents: Sequence[Content] = (),
        principals: Sequence[str] = (),
    ) -> None:
        self.over = asyncio.Event()
        self.clock = Clock()
        self.faults = Faults()
        self.journal = Journal()
        self.identities = identities or Identities()
        self.trust = Trust.of(self.clock, issuer_ca, issuer_keys)
        self._leading_slash = leading_slash
        self._contents = contents
        self._first_behaviour = behaviour
        # Of sites that do not exist.
        self._behaviour = behaviour
        self.sites = {site.lower(): self._new_site(site.lower()) for site in sites}
        self._admin_site = admin_site.lower()
        self.administration = self._new_administration()
        self.tokens: dict[str, Token] = token_table(list(self.sites), tokens)
        for value in admin_tokens:
            self.tokens[value] = Token(token_id(value), frozenset([self._admin_site]))
        for one in principals:
            value, token = of_principal(one, list(self.sites))
            self.tokens[value] = token
        for content in contents:
            self.tokens |= content.all_tokens(list(self.sites))

    def reset(self) -> None:
        """Begin anew, with the same sites and the tokens that there are."""
        # Requests that wait for the end of a delay must not act on what comes after.
        self.over.set()
        self.over = asyncio.Event()
        self.clock.reset()
        self.faults.clear()
        self.journal.clear()
        self._behaviour = self._first_behaviour
        self.sites = {id: self._new_site(id) for id in self.sites}
        self.administration = self._new_administration()
        self.trust.forget()

    def behaviour_of(self, site: str = "") -> Behaviour:
        """How the site behaves; that of all others where there is no such site."""
        found = self.administration if site == self.administration.id else self.sites.get(site)
        return found.behaviour if found else self._behaviour

    def behave(self, site: str, living: bool | None, fields: dict[str, Any]) -> None:
        """Change how one site behaves, or all: first by choosing a world, then in these fields."""
        for one in self._behaving(site):
            one.behaviour = replace(_world(living, one.behaviour), **fields)
            if living is not None or fields.keys() & _LIMITS:
                one.rate_limit = RateLimit()
        if not site:
            self._behaviour = replace(_world(living, self._behaviour), **fields)

    def _behaving(self, site: str) -> Iterator[Site | Administration]:
        """The site, or all of them."""
        everywhere: list[Site | Administration] = [*self.sites.values(), self.administration]
        return (one for one in everywhere if site in ("", one.id))

    def _new_administration(self) -> Administration:
        return Administration(self._admin_site, self.clock, self._first_behaviour, self.sites)

    def _new_site(self, id: str) -> Site:
        # What a site begins with was written long ago, and nobody is behind.
        site = Site(id, self.clock, DOCUMENT, leading_slash=self._leading_slash)
        for content in self._contents:
            content.add_to(site)
        site.behaviour = self._first_behaviour
        return site

    def leases(self, only: str = "") -> dict[str, Any]:
        """How many leases there were, are, and where; never their values.

        :arg only: leave out all other sites.
        """
        sites = [site for site in self.sites.values() if only in ("", site.id)]
        leases = [(site, lease, state) for site in sites for lease, state in site.leases.shown()]
        forgotten = [one for site in sites for one in site.leases.forgotten()]
        by_path: dict[str, dict[str, int]] = {}
        total = _no_counts()
        for path, state, number in (*forgotten, *((lease.path, state, 1) for _site, lease, state in leases)):
            _count(by_path.setdefault(path, _no_counts()), state, number)
            _count(total, state, number)
        shown = [
            {
                "id": lease.id,
                "site": site.id,
                "path": lease.path,
                "type": lease.type,
                "state": state,
                "createdAt": written(lease.created_at),
                "expiration": written(lease.expires_at),
            }
            for site, lease, state in leases
        ]
        return {**total, "by_path": by_path, "leases": shown}


def new_lease(site: Site, secret: DynamicSecret, *, id: str, entity: str, created_by: str) -> Lease:
    """Make the lease of credentials that were just generated."""
    now = site.clock.now()
    shown = {key: value for key, value in secret.config.items() if key in _SHOWN_CONFIG}
    lease = Lease(
        id=id,
        secret_id=secret.id,
        path=secret.path,
        type=secret.type,
        config=shown,
        entity=entity,
        created_at=now,
        expires_at=now + timedelta(seconds=secret.config["ttl"]),
        created_by=created_by,
        known_from=real_seconds() + site.behaviour.lease_lag,
    )
    site.leases.add(lease)
    return lease


def _world(living: bool | None, current: Behaviour) -> Behaviour:
    if living is None:
        return current
    return Behaviour.living() if living else DOCUMENT


def _no_counts() -> dict[str, int]:
    return {"minted": 0, "active": 0, "revoked": 0, "expired": 0}


def _count(counts: dict[str, int], state: str, number: int) -> None:
    counts["minted"] += number
    counts[state] += number
