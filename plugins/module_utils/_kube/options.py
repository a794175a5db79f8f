# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of a cluster's connection, which are kubernetes.core's own.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.community.workload_credentials.plugins.module_utils._kube.errors import ClusterError
from ansible_collections.community.workload_credentials.plugins.module_utils._kube.in_worker import InWorker

try:
    from ansible_collections.kubernetes.core.plugins.module_utils.args_common import AUTH_ARG_SPEC
except ImportError:
    # auth_options() says so.
    AUTH_ARG_SPEC = {}

# Without a type an option is a text.
AUTH: Mapping[str, Mapping[str, Any]] = {name: {"type": "str", **entry} for name, entry in AUTH_ARG_SPEC.items()}
# What nobody may see of them.
SECRETS = tuple(name for name, entry in AUTH.items() if entry.get("no_log"))


def auth_options() -> dict[str, dict[str, Any]]:
    """The options as an argument spec.

    :raises ClusterError: kubernetes.core is not installed.
    """
    if not AUTH:
        raise ClusterError("The collection kubernetes.core is not installed: install 6.6.0 or later.")
    return {name: dict(entry) for name, entry in AUTH.items()}


def cluster_of(parameters: Mapping[str, Any]) -> InWorker:
    """The cluster that these options lead to, to be closed.

    :arg parameters: validated; what is none of the options is left alone.
    :raises ClusterError: there is no usable configuration; MissingLibraryError: the library kubernetes is not here.
    """
    auth_options()
    return InWorker({name: parameters[name] for name in AUTH if parameters.get(name) is not None})
