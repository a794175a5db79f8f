# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of a cluster's connection, which are those of kubernetes.core.

They are data here, so that documentation and validation do not need that collection. A test compares them.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from .client import InWorker

AUTH: Mapping[str, Mapping[str, Any]] = {
    "kubeconfig": {"type": "raw"},
    "context": {"type": "str"},
    "host": {"type": "str"},
    "api_key": {"type": "str", "no_log": True},
    "username": {"type": "str"},
    "password": {"type": "str", "no_log": True},
    "validate_certs": {"type": "bool", "aliases": ["verify_ssl"]},
    "ca_cert": {"type": "path", "aliases": ["ssl_ca_cert"]},
    "client_cert": {"type": "path", "aliases": ["cert_file"]},
    "client_key": {"type": "path", "aliases": ["key_file"]},
    "proxy": {"type": "str"},
    "no_proxy": {"type": "str"},
    "proxy_headers": {
        "type": "dict",
        "options": {
            "proxy_basic_auth": {"type": "str", "no_log": True},
            "basic_auth": {"type": "str", "no_log": True},
            "user_agent": {"type": "str"},
        },
    },
    "persist_config": {"type": "bool"},
    "impersonate_user": {"type": "str"},
    "impersonate_groups": {"type": "list", "elements": "str"},
}
# The secret ones, and the variables from which kubernetes.core reads them.
SECRETS = ("api_key", "password")
SECRET_VARIABLES = {f"K8S_AUTH_{name.upper()}": name for name in SECRETS}


def contexts() -> list[str]:
    """Return the contexts of the default kubeconfig; empty: there is no such file."""
    try:
        from kubernetes import config

        entries, _current = config.list_kube_config_contexts(os.environ.get("K8S_AUTH_KUBECONFIG") or None)
    except Exception:  # pylint: disable=broad-exception-caught
        # An unusable kubeconfig leads to no cluster.
        return []
    return [str(context["name"]) for context in entries]


def cluster_of(parameters: Mapping[str, Any]) -> InWorker:
    """Return a client for the cluster of these options, which the caller closes.

    :arg parameters: validated; other options are ignored.
    :raises ClusterError: there is no usable configuration.
    :raises MissingLibraryError: the library kubernetes is not installed.
    """
    return InWorker({name: parameters[name] for name in AUTH if parameters.get(name) is not None})
