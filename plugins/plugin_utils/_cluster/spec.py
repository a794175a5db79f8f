# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of cluster_credentials and of an entry as data, and the role's names.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ...module_utils._api.errors import OptionError, WorkloadCredentialsError
from ...module_utils._credentials.formats import FORMS
from ...module_utils._resources._parts.accounts.wanted import WANTED, wanted_of
from ...module_utils._spec import CONNECTION, Options
from ...module_utils._sts.options import STS_OPTIONS
from ...module_utils._sts.request import AwsIdentity, call_of

MANAGED_LABEL = {"app.kubernetes.io/managed-by": "community.workload_credentials"}
# What selects the role's objects.
SELECTOR = tuple(f"{name}={value}" for name, value in MANAGED_LABEL.items())
# Whose they are, where several lists of entries share a cluster; what has no such label is the default owner's.
OWNER_LABEL, DEFAULT_OWNER = "workload-credentials.ansible.com/owner", "default"
# The Secrets with which the operator reaches the Secrets API.
TOKEN_SECRET, CA_SECRET = "workload-credentials-token", "workload-credentials-ca"
PART_LABEL = {"app.kubernetes.io/component": "operator-connection"}


def labels_for(owner: str) -> dict[str, str]:
    """The labels of an owner's objects. A label of the default owner would be a new lease where there was none."""
    return {**MANAGED_LABEL, **({OWNER_LABEL: owner} if owner != DEFAULT_OWNER else {})}


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
    **{
        name: {**_plain(one), "no_log": one.get("no_log", False)}
        for name, one in STS_OPTIONS.items()
        if name != "region"
    },
    "service_account": {"type": "dict", "options": _PROJECTED},
}
_AUDIENCE = "sts.amazonaws.com"
# What proves who asks makes no other credentials, and no fingerprint of it should lie in a cluster.
_PASSING = ("kubeconfig", "api_key", "ca_cert", "validate_certs", "proxy", "access_key", "secret_key", "session_token")
_CODE = "token_code"


@dataclass(frozen=True)
class SourceRequest:
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


def account_request(given: Mapping[str, Any], name: str, namespace: str) -> SourceRequest:
    """What a service account's token is asked with.

    :arg given: validated against ACCOUNT.
    :arg name: of the entry, and ``namespace``, where it says nothing else.
    """
    return SourceRequest({**given, "name": given["name"] or name, "namespace": given["namespace"] or namespace})


def session_request(given: Mapping[str, Any], namespace: str) -> SourceRequest:
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
    return SourceRequest(options, {name: one for name, one in references.items() if one})


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
    yield from _problem(lambda: (call_of(request.options), AwsIdentity.from_parameters(request.options)), where)


def _problem(check: Any, where: str) -> Iterator[str]:
    try:
        check()
    except OptionError as error:
        yield f"{where}.{error}"
    except WorkloadCredentialsError as error:
        yield f"{where}: {error}"


SOURCES = ("dynamic_secret", "static_secret", "sts_session_token", "service_account_token")
DELIVERIES = ("push", "external_secret")
PERIODIC, ONCE, ON_CHANGE = REFRESH_POLICIES = ("Periodic", "CreatedOnce", "OnChange")
PRESENT, ABSENT, RENDERED, VERIFIED, REFRESHED = STATES = ("present", "absent", "rendered", "verified", "refreshed")


def without_aliases(given: Mapping[str, Any], options: Options) -> dict[str, Any]:
    """Options by their own names alone, at every depth: Ansible's check leaves their aliases beside them.

    :arg given: validated against these options.
    """
    return {name: _inner(value, options[name]) for name, value in given.items() if name in options}


def _inner(value: Any, option: Mapping[str, Any]) -> Any:
    below = option.get("options")
    if below and isinstance(value, Mapping):
        return without_aliases(value, below)
    return [_inner(one, option) for one in value] if below and isinstance(value, list) else value


# A key of a Secret in the entry's namespace. Names of keys are no secrets.
_REFERENCE: Options = {
    "name": {"type": "str", "required": True},
    "key": {"type": "str", "required": True, "no_log": False},
}
# What was copied from a manifest works too.
_SECRET_REF: Options = {
    "access_key_id": {
        "type": "dict",
        "required": True,
        "options": _REFERENCE,
        "aliases": ["accessKeyIDSecretRef"],
        "no_log": False,
    },
    "secret_access_key": {
        "type": "dict",
        "required": True,
        "options": _REFERENCE,
        "aliases": ["secretAccessKeySecretRef"],
        "no_log": False,
    },
    "session_token": {
        "type": "dict",
        "options": _REFERENCE,
        "aliases": ["sessionTokenSecretRef"],
        "no_log": False,
    },
}
_SERVICE_ACCOUNT: Options = {
    "name": {"type": "str", "required": True},
    "namespace": {"type": "str"},
    "audiences": {"type": "list", "elements": "str"},
}
# What the operator knows and what surely fails is an option too, so that it is refused with its reason.
_JWT: Options = {
    "service_account_ref": {"type": "dict", "options": _SERVICE_ACCOUNT, "aliases": ["serviceAccountRef"]},
}
_AUTH: Options = {
    "secret_ref": {"type": "dict", "options": _SECRET_REF, "aliases": ["secretRef"], "no_log": False},
    "jwt": {"type": "dict", "options": _JWT},
}
_PARAMETERS: Options = {
    "session_duration": {"type": "int", "aliases": ["sessionDuration"]},
    "serial_number": {"type": "str", "aliases": ["serialNumber"]},
    "token_code": {"type": "str", "aliases": ["tokenCode"], "no_log": True},
}
STS: Options = {
    "region": {"type": "str"},
    **SESSION,
    "auth": {"type": "dict", "options": _AUTH},
    **_AUTH,
    "role": {"type": "str"},
    "request_parameters": {"type": "dict", "options": _PARAMETERS, "aliases": ["requestParameters"]},
}
ENTRY: Options = {
    "name": {"type": "str", "required": True},
    "namespace": {"type": "str", "required": True},
    "dynamic_secret": {"type": "str"},
    "static_secret": {"type": "str"},
    "sts_session_token": {"type": "dict", "options": STS, "no_log": False},
    "service_account_token": {"type": "dict", "options": ACCOUNT, "no_log": False},
    "delivery": {"type": "str", "choices": DELIVERIES},
    "keys": {"type": "dict", "no_log": False},
    "format": {"type": "str", "choices": tuple(dict.fromkeys(name for one in FORMS.values() for name in one.names))},
    "template": {"type": "dict"},
    "type": {"type": "str", "default": "Opaque"},
    "labels": {"type": "dict"},
    "annotations": {"type": "dict"},
    "external_secret_name": {"type": "str", "no_log": False},
    "generator_name": {"type": "str"},
    "refresh_policy": {"type": "str", "choices": REFRESH_POLICIES},
    "refresh_interval": {"type": "str"},
    "creation_policy": {"type": "str", "choices": ("Owner", "Orphan", "Merge", "CreateOrMerge")},
    "deletion_policy": {"type": "str", "choices": ("Retain", "Delete", "Merge")},
}
# Objects that the user keeps: the role makes none in their place, and touches none. Their name is needed, but what is
# empty counts as not set, and a role's variables are never absent.
_TOKEN_SECRET: Options = {
    "name": {"type": "str"},
    "key": {"type": "str", "default": "token", "no_log": False},
    "namespace": {"type": "str"},
}
_CA_SECRET: Options = {
    "kind": {"type": "str", "choices": ("Secret", "ConfigMap"), "default": "Secret"},
    "name": {"type": "str"},
    "key": {"type": "str", "default": "ca.crt", "no_log": False},
    "namespace": {"type": "str"},
}
OPTIONS: Options = {
    **CONNECTION,
    "entries": {"type": "list", "elements": "dict", "default": []},
    "state": {"type": "str", "choices": STATES, "default": PRESENT},
    "delivery": {"type": "str", "choices": DELIVERIES, "default": "push"},
    "create_namespaces": {"type": "bool", "default": False},
    "prune": {"type": "bool", "default": False},
    "renew": {"type": "bool", "default": False},
    "wait": {"type": "bool", "default": True},
    "wait_timeout": {"type": "int", "default": 120},
    "render_dir": {"type": "str"},
    "operator_token": {"type": "str", "no_log": True},
    "operator_token_secret": {"type": "dict", "options": _TOKEN_SECRET, "default": {}, "no_log": False},
    "ca": {"type": "str"},
    "ca_secret": {"type": "dict", "options": _CA_SECRET, "default": {}, "no_log": False},
    "ca_inline": {"type": "bool", "default": False},
    "scope": {"type": "str", "choices": ("namespace", "cluster"), "default": "namespace"},
    "operator_namespace": {"type": "str", "default": "external-secrets"},
    "operator_controller": {"type": "str"},
    "templates_dir": {"type": "str"},
    "owner": {"type": "str", "default": DEFAULT_OWNER},
    "concurrency": {"type": "int", "default": 8},
}
