# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a service account's token is asked for: options, and what of them is checked before anything is made."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...._api.errors import OptionError
from ...._kube.durations import whole_seconds
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
# As RBAC writes them.
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

# Names of namespaces, and names that may have dots in them too (RFC 1123).
_NAMESPACE = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_NAME = re.compile(r"(?=.{1,253}\Z)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
# A label holds no more, and the lease's ID in it is the name and what makes it unique.
LABEL_LETTERS = 63
# What every API server takes.
SHORTEST, LONGEST = 600, 2**32
_LABEL = re.compile(r"([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?")
_LABELS_NAME = re.compile(r"([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?")
_LETTERS, _CHANCE = "bcdfghjklmnpqrstvwxz2456789", 10
_PLACEHOLDER = re.compile(r"\{(name|namespace|random)\}")
# What only one of the two types has.
_OF_STATIC = ("service_account",)
_OF_DYNAMIC = ("role", "rules", "namespaces", "cluster_wide", "name_template")


@dataclass(frozen=True)
class TokenSpec:
    """A token that is asked for, and the lease that it will have.

    :arg lease: the name of its record, and of what is made for it.
    :arg role: kind and name; None for a static one, and where ``rules`` say what may be done.
    :arg namespaces: where a dynamic one may do it; none with ``cluster_wide``.
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
        """Whether its service account is made for it."""
        return self.credential_type == DYNAMIC

    @property
    def lease_id(self) -> str:
        """As users name the lease: where its record lies."""
        return f"{self.namespace}/{self.lease}"


def wanted_of(parameters: Mapping[str, Any]) -> TokenSpec:
    """What the options ask for.

    :arg parameters: of the module or of a lookup's term, validated.
    :raises OptionError: some cannot be, alone or together.
    """
    name, namespace = str(parameters["name"]), str(parameters["namespace"])
    for problem in _problems(parameters):
        raise problem
    chance = "".join(secrets.choice(_LETTERS) for _letter in range(_CHANCE))
    dynamic, cluster_wide = parameters["credential_type"] == DYNAMIC, bool(parameters["cluster_wide"])
    template = parameters["name_template"] or "{name}-{random}"
    account = _account(template, {"name": name, "namespace": namespace, "random": chance})
    role = parameters["role"]
    return TokenSpec(
        name=name,
        namespace=namespace,
        lease=f"{name[: LABEL_LETTERS - _CHANCE - 1].rstrip('-.')}-{chance}",
        credential_type=parameters["credential_type"],
        service_account=account if dynamic else parameters["service_account"] or name,
        role=(role["kind"], role["name"]) if role else None,
        rules=[_rule(one) for one in parameters["rules"] or ()],
        namespaces=[] if cluster_wide or not dynamic else list(dict.fromkeys(parameters["namespaces"] or [namespace])),
        cluster_wide=cluster_wide,
        ttl=lifetime(parameters["ttl"], parameters["max_ttl"]),
        audiences=list(parameters["audiences"]) if parameters["audiences"] else None,
        labels=_texts(parameters["labels"], "labels"),
        annotations=_texts(parameters["annotations"], "annotations"),
    )


def lifetime(ttl: str, max_ttl: str | None) -> int:
    """The wanted life, in seconds; what the API server makes of it is its own.

    :raises OptionError: one is no duration, or it is longer than it may be.
    """
    wanted = whole_seconds(ttl, "ttl")
    if not SHORTEST <= wanted <= LONGEST:
        raise OptionError("ttl", f"{ttl} is out of range: a token lives for {SHORTEST} (10m) to {LONGEST} seconds.")
    if max_ttl and wanted > whole_seconds(max_ttl, "max_ttl"):
        raise OptionError("ttl", f"{ttl} is longer than max_ttl, which is {max_ttl}.")
    return wanted


def check_names(name: str | None, namespace: str | None) -> None:
    """See that leases can have this name, and be in this namespace; None: nothing is said of it.

    An empty one is a slip, and would mean all leases there are.

    :raises OptionError: they cannot.
    """
    for problem in (*_problems_of_name(name), *_problems_of_namespaces("namespace", [namespace])):
        raise problem


def _problems_of_name(name: str | None) -> Iterator[OptionError]:
    if name is not None and (not _NAME.fullmatch(name) or len(name) > LABEL_LETTERS):
        allowed = f"lower case letters, digits, - and ., and no more than {LABEL_LETTERS} of them"
        yield OptionError("name", f"{name!r} cannot be the name of a lease: {allowed}.")


def _problems_of_namespaces(option: str, namespaces: Sequence[str | None]) -> Iterator[OptionError]:
    for one in namespaces:
        if one is not None and not _NAMESPACE.fullmatch(one):
            yield OptionError(option, f"{one!r} is not a name that a namespace can have.")


def _problems(parameters: Mapping[str, Any]) -> Iterator[OptionError]:
    yield from _problems_of_name(parameters["name"])
    yield from _problems_of_namespaces("namespace", [parameters["namespace"]])
    yield from _problems_of_namespaces("namespaces", parameters["namespaces"] or ())
    credential_type = parameters["credential_type"]
    others, other = (_OF_DYNAMIC, DYNAMIC) if credential_type == STATIC else (_OF_STATIC, STATIC)
    for option in others:
        if parameters[option]:
            yield OptionError(option, f"it needs credential_type={other}.")
    if any(not one for one in parameters["audiences"] or ()):
        yield OptionError("audiences", "one of them is empty.")
    if credential_type == DYNAMIC:
        yield from _problems_of_dynamic(parameters)


def _problems_of_dynamic(parameters: Mapping[str, Any]) -> Iterator[OptionError]:
    role, rules, cluster_wide = parameters["role"], parameters["rules"], parameters["cluster_wide"]
    if bool(role) == bool(rules):
        yield OptionError("role", "credential_type=dynamic needs a role or rules, and not both.")
    if cluster_wide and parameters["namespaces"]:
        yield OptionError("namespaces", "cluster_wide=true is for all of them: leave one out.")
    if cluster_wide and role and role["kind"] == "Role":
        yield OptionError("role", "a Role is of one namespace, so cluster_wide=true needs a ClusterRole.")
    for number, rule in enumerate(rules or ()):
        where, urls = f"rules[{number}]", rule.get("non_resource_urls")
        if bool(rule.get("resources")) == bool(urls):
            yield OptionError(where, "it needs resources or non_resource_urls, and not both.")
        elif rule.get("resources") and not rule.get("api_groups"):
            yield OptionError(where, 'it needs api_groups, which is [""] for the core group.')
        if urls and not cluster_wide:
            yield OptionError(where, "non_resource_urls are of no namespace, so they need cluster_wide=true.")
        if not rule["verbs"]:
            yield OptionError(where, "it needs verbs.")


def _rule(rule: Mapping[str, Any]) -> dict[str, list[str]]:
    return {_RBAC_NAMES.get(name, name): list(value) for name, value in rule.items() if value and name in _RULE}


def _account(template: str, meanings: Mapping[str, str]) -> str:
    """The temporary account's name."""
    found = _PLACEHOLDER.sub(lambda one: meanings[one.group(1)], template)
    if not _NAME.fullmatch(found):
        raise OptionError(
            "name_template",
            f"{template!r} makes {found!r}, which cannot be the name of a service account. It may hold {{name}}, "
            "{namespace} and {random}.",
        )
    return found


def _texts(given: Mapping[str, Any] | None, option: str) -> dict[str, str]:
    """Labels or annotations; those of this collection are its own to set."""
    for name, text in (given or {}).items():
        if not _LABELS_NAME.fullmatch(str(name)):
            raise OptionError(option, f"{str(name)!r} is no name that Kubernetes takes.")
        if option == "labels" and isinstance(text, (str, int)) and not _LABEL.fullmatch(str(text)):
            raise OptionError(option, f"{name} must have letters, digits, -, _ and . only, and no more than 63.")
        if isinstance(text, (Mapping, list)) or text is None:
            raise OptionError(option, f"{name} must be a text.")
        if str(name).startswith(f"{DOMAIN}/") or text == FIELD_MANAGER:
            raise OptionError(option, f"{name} is this collection's own.")
    # YAML's true, as Kubernetes spells it.
    return {
        str(name): str(text).lower() if isinstance(text, bool) else str(text) for name, text in (given or {}).items()
    }
