# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The keys that issuers publish: fetched where their discovery document says (OpenID Connect), or given by file."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import jwt
import requests

from ..clock import Clock
from ..errors import StartError
from ..identity import read_keys

_DISCOVERY = "/.well-known/openid-configuration"
_TIMEOUT = 5
# Seconds after which the keys are fetched again; before that only for a key that is not among them.
_FRESH = 300.0


class Trust:
    """The keys of issuers, by their address.

    :arg ca: what their servers' certificates are checked against; what is usual on this machine without it.
    :arg given: files of keys, each a JSON Web Key Set, of issuers that are never asked.
    """

    def __init__(self, clock: Clock, ca: Path | None = None, given: Mapping[str, Path] | None = None) -> None:
        self._clock = clock
        self._ca = ca
        self._given = {issuer.rstrip("/"): read_keys(file) for issuer, file in (given or {}).items()}
        self._fetched: dict[str, tuple[float, list[jwt.PyJWK]]] = {}

    @classmethod
    def of(cls, clock: Clock, ca: Path | None, given: Sequence[str]) -> Trust:
        """From files as the command line names them, as in ``https://issuer.example.com=keys.json``.

        :raises StartError: a file is no JSON Web Key Set, or no certificate.
        """
        parts = [one.rpartition("=") for one in given]
        for issuer, _equals, file in parts:
            if not issuer.startswith("https://") or not file:
                raise StartError(f"{issuer or file!r} is no issuer with a file: give https://ISSUER=FILE.")
        if ca is not None and not ca.is_file():
            raise StartError(f"{ca} cannot be read.")
        return cls(clock, ca, {issuer: Path(file) for issuer, _equals, file in parts})

    def forget(self) -> None:
        """Fetch all keys again when they are needed next."""
        self._fetched.clear()

    def keys(self, issuer: str) -> list[jwt.PyJWK]:
        """The keys that are known by now."""
        given = self._given.get(issuer.rstrip("/"))
        return self._fetched.get(issuer, (0.0, []))[1] if given is None else given

    async def prepare(self, issuer: str, key_id: str | None) -> None:
        """Fetch the issuer's keys, if they are old or this key is not among them; whoever cannot be asked has none."""
        if issuer.rstrip("/") in self._given:
            return
        fetched, known = self._fetched.get(issuer, (float("-inf"), []))
        is_fresh = self._clock.passed() - fetched < _FRESH
        if is_fresh and any(key_id in (None, key.key_id) for key in known):
            return
        keys = await asyncio.to_thread(self._fetch, issuer)
        self._fetched[issuer] = (self._clock.passed(), keys)

    def _fetch(self, issuer: str) -> list[jwt.PyJWK]:
        with requests.Session() as session:
            # Neither proxies nor another CA of the environment concern an issuer that has a CA of its own.
            session.trust_env = self._ca is None
            session.verify = str(self._ca) if self._ca else True
            try:
                document = _read(session, issuer.rstrip("/") + _DISCOVERY)
                return jwt.PyJWKSet.from_dict(_read(session, document["jwks_uri"])).keys
            except (requests.RequestException, ValueError, TypeError, KeyError, AttributeError, jwt.PyJWTError):
                return []


def _read(session: requests.Session, url: str) -> Any:
    if not url.startswith("https://"):
        raise ValueError(url)
    response = session.get(url, timeout=_TIMEOUT, allow_redirects=False)
    response.raise_for_status()
    return response.json()
