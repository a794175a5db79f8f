# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who is let in, and where to: address, token, site and version, in the order 404, 401, 403, 400."""

from __future__ import annotations

import contextlib
import re
from dataclasses import replace

from starlette.datastructures import Headers
from starlette.types import Scope

from .behaviour import Behaviour
from .emulation import Emulation
from .encoding import decoded
from .errors import ApiError, Forbidden, GatewayError, InvalidRequest, NotFound
from .identity import SERVICE_HEADER, require_auth_type, unauthorized
from .platform.exchange import DENIED, Denied, exchanged, key_id
from .platform.workloads import Workload
from .site import Site
from .tokens import Token

API_VERSION = "2026-04-28"
VERSION_HEADER = "bt-secrets-api-version"
OTHER_VERSION_HEADER = "bt-wlc-api-version"
# The version segment is optional.
_ADDRESS = re.compile(r"^/site/(?P<site>[^/]*)/(?P<product>secrets|wlc)(?:/v[0-9]+)?(?P<rest>/.*)$")
_ANY_SITE = re.compile(r"^/site/(?P<site>[^/]*)/")
_NO_TOKEN = "Personal access token not found"
CHALLENGE = {"WWW-Authenticate": "Bearer"}


def admit(emulation: Emulation, scope: Scope, headers: Headers) -> Scope:
    """The request as the API sees it; its state has the headers that the answer must carry.

    :raises ApiError: it is refused.
    """
    path = scope["raw_path"].decode("latin-1")
    address = _ADDRESS.match(path)
    behaviour = emulation.behaviour_of(address["site"].lower() if address else "")
    if address is None or (address["product"] == "wlc" and not behaviour.both_products):
        decoded(path, "the address")
        raise NotFound("there is no such address.")
    token = token_of(emulation, headers, address["site"].lower(), behaviour)
    site = _site(emulation, token, decoded(address["site"], "the site's id").lower(), behaviour)
    if site.behaviour.enforce_policies and token.principals:
        token = replace(token, grants=emulation.administration.grants(token, site))
    limited = site.rate_limit.take(token.id, behaviour)
    try:
        _require_version(headers, behaviour)
        require_auth_type(headers)
        rest = address["rest"]
        if "%2f" in rest.lower():
            raise InvalidRequest("a name in the address holds a slash.")
        decoded(scope["query_string"].decode("latin-1"), "the query")
        path = decoded(rest, "the address")
    except ApiError as error:
        error.headers |= limited
        raise
    state = {"emulation": emulation, "site": site, "token": token, "headers": limited}
    return {**scope, "path": path, "raw_path": rest.encode("latin-1"), "state": state}


async def fetch_keys(emulation: Emulation, scope: Scope, headers: Headers) -> None:
    """Have the keys of the issuer at hand whose identity the request names."""
    address = _ANY_SITE.match(scope["raw_path"].decode("latin-1")) if SERVICE_HEADER in headers else None
    workload = workload_of(emulation, headers, address["site"].lower()) if address else None
    if workload is not None:
        with contextlib.suppress(Denied):
            await emulation.trust.prepare(workload.issuer_url, key_id(bearer(headers) or ""))


def bearer(headers: Headers) -> str | None:
    """The token that the request brings."""
    scheme, _space, value = headers.get("authorization", "").partition(" ")
    return value.strip() if scheme.lower() == "bearer" else None


def token_of(emulation: Emulation, headers: Headers, site: str, behaviour: Behaviour) -> Token:
    """Who asks, or 401."""
    value = bearer(headers) or ""
    workload = workload_of(emulation, headers, site)
    if workload is not None:
        return _exchanged(emulation, workload, value, site, behaviour)
    try:
        issuer = emulation.identities.issuer(headers)
    except ApiError:
        if behaviour.gateway_errors:
            raise GatewayError(401, DENIED, headers=CHALLENGE) from None
        raise
    token = issuer.token(value, site, emulation.clock.now()) if issuer else emulation.tokens.get(value)
    if token is None and behaviour.gateway_errors:
        exchange = issuer or (SERVICE_HEADER in headers and value.count(".") == 2)
        raise GatewayError(401, DENIED if exchange else _NO_TOKEN, headers=CHALLENGE)
    if token is None:
        raise unauthorized("the access token is missing or invalid.")
    return token


def workload_of(emulation: Emulation, headers: Headers, site: str) -> Workload | None:
    """The registered identity that the request names, at this site."""
    service = headers.get(SERVICE_HEADER)
    return emulation.administration.workloads.named(service, site) if service else None


def _exchanged(emulation: Emulation, workload: Workload, value: str, site: str, behaviour: Behaviour) -> Token:
    """The token of the identity, or 401."""
    keys = emulation.trust.keys(workload.issuer_url)
    try:
        return exchanged(workload, site, emulation.administration.id, value, keys, emulation.clock.now())
    except Denied as denied:
        error = GatewayError(401, DENIED, headers=CHALLENGE) if behaviour.gateway_errors else unauthorized(DENIED)
        error.reason = str(denied)
        raise error from None


def _site(emulation: Emulation, token: Token, id: str, behaviour: Behaviour) -> Site:
    """Where the request goes; the document does not tell an unknown site from a foreign one."""
    site = emulation.sites.get(id)
    if behaviour.gateway_errors and site is None:
        raise GatewayError(404, "Site not found")
    if behaviour.gateway_errors and id not in token.sites:
        raise GatewayError(401, "Access denied for this site", headers=CHALLENGE)
    if site is None or id not in token.sites:
        raise Forbidden("the access token does not belong to this site.")
    return site


def _require_version(headers: Headers, behaviour: Behaviour) -> None:
    known = (VERSION_HEADER, OTHER_VERSION_HEADER) if behaviour.both_products else (VERSION_HEADER,)
    if all(headers.get(header) != API_VERSION for header in known):
        raise InvalidRequest(f"the header {' or '.join(known)} must be {API_VERSION}.", "invalid_api_version")
