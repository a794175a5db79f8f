# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From an issuer's token to one of ours: signature, audience, times and conditions of a registered identity."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import jwt

from ..identity import verified
from ..tokens import Principal, Token, token_id
from .workloads import Binding, Workload

DENIED = "OIDC workload exchange denied"


class Denied(Exception):
    """The token is not taken; the message is why, which only the emulator's journal says."""


def exchanged(
    workload: Workload, site: str, organization: str, value: str, keys: Sequence[jwt.PyJWK], now: datetime
) -> Token:
    """The token that the bearer has at this site.

    :arg keys: the issuer's.
    :raises Denied: it has none.
    """
    binding = workload.binding(site)
    if binding is None:
        raise Denied("the identity is not bound to this site")
    if site != organization and "secrets" not in binding.scopes:
        raise Denied("the identity is not registered for the scope secrets at this site")
    if not keys:
        raise Denied(f"no key of {workload.issuer_url} could be had")
    claims = verified(value, keys, _audience(binding), now)
    if claims is None:
        raise Denied("the signature, the audience or the time is wrong")
    if not _is_from(workload.issuer_url, claims.get("iss")):
        raise Denied("another issuer is named")
    for claim, patterns in workload.conditions.items():
        if not _meets(claims.get(claim), patterns):
            raise Denied(f"the condition on {claim} is not met")
    return Token(token_id(value), frozenset([site]), principals=(Principal("workload", workload.id),))


def key_id(value: str) -> str | None:
    """Which key the token says to be signed with.

    :raises Denied: it is no such token.
    """
    try:
        found = jwt.get_unverified_header(value).get("kid")
    except jwt.PyJWTError:
        raise Denied("it is no JSON Web Token") from None
    return found if isinstance(found, str) else None


def matches(text: str, pattern: str) -> bool:
    """Whether the text fits the pattern: the same, or the same up to a * at the pattern's end."""
    return text.startswith(pattern[:-1]) if pattern.endswith("*") else text == pattern


def _meets(claim: Any, patterns: Sequence[str]) -> bool:
    values = claim if isinstance(claim, list) else [claim]
    return any(matches(value, pattern) for value in values if isinstance(value, str) for pattern in patterns)


def _audience(binding: Binding) -> str:
    return binding.audience or binding.site


def _is_from(issuer: str, claimed: Any) -> bool:
    # An address that the site keeps in lower case can be compared in no other way.
    return isinstance(claimed, str) and issuer in (claimed, claimed.lower())
