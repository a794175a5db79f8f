# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of cluster_credentials as data: those of the module, which are the role's variables, and of an entry.

The documentation of both is compared with it by a test. Private to this collection: it may change at any time.
"""

from __future__ import annotations

from ansible_collections.community.workload_credentials.plugins.module_utils._credentials.formats import FORMATS
from ansible_collections.community.workload_credentials.plugins.module_utils._spec import CONNECTION, Options

SOURCES = ("dynamic_secret", "static_secret", "sts_session_token")
DELIVERIES = ("push", "external_secret")
PRESENT, ABSENT, RENDERED, VERIFIED = STATES = ("present", "absent", "rendered", "verified")

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
# What the operator knows and what surely fails is an option too, so that it is refused with its reason.
_AUTH: Options = {
    "secret_ref": {"type": "dict", "options": _SECRET_REF, "aliases": ["secretRef"], "no_log": False},
    "jwt": {"type": "dict"},
}
_PARAMETERS: Options = {
    "session_duration": {"type": "int", "aliases": ["sessionDuration"]},
    "serial_number": {"type": "str", "aliases": ["serialNumber"]},
    "token_code": {"type": "str", "aliases": ["tokenCode"], "no_log": False},
}
STS: Options = {
    "region": {"type": "str", "required": True},
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
    "delivery": {"type": "str", "choices": DELIVERIES},
    "keys": {"type": "dict", "no_log": False},
    "format": {"type": "str", "choices": FORMATS},
    "template": {"type": "dict"},
    "type": {"type": "str", "default": "Opaque"},
    "labels": {"type": "dict"},
    "annotations": {"type": "dict"},
    "refresh_interval": {"type": "str"},
    "creation_policy": {"type": "str", "choices": ("Owner", "Orphan", "Merge", "CreateOrMerge")},
    "deletion_policy": {"type": "str", "choices": ("Retain", "Delete", "Merge")},
}
OPTIONS: Options = {
    **CONNECTION,
    "entries": {"type": "list", "elements": "dict", "default": []},
    "state": {"type": "str", "choices": STATES, "default": PRESENT},
    "delivery": {"type": "str", "choices": DELIVERIES, "default": "push"},
    "create_namespaces": {"type": "bool", "default": False},
    "prune": {"type": "bool", "default": False},
    "wait": {"type": "bool", "default": True},
    "wait_timeout": {"type": "int", "default": 120},
    "render_dir": {"type": "str"},
    "operator_token": {"type": "str", "no_log": True},
    "ca": {"type": "str"},
    "scope": {"type": "str", "choices": ("namespace", "cluster"), "default": "namespace"},
    "operator_namespace": {"type": "str", "default": "external-secrets"},
    "templates_dir": {"type": "str"},
    "concurrency": {"type": "int", "default": 8},
}
