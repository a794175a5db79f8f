# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Workload identity: a token is presented in the name of a service, or of a role at another identity provider."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import jwt

from .errors import ApiError, InvalidRequest, StartError
from .tokens import Token, token_id

SERVICE_HEADER = "x-bt-service-name"
ROLE_HEADER = "x-bt-role"
AUTH_TYPE_HEADER = "x-bt-auth-type"
CUSTOM_IDP = "CUSTOM-IDP"


class Issuer:
    """An identity provider, by the keys that it publishes (RFC 7517); its tokens are JWTs (RFC 7519)."""

    def __init__(self, file: Path) -> None:
        """Read the keys.

        :raises StartError: the file is no JSON Web Key Set.
        """
        self._keys = read_keys(file)

    def token(self, value: str, site: str, now: datetime) -> Token | None:
        """The rights of this bearer at the site; None: the provider did not sign it, or not for this site and time."""
        claims = verified(value, self._keys, site, now)
        return None if claims is None else Token(token_id(value), frozenset([site]))


def read_keys(file: Path) -> list[jwt.PyJWK]:
    """The keys in a file.

    :raises StartError: it is no JSON Web Key Set.
    """
    try:
        return jwt.PyJWKSet.from_json(file.read_text(encoding="utf-8")).keys
    except (OSError, ValueError, jwt.PyJWTError) as error:
        raise StartError(f"{file} is no JSON Web Key Set: {error}.") from None


def verified(value: str, keys: Iterable[jwt.PyJWK], audience: str, now: datetime) -> dict[str, Any] | None:
    """What the token claims; None: none of the keys signed it, or not for this audience and time."""
    for key in keys:
        if key.key_type == "oct":
            # What can be checked with it, anybody who reads it can sign.
            continue
        try:
            claims: dict[str, Any] = jwt.decode(
                value,
                key.key,
                algorithms=[key.algorithm_name],
                audience=audience,
                # The time is that of the emulator's clock, which tests move.
                options={"require": ["exp", "aud"], "verify_exp": False, "verify_nbf": False, "verify_iat": False},
            )
        except jwt.PyJWTError:
            continue
        times = (claims.get("nbf", 0), now.timestamp(), claims["exp"])
        if all(isinstance(time, int | float) for time in times) and times[0] <= times[1] < times[2]:
            return claims
    return None


@dataclass(frozen=True)
class Identities:
    """The services and roles that are registered; where there is none of a kind, every name of it is known.

    One with an issuer takes that issuer's tokens only, and no other request may bring them.
    """

    services: Mapping[str, Issuer | None] = field(default_factory=dict)
    roles: Mapping[str, Issuer | None] = field(default_factory=dict)

    @classmethod
    def of(cls, services: Iterable[str], roles: Iterable[str]) -> Identities:
        """From names, or names with a file of keys as in ``ci=keys.json``.

        :raises StartError: a file is no JSON Web Key Set.
        """
        return cls(_registered(services), _registered(roles))

    def issuer(self, headers: Mapping[str, str]) -> Issuer | None:
        """Who must have signed the request's token; None: it is one of the emulator's own.

        :arg headers: by their names in lower case.
        :raises ApiError: what the request names is not registered.
        """
        found = None
        for header, known in ((SERVICE_HEADER, self.services), (ROLE_HEADER, self.roles)):
            name = headers.get(header)
            if known and name is not None:
                if name not in known:
                    raise unauthorized(f"the header {header} names what is not known.")
                found = known[name] or found
        return found


def require_auth_type(headers: Mapping[str, str]) -> None:
    """Refuse a role without its identity provider, and a kind of authentication that does not exist.

    :arg headers: by their names in lower case.
    """
    given = headers.get(AUTH_TYPE_HEADER)
    if given not in (None, CUSTOM_IDP) or (given is None and ROLE_HEADER in headers):
        raise InvalidRequest(f"the header {AUTH_TYPE_HEADER} must be {CUSTOM_IDP} where {ROLE_HEADER} names a role.")


def unauthorized(message: str) -> ApiError:
    """401: nobody is known to be asking."""
    return ApiError(401, "unauthorized", message, headers={"WWW-Authenticate": "Bearer"})


def _registered(given: Iterable[str]) -> dict[str, Issuer | None]:
    parts = [one.partition("=") for one in given]
    return {name: Issuer(Path(file)) if file else None for name, _equals, file in parts}
