# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of cluster_credentials, and the names and labels of the role's objects."""

from __future__ import annotations

from ...module_utils._spec import CONNECTION, Options

MANAGED_LABEL = {"app.kubernetes.io/managed-by": "community.workload_credentials"}
# Selects the role's objects.
SELECTOR = tuple(f"{name}={value}" for name, value in MANAGED_LABEL.items())
# The owner, where several lists of entries share a cluster. Objects without this label are the default owner's.
OWNER_LABEL, DEFAULT_OWNER = "workload-credentials.ansible.com/owner", "default"
# The Secrets with which the operator reaches the Secrets API.
TOKEN_SECRET, CA_SECRET = "workload-credentials-token", "workload-credentials-ca"
PART_LABEL = {"app.kubernetes.io/component": "operator-connection"}


def labels_for(owner: str) -> dict[str, str]:
    """Return the labels of an owner's objects.

    Those of the default owner have no label of their own: adding one would make the operator mint anew.
    """
    return dict(MANAGED_LABEL) if owner == DEFAULT_OWNER else {**MANAGED_LABEL, OWNER_LABEL: owner}


DELIVERIES = ("push", "external_secret")
PERIODIC, ONCE, ON_CHANGE = REFRESH_POLICIES = ("Periodic", "CreatedOnce", "OnChange")
PRESENT, ABSENT, RENDERED, VERIFIED, REFRESHED = STATES = ("present", "absent", "rendered", "verified", "refreshed")
# Objects that the user keeps: the role makes none in their place, and changes none. A name is needed, but the spec does
# not require one: a role's variables are never absent, and an empty one counts as not set.
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
