# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pushed sources that are asked with options instead of a path: service accounts' tokens and sessions of STS.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.community.workload_credentials.plugins.module_utils._api.errors import (
    OptionError,
    WorkloadCredentialsError,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._resources._parts.accounts.wanted import (
    WANTED,
    wanted_of,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._spec import Options
from ansible_collections.community.workload_credentials.plugins.module_utils._sts.caller import Caller
from ansible_collections.community.workload_credentials.plugins.module_utils._sts.calls import call_of
from ansible_collections.community.workload_credentials.plugins.module_utils._sts.options import OPTIONS


def _plain(option: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in option.items() if name != "env"}


# Where a token comes from, if not from the cluster that gets it; the names are kubernetes.core's.
ELSEWHERE: Options = {
    "kubeconfig": {"type": "raw"},
    "context": {"type": "str"},
    "host": {"type": "str"},
    "api_key": {"type": "str", "no_log": True},
    "ca_cert": {"type": "path"},
    "validate_certs": {"type": "bool"},
    "proxy": {"type": "str"},
}
ACCOUNT: Options = {"name": {"type": "str"}, "namespace": {"type": "str"}, **WANTED, **ELSEWHERE}
_PROJECTED: Options = {
    "namespace": {"type": "str"},
    "name": {"type": "str", "required": True},
    "audience": {"type": "str"},
}
SESSION: Options = {
    # The environment is botocore's to read here; an ID is no secret, though its name looks like one.
    **{name: {**_plain(one), "no_log": one.get("no_log", False)} for name, one in OPTIONS.items() if name != "region"},
    "service_account": {"type": "dict", "options": _PROJECTED},
}
_AUDIENCE = "sts.amazonaws.com"
# What proves who asks makes no other credentials, and no fingerprint of it should lie in a cluster.
_PASSING = ("kubeconfig", "api_key", "ca_cert", "validate_certs", "proxy", "access_key", "secret_key", "session_token")
_CODE = "token_code"


@dataclass(frozen=True)
class Request:
    """The options of a source, completed.

    :arg secret_ref: where the keys of an IAM user lie in the cluster, as the operator's manifests say it.
    """

    options: Mapping[str, Any] = field(repr=False)
    secret_ref: Mapping[str, Any] = field(default_factory=dict)

    @property
    def lasting(self) -> dict[str, Any]:
        """Those that make other credentials, as long as they stay."""
        lasting = {name: value for name, value in self.options.items() if name not in (*_PASSING, _CODE)}
        return {**lasting, **({"secret_ref": self.secret_ref} if self.secret_ref else {})}

    @property
    def elsewhere(self) -> dict[str, Any]:
        """The connection to the cluster that mints; empty: it is the one that gets the Secret."""
        return {name: self.options[name] for name in ELSEWHERE if self.options.get(name) not in (None, "")}


def account_request(given: Mapping[str, Any], name: str, namespace: str) -> Request:
    """What a service account's token is asked with.

    :arg given: validated against ACCOUNT.
    :arg name: of the entry, and ``namespace``, where it says nothing else.
    """
    return Request({**given, "name": given["name"] or name, "namespace": given["namespace"] or namespace})


def session_request(given: Mapping[str, Any], namespace: str) -> Request:
    """What a session is asked with, whether it is written as lookups or as the operator's manifests have it.

    :arg given: validated against SESSION and the operator's options.
    :arg namespace: of the entry.
    """
    auth, parameters = given["auth"] or {}, given["request_parameters"] or {}
    references = given["secret_ref"] or auth.get("secret_ref") or {}
    account = _account((given["jwt"] or auth.get("jwt") or {}).get("service_account_ref"), given["service_account"])
    options = {name: given[name] for name in SESSION}
    options.update(
        region=given["region"],
        role_arn=given["role_arn"] or given["role"],
        duration_seconds=given["duration_seconds"] or parameters.get("session_duration"),
        service_account={**account, "namespace": account["namespace"] or namespace} if account else None,
    )
    for name in ("serial_number", _CODE):
        options[name] = given[name] or parameters.get(name)
    return Request(options, {name: one for name, one in references.items() if one})


def _account(referred: Mapping[str, Any] | None, own: Mapping[str, Any] | None) -> dict[str, Any]:
    if own:
        return {**own, "audience": own["audience"] or _AUDIENCE}
    if not referred:
        return {}
    audiences = referred.get("audiences") or [_AUDIENCE]
    return {"name": referred["name"], "namespace": referred.get("namespace"), "audience": audiences[0]}


def problems_of_account(given: Mapping[str, Any], where: str, name: str, namespace: str) -> Iterator[str]:
    """What is known to be refused, before anything is asked."""
    yield from _problem(lambda: wanted_of(account_request(given, name, namespace).options), where)


def problems_of_session(given: Mapping[str, Any], where: str, namespace: str) -> Iterator[str]:
    """The same for a session that is pushed."""
    for option, others in (("role_arn", ("role",)), ("service_account", ("jwt",))):
        if given[option] and any(given[one] for one in others):
            yield f"{where}.{option}: it and {others[0]} are the same: set one of the two."
    request = session_request(given, namespace)
    if request.secret_ref and (request.options["access_key"] or request.options["profile"]):
        yield f"{where}.secret_ref: it and access_key or profile say who asks: set one of them."
    yield from _problem(lambda: (call_of(request.options), Caller.from_parameters(request.options)), where)


def _problem(check: Any, where: str) -> Iterator[str]:
    try:
        check()
    except OptionError as error:
        yield f"{where}.{error}"
    except WorkloadCredentialsError as error:
        yield f"{where}: {error}"
