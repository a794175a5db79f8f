# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of a service account's token, and their checks."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...._api.errors import OptionError
from ...._kube.durations import whole_seconds
from ...._kube.names import is_label_value, is_namespace, is_object_name, is_qualified_name, texts
from ...._kube.objects import FIELD_MANAGER
from ...._marks import DOMAIN

STATIC, DYNAMIC = "static", "dynamic"
_RULE: Mapping[str, Mapping[str, Any]] = {
    "api_groups": {"type": "list", "elements": "str", "aliases": ["apiGroups"]},
    "resources": {"type": "list", "elements": "str"},
    "resource_names": {"type": "list", "elements": "str", "aliases": ["resourceNames"]},
    "non_resource_urls": {"type": "list", "elements": "str", "aliases": ["nonResourceURLs"]},
    "verbs": {"type": "list", "elements": "str", "required": True},
}
# RBAC's names of these fields.
_RBAC_NAMES = {"api_groups": "apiGroups", "resource_names": "resourceNames", "non_resource_urls": "nonResourceURLs"}
WANTED: Mapping[str, Mapping[str, Any]] = {
    "credential_type": {"type": "str", "choices": [STATIC, DYNAMIC], "default": STATIC},
    "service_account": {"type": "str"},
    "role": {
        "type": "dict",
        "options": {
            "kind": {"type": "str", "choices": ["ClusterRole", "Role"], "default": "ClusterRole"},
            "name": {"type": "str", "required": True},
        },
    },
    "rules": {"type": "list", "elements": "dict", "options": _RULE},
    "namespaces": {"type": "list", "elements": "str"},
    "cluster_wide": {"type": "bool", "default": False},
    "name_template": {"type": "str"},
    "ttl": {"type": "str", "default": "1h"},
    "max_ttl": {"type": "str"},
    "audiences": {"type": "list", "elements": "str"},
    "labels": {"type": "dict"},
    "annotations": {"type": "dict"},
}

# The limit of a label, which holds the name and random letters.
LABEL_LETTERS = 63
# Seconds that every API server accepts.
SHORTEST, LONGEST = 600, 2**32
_LETTERS, _RANDOM_LETTERS = "bcdfghjklmnpqrstvwxz2456789", 10
_PLACEHOLDER = re.compile(r"\{(name|namespace|random)\}")
# Options of only one of the two types.
_OF_STATIC = ("service_account",)
_OF_DYNAMIC = ("role", "rules", "namespaces", "cluster_wide", "name_template")


@dataclass(frozen=True)
class TokenSpec:
    """A wanted token and its lease.

    :arg lease: the name of its record and its objects.
    :arg role: kind and name; None: a static token, or ``rules`` are given.
    :arg namespaces: of a dynamic token's bindings; empty with ``cluster_wide``.
    :arg ttl: in seconds.
    :arg audiences: None: the API server's own.
    """

    name: str
    namespace: str
    lease: str
    credential_type: str
    service_account: str
    role: tuple[str, str] | None
    rules: Sequence[Mapping[str, Any]]
    namespaces: Sequence[str]
    cluster_wide: bool
    ttl: int
    audiences: Sequence[str] | None
    labels: Mapping[str, str]
    annotations: Mapping[str, str]

    @property
    def is_dynamic(self) -> bool:
        """Return whether its service account is made for it."""
        return self.credential_type == DYNAMIC

    @property
    def lease_id(self) -> str:
        """Return the lease's ID for users: the place of its record."""
        return f"{self.namespace}/{self.lease}"


def wanted_of(parameters: Mapping[str, Any]) -> TokenSpec:
    """Return the token that the options ask for.

    :arg parameters: of the module or of a lookup's term, validated.
    :raises OptionError: a value is not allowed, or options do not fit together.
    """
    _check(parameters)
    name, namespace = str(parameters["name"]), str(parameters["namespace"])
    random = "".join(secrets.choice(_LETTERS) for _letter in range(_RANDOM_LETTERS))
    role, audiences = parameters["role"], parameters["audiences"]
    return TokenSpec(
        name=name,
        namespace=namespace,
        lease=f"{name[: LABEL_LETTERS - _RANDOM_LETTERS - 1].rstrip('-.')}-{random}",
        credential_type=parameters["credential_type"],
        service_account=_account(parameters, name, namespace, random),
        role=(role["kind"], role["name"]) if role else None,
        rules=list(map(_rule, parameters["rules"] or ())),
        namespaces=_namespaces(parameters, namespace),
        cluster_wide=bool(parameters["cluster_wide"]),
        ttl=lifetime(parameters["ttl"], parameters["max_ttl"]),
        audiences=list(audiences) if audiences else None,
        labels=_texts(parameters["labels"], "labels"),
        annotations=_texts(parameters["annotations"], "annotations"),
    )


def _namespaces(parameters: Mapping[str, Any], namespace: str) -> list[str]:
    if parameters["cluster_wide"] or parameters["credential_type"] != DYNAMIC:
        return []
    return list(dict.fromkeys(parameters["namespaces"] or [namespace]))


def lifetime(ttl: str, max_ttl: str | None) -> int:
    """Return the wanted life in seconds, which the API server may still limit.

    :raises OptionError: an option is not a duration, or the life is out of range.
    """
    wanted = whole_seconds(ttl, "ttl")
    if not SHORTEST <= wanted <= LONGEST:
        raise OptionError("ttl", f"{ttl} is out of range: a token lives for {SHORTEST} (10m) to {LONGEST} seconds.")
    if max_ttl and wanted > whole_seconds(max_ttl, "max_ttl"):
        raise OptionError("ttl", f"{ttl} is longer than max_ttl, which is {max_ttl}.")
    return wanted


def check_names(name: str | None, namespace: str | None) -> None:
    """Check that leases can have this name and be in this namespace; None: not given.

    An empty one is a mistake, which would otherwise mean all leases.

    :raises OptionError: they cannot.
    """
    if name is not None and (not is_object_name(name) or len(name) > LABEL_LETTERS):
        allowed = f"lower case letters, digits, - and ., and no more than {LABEL_LETTERS} of them"
        raise OptionError("name", f"{name!r} cannot be the name of a lease: {allowed}.")
    if namespace is not None:
        _check_namespace("namespace", namespace)


def _check_namespace(option: str, namespace: str) -> None:
    if not is_namespace(namespace):
        raise OptionError(option, f"{namespace!r} is not a name that a namespace can have.")


def _check(parameters: Mapping[str, Any]) -> None:
    check_names(parameters["name"], parameters["namespace"])
    for namespace in parameters["namespaces"] or ():
        _check_namespace("namespaces", namespace)
    credential_type = parameters["credential_type"]
    others, other = (_OF_DYNAMIC, DYNAMIC) if credential_type == STATIC else (_OF_STATIC, STATIC)
    for option in others:
        if parameters[option]:
            raise OptionError(option, f"it needs credential_type={other}.")
    if not all(parameters["audiences"] or ()):
        raise OptionError("audiences", "one of them is empty.")
    if credential_type == DYNAMIC:
        _check_dynamic(parameters)


def _check_dynamic(parameters: Mapping[str, Any]) -> None:
    role, rules, cluster_wide = parameters["role"], parameters["rules"], parameters["cluster_wide"]
    if bool(role) == bool(rules):
        raise OptionError("role", "credential_type=dynamic needs a role or rules, and not both.")
    if cluster_wide and parameters["namespaces"]:
        raise OptionError("namespaces", "cluster_wide=true is for all of them: leave one out.")
    if cluster_wide and role and role["kind"] == "Role":
        raise OptionError("role", "a Role belongs to one namespace, so cluster_wide=true needs a ClusterRole.")
    for number, rule in enumerate(rules or ()):
        _check_rule(f"rules[{number}]", rule, cluster_wide=cluster_wide)


def _check_rule(option: str, rule: Mapping[str, Any], *, cluster_wide: bool) -> None:
    resources, urls = rule.get("resources"), rule.get("non_resource_urls")
    if bool(resources) == bool(urls):
        raise OptionError(option, "it needs resources or non_resource_urls, and not both.")
    if resources and not rule.get("api_groups"):
        raise OptionError(option, 'it needs api_groups, which is [""] for the core group.')
    if urls and not cluster_wide:
        raise OptionError(option, "non_resource_urls belong to no namespace, so they need cluster_wide=true.")
    if not rule["verbs"]:
        raise OptionError(option, "it needs verbs.")


def _rule(rule: Mapping[str, Any]) -> dict[str, list[str]]:
    return {_RBAC_NAMES.get(name, name): list(value) for name, value in rule.items() if value and name in _RULE}


def _account(parameters: Mapping[str, Any], name: str, namespace: str, random: str) -> str:
    """Return the name of the service account, which a dynamic token makes from its template."""
    template = parameters["name_template"] or "{name}-{random}"
    values = {"name": name, "namespace": namespace, "random": random}
    account = _PLACEHOLDER.sub(lambda placeholder: values[placeholder.group(1)], template)
    if not is_object_name(account):
        raise OptionError(
            "name_template",
            f"{template!r} makes {account!r}, which cannot be the name of a service account. The template may use "
            "{name}, {namespace} and {random}.",
        )
    if parameters["credential_type"] == DYNAMIC:
        return account
    return str(parameters["service_account"] or name)


def _texts(given: Mapping[str, Any] | None, option: str) -> dict[str, str]:
    """Return labels or annotations as texts, without those that only this collection may set."""
    for key, value in (given or {}).items():
        name = str(key)
        if not is_qualified_name(name):
            raise OptionError(option, f"{name!r} is not a name that Kubernetes accepts.")
        if value is None or isinstance(value, (Mapping, list)):
            raise OptionError(option, f"{name} must be text.")
        if option == "labels" and not is_label_value(texts({name: value})[name]):
            raise OptionError(option, f"{name} must have letters, digits, -, _ and . only, and no more than 63.")
        if name.startswith(f"{DOMAIN}/") or value == FIELD_MANAGER:
            raise OptionError(option, f"only this collection sets {name}.")
    return texts(given)
