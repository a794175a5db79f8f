# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of cluster_credentials as data: those of the module, which are the role's variables, and of an entry.

The documentation of both is compared with it by a test. Private to this collection: it may change at any time.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.community.workload_credentials.plugins.module_utils._credentials.formats import FORMS
from ansible_collections.community.workload_credentials.plugins.module_utils._spec import CONNECTION, Options
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.names import DEFAULT_OWNER
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.requested import ACCOUNT, SESSION

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
