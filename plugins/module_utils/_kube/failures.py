# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What failed below Kubernetes' own answers, in words without a token or a library's object names.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

import re

from ansible_collections.community.workload_credentials.plugins.module_utils._kube.errors import (
    ClusterError,
    NoClusterError,
)

try:
    from urllib3 import exceptions
except ImportError:
    # connection.py says so.
    pass

_WHERE = "kubeconfig, context or host of kubernetes.core (module_defaults, K8S_AUTH_*)"


def no_answer(error: Exception, host: str) -> ClusterError:
    """The error for a request to which no answer came.

    :arg error: what urllib3 raised.
    """
    untrusted = re.search(r"certificate verify failed: ([^(\"']+)", str(error))
    if untrusted:
        why = untrusted.group(1).strip()
        return ClusterError(f"The certificate of the cluster {host} is not trusted: {why}. Check ca_cert, {_WHERE}.")
    unusable = _unusable(error, host)
    return unusable or _lost(error, host)


def _unusable(error: Exception, host: str) -> ClusterError | None:
    """What will not work at the next attempt either."""
    if "WRONG_VERSION_NUMBER" in str(error) or isinstance(error, exceptions.LocationValueError):
        return ClusterError(f"{host} does not speak TLS, or is no address: check {_WHERE}.")
    for cause in (error, *error.args):
        if isinstance(cause, (FileNotFoundError, PermissionError, IsADirectoryError)):
            return ClusterError(f"A certificate or key file for the cluster {host} cannot be read: {cause.strerror}.")
    if isinstance(error, exceptions.SSLError) and "EOF" not in str(error):
        return ClusterError(f"No TLS connection to the cluster {host}: check its certificates and keys, {_WHERE}.")
    if isinstance(error, ValueError):
        # Its text quotes the header.
        return ClusterError(f"The token or a header for the cluster {host} holds a character that cannot be sent.")
    return None


def _lost(error: Exception, host: str) -> NoClusterError:
    # The order counts: to urllib3 a refused connection is a kind of timeout.
    if isinstance(error, exceptions.NewConnectionError):
        text = f"No connection to the cluster {host}: the name is unknown or nothing listens there."
        return NoClusterError(f"{text} Check {_WHERE}.", sent=False)
    if isinstance(error, exceptions.ConnectTimeoutError):
        return NoClusterError(f"No connection to the cluster {host} in time. Check {_WHERE}.", sent=False)
    if isinstance(error, exceptions.ProxyError):
        return NoClusterError(
            f"The proxy for the cluster {host} does not answer: check proxy and no_proxy.", sent=False
        )
    if isinstance(error, exceptions.TimeoutError):
        return NoClusterError(f"No answer from the cluster {host} in time.", sent=True)
    return NoClusterError(f"The connection to the cluster {host} ended before the answer was complete.", sent=True)


def no_configuration(error: Exception) -> ClusterError:
    """The error for options that no connection can be made of.

    :arg error: what kubernetes.core or its libraries raised; only what the library kubernetes says is told, since other
        texts may quote the kubeconfig.
    """
    told = type(error).__name__ in ("ConfigException", "CoreException", "FileNotFoundError", "PermissionError")
    why = " ".join(str(error).split())[:500].rstrip(".") if told else f"it cannot be read ({type(error).__name__})"
    return ClusterError(f"No usable configuration for a cluster: {why}. Check {_WHERE}.")
