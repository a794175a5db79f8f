# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Errors that end all work with a cluster, and the meaning of failed connections, without any token."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence

from .._api.errors import WorkloadCredentialsError
from .._api.text import one_line


class ClusterError(WorkloadCredentialsError):
    """The cluster cannot be used; the message says why and what to do."""


class ForbiddenError(ClusterError):
    """The identity may not read something."""


class NoClusterError(ClusterError):
    """No answer came from the cluster.

    :arg problem: what happened, as a sentence.
    :arg sent: the cluster may have carried out the request nevertheless.
    """

    def __init__(self, problem: str, *, sent: bool) -> None:
        super().__init__(problem)
        self.sent = sent


_WHERE = "kubeconfig, context or host of kubernetes.core (module_defaults, K8S_AUTH_*)"
# A pattern of an error's text or name, its meaning, and whether the cluster may have carried out the request; None: the
# next attempt will fail too. The order matters: urllib3 treats a refused connection as a kind of timeout.
_SIGNS = (
    ("certificate verify failed", "its certificate is not trusted{why}: check ca_cert, " + _WHERE, None),
    ("WRONG_VERSION_NUMBER", "it does not speak TLS: check " + _WHERE, None),
    (
        "LocationParseError|LocationValueError|URLSchemeUnknown|InvalidURL",
        "this is not an address: check " + _WHERE,
        None,
    ),
    ("FileNotFoundError|PermissionError|IsADirectoryError", "a certificate or key file for it cannot be read", None),
    ("UNEXPECTED_EOF|EOF occurred", "the connection ended before the answer was complete", True),
    ("SSLError", "no TLS connection is possible: check certificates and keys, " + _WHERE, None),
    ("Invalid header|UnicodeEncodeError|codec can't encode|^ValueError", "a token or header cannot be sent", None),
    (
        "Tunnel connection failed: 407",
        "the proxy for it requires authentication: check proxy and proxy_headers (HTTPS_PROXY)",
        False,
    ),
    ("Tunnel connection failed", "the proxy for it refuses to connect to it: check proxy and no_proxy", False),
    (
        "ProxyError.*(NewConnectionError|NameResolutionError|Connection refused)",
        "the proxy for it cannot be reached: check proxy and no_proxy (HTTPS_PROXY, NO_PROXY)",
        False,
    ),
    ("NewConnectionError|NameResolutionError", "its name is unknown or nothing listens there: check " + _WHERE, False),
    ("ConnectTimeoutError", "no connection in time: check " + _WHERE, False),
    ("ProxyError", "the proxy for it does not answer: check proxy and no_proxy", False),
    ("TimeoutError", "no answer in time", True),
    ("ProtocolError|IncompleteRead|ConnectionReset|RemoteDisconnected", "the connection ended too early", True),
)


def no_answer(error: Exception, host: str) -> ClusterError:
    """Return the error for a request without an answer.

    :arg error: raised by urllib3.
    """
    causes = " ".join(type(cause).__name__ for cause in error.args if isinstance(cause, Exception))
    known = meaning(f"{type(error).__name__} {causes} {error}")
    problem, sent = known or ("the connection ended too early", True)
    sentence = f"No answer from the cluster {host}: {problem}."
    return ClusterError(sentence) if sent is None else NoClusterError(sentence, sent=sent)


def meaning(text: str) -> tuple[str, bool | None] | None:
    """Return the problem of a failed connection, and whether the request may have been carried out; None: unknown.

    :arg text: the error's name and text, which may quote a token and is not shown.
    """
    for sign, problem, sent in _SIGNS:
        if re.search(sign, text):
            why = re.search(r"certificate verify failed: ([^(\"']+)", text)
            return problem.format(why=f" ({why.group(1).strip()})" if why else ""), sent
    return None


def no_configuration(error: Exception, files: Sequence[str] = ()) -> ClusterError:
    """Return the error for options that allow no connection.

    :arg error: raised by kubernetes.core or its libraries. Only the messages of the library kubernetes are shown, since
        others may quote the kubeconfig.
    :arg files: where a kubeconfig was expected.
    """
    if files and not any(map(os.path.exists, files)):
        where = " and ".join(files)
        return ClusterError(f"No usable configuration for a cluster: there is no kubeconfig {where}. Check {_WHERE}.")
    name = type(error).__name__
    if name in ("ProxySchemeUnknown", "ProxySchemeUnsupported", "LocationParseError"):
        why = "no proxy or server has such an address"
    elif name in ("ConfigException", "CoreException", "FileNotFoundError", "PermissionError"):
        why = one_line(error).rstrip(".")
    else:
        which = f"the kubeconfig {' and '.join(files)}" if files else "it"
        why = f"{which} cannot be read ({name})"
    return ClusterError(f"No usable configuration for a cluster: {why}. Check {_WHERE}.")
