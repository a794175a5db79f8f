# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who is let in to the administration site's APIs: its own tokens, and those of workloads that are bound to it."""

from __future__ import annotations

import re

from starlette.datastructures import Headers
from starlette.types import Scope

from ..admission import CHALLENGE, token_of
from ..emulation import Emulation
from ..encoding import decoded
from ..errors import Forbidden, GatewayError, SilentlyForbidden

_ADDRESS = re.compile(r"^/site/(?P<site>[^/]*)/platform(?P<rest>/(?P<api>auth|iam)/.*)$")


def is_platform(path: str) -> bool:
    """Whether the address is one of these APIs'."""
    return _ADDRESS.match(path) is not None


def admit(emulation: Emulation, scope: Scope, headers: Headers) -> Scope:
    """The request as the APIs see it.

    :raises ApiError: it is refused.
    """
    address = _ADDRESS.match(scope["raw_path"].decode("latin-1"))
    assert address is not None
    site, rest = address["site"].lower(), address["rest"]
    administration = emulation.administration
    behaviour = emulation.behaviour_of(site)
    token = token_of(emulation, headers, site, behaviour)
    if administration.id not in token.sites:
        # What the token of a product's site is told, at its own site as here.
        raise (
            SilentlyForbidden()
            if address["api"] == "auth"
            else Forbidden("forbidden: caller cannot perform this action")
        )
    if site != administration.id:
        _refuse_elsewhere(emulation, site, gateway=behaviour.gateway_errors)
    limited = administration.rate_limit.take(token.id, behaviour)
    path = decoded(rest, "the address")
    state = {"emulation": emulation, "token": token, "headers": limited}
    return {**scope, "path": path, "raw_path": rest.encode("latin-1"), "state": state}


def _refuse_elsewhere(emulation: Emulation, site: str, *, gateway: bool) -> None:
    """Refuse an administrator's token at another site."""
    if not gateway:
        raise Forbidden("the access token does not belong to this site.")
    if site not in emulation.sites:
        raise GatewayError(404, "Site not found")
    raise GatewayError(401, "Access denied for this site", headers=CHALLENGE)
