# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A kubeconfig for one token at one cluster.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

import base64
from typing import Any

from ansible_collections.community.workload_credentials.plugins.module_utils._kube.connection import Endpoint
from ansible_collections.community.workload_credentials.plugins.module_utils._kube.errors import ClusterError


def kubeconfig(endpoint: Endpoint, user: str, token: str, namespace: str) -> str:
    """The text of a file that needs no other one.

    :raises ClusterError: the file of its certificate authority cannot be read.
    """
    # The library kubernetes, without which there is no endpoint, brings it along.
    import yaml

    cluster: dict[str, Any] = {"server": endpoint.server}
    if not endpoint.is_verified:
        cluster["insecure-skip-tls-verify"] = True
    elif endpoint.ca_file:
        cluster["certificate-authority-data"] = _encoded(endpoint.ca_file)
    if endpoint.name:
        cluster["tls-server-name"] = endpoint.name
    if endpoint.proxy:
        cluster["proxy-url"] = endpoint.proxy
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "cluster", "cluster": cluster}],
        "users": [{"name": user, "user": {"token": token}}],
        "contexts": [{"name": user, "context": {"cluster": "cluster", "user": user, "namespace": namespace}}],
        "current-context": user,
    }
    text: str = yaml.safe_dump(config, sort_keys=False)
    return text


def _encoded(file: str) -> str:
    try:
        with open(file, "rb") as stream:
            return base64.b64encode(stream.read()).decode()
    except OSError as error:
        raise ClusterError(f"The cluster's certificate authority {file} cannot be read: {error.strerror}.") from None
