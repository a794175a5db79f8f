# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Workload identity: a token is presented in the name of a service, or of a role at another identity provider."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .errors import ApiError, InvalidRequest

SERVICE_HEADER = "x-bt-service-name"
ROLE_HEADER = "x-bt-role"
AUTH_TYPE_HEADER = "x-bt-auth-type"
CUSTOM_IDP = "CUSTOM-IDP"


@dataclass(frozen=True)
class Identities:
    """The services and roles that are registered; where there is none of a kind, every name of it is known."""

    services: frozenset[str] = frozenset()
    roles: frozenset[str] = frozenset()

    def require_known(self, headers: Mapping[str, str]) -> None:
        """Refuse who is not registered.

        :arg headers: by their names in lower case.
        """
        for kind, header, known in (
            ("service", SERVICE_HEADER, self.services),
            ("role", ROLE_HEADER, self.roles),
        ):
            if known and headers.get(header, next(iter(known))) not in known:
                raise unauthorized(f"the {kind} of the header {header} is not known.")


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
