# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The source sts_session_token of an entry: what External Secrets Operator's generator can do, and what it cannot.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

# AWS' GetSessionToken: from 15 minutes to 36 hours, 12 hours where nothing is said.
SHORTEST, LONGEST, USUAL = 900, 129600, 43200
KEYS = ("access_key_id", "secret_access_key", "session_token", "expiration")
_LONG_TERM = "GetSessionToken works with the long-term keys of an IAM user only"


def problems_of_sts(given: Mapping[str, Any], where: str) -> Iterator[str]:
    """What is known to fail at run time, or missing.

    :arg given: validated against its spec.
    :arg where: the option, for messages.
    """
    auth = _auth(given)
    if given["role"]:
        yield f"{where}.role: the operator accepts a role and AWS then refuses it: {_LONG_TERM}."
    if auth["jwt"]:
        yield f"{where}.jwt: the operator accepts jwt and then fails at run time: use secret_ref."
    elif not auth["secret_ref"]:
        yield f"{where}.secret_ref: it must name a Secret of the namespace and a key for each of the two keys."
    if (auth["secret_ref"] or {}).get("session_token"):
        yield f"{where}.secret_ref.session_token: with a session token AWS refuses: {_LONG_TERM}."
    parameters = given["request_parameters"] or {}
    if parameters.get("token_code") or parameters.get("serial_number"):
        yield (
            f"{where}.request_parameters: a code of an MFA device serves once, and the operator asks again at each "
            "refresh."
        )
    duration = parameters.get("session_duration")
    if duration is not None and not SHORTEST <= duration <= LONGEST:
        yield f"{where}.request_parameters.session_duration: it must be from {SHORTEST} to {LONGEST} seconds."


def checked_sts(given: Mapping[str, Any]) -> dict[str, Any]:
    """``region``, ``secret_ref`` and ``duration`` (seconds) of a source without problems."""
    references = _auth(given)["secret_ref"]
    parameters = given["request_parameters"] or {}
    return {
        "region": given["region"],
        "secret_ref": {
            name: {field: references[name][field] for field in ("name", "key")}
            for name in ("access_key_id", "secret_access_key")
        },
        "duration": parameters.get("session_duration"),
    }


def _auth(given: Mapping[str, Any]) -> dict[str, Any]:
    """Its authentication, which may be written with or without the manifest's word auth."""
    nested = given["auth"] or {}
    return {name: given[name] or nested.get(name) for name in ("secret_ref", "jwt")}
