# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The source sts_session_token of an entry that the operator delivers: what its generator can do, and what not.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.community.workload_credentials.plugins.module_utils._credentials.formats import STS_SESSIONS
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.requested import SESSION
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.spec import ONCE

# AWS' GetSessionToken: from 15 minutes to 36 hours, 12 hours where nothing is said.
SHORTEST, LONGEST, USUAL = 900, 129600, 43200
KEYS = tuple(STS_SESSIONS.keys)
_CODE = re.compile(r"\d{6}")
# The manifest's words, and those of a session that is pushed.
_PARAMETERS = {"session_duration": "duration_seconds", "serial_number": "serial_number", "token_code": "token_code"}
_LONG_TERM = "GetSessionToken works with the long-term keys of an IAM user only"


def problems_of_sts(given: Mapping[str, Any], where: str, refresh_policy: str | None) -> Iterator[str]:
    """What is known to fail at run time where the operator asks, or missing.

    :arg given: validated against its spec.
    :arg where: the option, for messages.
    :arg refresh_policy: of the entry.
    """
    auth = _auth(given)
    if not given["region"]:
        yield f"{where}.region: it is needed."
    for name in SESSION:
        if given[name] and name not in _PARAMETERS.values():
            yield f"{where}.{name}: it needs delivery push."
    for name in auth:
        if given[name] and (given["auth"] or {}).get(name):
            yield f"{where}.auth.{name}: {name} is there already, beside auth."
    if given["role"]:
        yield f"{where}.role: the operator accepts a role and AWS then refuses it: {_LONG_TERM}."
    if auth["jwt"]:
        yield f"{where}.jwt: the operator accepts jwt and then fails at run time: use secret_ref."
    if (auth["secret_ref"] or {}).get("session_token"):
        yield f"{where}.secret_ref.session_token: with a session token AWS refuses: {_LONG_TERM}."
    yield from _problems_of_parameters(_parameters(given), f"{where}.request_parameters", refresh_policy)


def _problems_of_parameters(parameters: Mapping[str, Any], where: str, refresh_policy: str | None) -> Iterator[str]:
    code, device = parameters["token_code"], parameters["serial_number"]
    if bool(code) != bool(device):
        yield f"{where}: AWS wants serial_number and token_code together."
    elif code and refresh_policy != ONCE:
        yield (
            f"{where}.token_code: a code of an MFA device serves once, and the operator asks again at each refresh: it "
            f"needs refresh_policy {ONCE}."
        )
    if code and not _CODE.fullmatch(code):
        # It is not repeated: a code may still be good.
        yield f"{where}.token_code: it must be six digits, as a text (in quotes)."
    duration = parameters["session_duration"]
    if duration is not None and not SHORTEST <= duration <= LONGEST:
        yield f"{where}.session_duration: it must be from {SHORTEST} to {LONGEST} seconds."


def checked_sts(given: Mapping[str, Any]) -> dict[str, Any]:
    """``region``, ``secret_ref``, ``duration`` (seconds), ``serial_number`` and ``token_code`` without problems.

    ``secret_ref`` is None where the controller's own credentials are used.
    """
    references = _auth(given)["secret_ref"]
    parameters = _parameters(given)
    return {
        "region": given["region"],
        "secret_ref": {
            name: {field: references[name][field] for field in ("name", "key")}
            for name in ("access_key_id", "secret_access_key")
        }
        if references
        else None,
        "duration": parameters["session_duration"],
        **{name: parameters[name] for name in ("serial_number", "token_code")},
    }


def _parameters(given: Mapping[str, Any]) -> dict[str, Any]:
    """What the session is asked with, which may be written as for a push too."""
    nested = given["request_parameters"] or {}
    return {name: nested.get(name) or given[own] for name, own in _PARAMETERS.items()}


def _auth(given: Mapping[str, Any]) -> dict[str, Any]:
    """Its authentication, which may be written with or without the manifest's word auth."""
    nested = given["auth"] or {}
    return {name: given[name] or nested.get(name) for name in ("secret_ref", "jwt")}
