# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The source sts_session_token of an entry: what External Secrets Operator's generator can do, and what it cannot.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ansible_collections.community.workload_credentials.plugins.module_utils._api.errors import OptionError

# AWS' GetSessionToken: from 15 minutes to 36 hours, 12 hours where nothing is said.
SHORTEST, LONGEST, USUAL = 900, 129600, 43200
KEYS = ("access_key_id", "secret_access_key", "session_token", "expiration")
_WORDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=ID)(?=[A-Z][a-z])")
_LONG_TERM = "GetSessionToken works with the long-term keys of an IAM user only"
_REFUSED = {
    "role": f"the operator accepts a role and AWS then refuses it: {_LONG_TERM}.",
    "jwt": "the operator accepts jwt and then fails at run time: use secret_ref.",
}


def checked_sts(value: Any, where: str) -> dict[str, Any]:
    """The source in snake_case, whichever way it was written: ``region``, ``secret_ref``, ``request_parameters``.

    :arg where: the option, for messages.
    :raises OptionError: something is missing, unknown, or known to fail at run time.
    """
    source = _snake(value)
    if not isinstance(source, dict):
        raise OptionError(where, "it must be a dictionary with region and secret_ref.")
    auth = source.pop("auth", {})
    source.update(auth if isinstance(auth, dict) else {})
    for field, reason in _REFUSED.items():
        if source.get(field):
            raise OptionError(f"{where}.{field}", reason)
    _known(source, {"region", "secret_ref", "request_parameters", *_REFUSED}, where)
    if not source.get("region"):
        raise OptionError(f"{where}.region", "it is needed.")
    return {
        "region": str(source["region"]),
        "secret_ref": _references(source.get("secret_ref"), f"{where}.secret_ref"),
        "request_parameters": _parameters(source.get("request_parameters") or {}, f"{where}.request_parameters"),
    }


def _references(value: Any, where: str) -> dict[str, dict[str, str]]:
    names = {"access_key_id": "access_key_id", "access_key_id_secret_ref": "access_key_id"}
    names.update({"secret_access_key": "secret_access_key", "secret_access_key_secret_ref": "secret_access_key"})
    references = dict(value) if isinstance(value, Mapping) else {}
    if any(name.startswith("session_token") and references[name] for name in references):
        raise OptionError(f"{where}.session_token", f"with a session token AWS refuses: {_LONG_TERM}.")
    _known(references, set(names), where)
    found = {names[name]: reference for name, reference in references.items()}
    for name in ("access_key_id", "secret_access_key"):
        reference = found.get(name)
        if not isinstance(reference, Mapping) or not reference.get("name") or not reference.get("key"):
            raise OptionError(
                f"{where}.{name}", "it must name a Secret of the namespace and a key: {name: ..., key: ...}."
            )
    return {name: {"name": str(one["name"]), "key": str(one["key"])} for name, one in found.items()}


def _parameters(value: Any, where: str) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise OptionError(where, "it must be a dictionary.")
    if value.get("token_code") or value.get("serial_number"):
        raise OptionError(where, "a code of an MFA device serves once, and the operator asks again at each refresh.")
    _known(value, {"session_duration"}, where)
    duration = value.get("session_duration")
    if duration is not None and not (str(duration).isdigit() and SHORTEST <= int(duration) <= LONGEST):
        raise OptionError(f"{where}.session_duration", f"it must be from {SHORTEST} to {LONGEST} seconds.")
    return {} if duration is None else {"session_duration": int(duration)}


def _known(found: Mapping[str, Any], known: set[str], where: str) -> None:
    unknown = sorted(set(found) - known)
    if unknown:
        raise OptionError(where, f"unknown: {', '.join(unknown)}. Known: {', '.join(sorted(known))}.")


def _snake(value: Any) -> Any:
    """Keys in snake_case, so that what was copied from a manifest works: accessKeyIDSecretRef, secretRef."""
    if isinstance(value, Mapping):
        return {_WORDS.sub("_", str(key)).lower(): _snake(one) for key, one in value.items()}
    return value
