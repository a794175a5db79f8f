# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ends all work with a cluster, and what failed below its own answers, in words without a token."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence

from .._api.errors import WorkloadCredentialsError


class ClusterError(WorkloadCredentialsError):
    """The cluster cannot be worked with; the text says why and what to do."""


class ForbiddenError(ClusterError):
    """The identity may not read this."""


class NoClusterError(ClusterError):
    """No answer came from the cluster.

    :arg problem: what happened, as a sentence.
    :arg sent: the request may have been acted upon all the same.
    """

    def __init__(self, problem: str, *, sent: bool) -> None:
        super().__init__(problem)
        self.sent = sent


_WHERE = "kubeconfig, context or host of kubernetes.core (module_defaults, K8S_AUTH_*)"
# Sign in an error's text or name -> what it means, and whether the request may have been acted upon all the same; None:
# it will not work at the next attempt either. The order counts: to urllib3 a refused connection is a kind of timeout.
_SIGNS = (
    ("certificate verify failed", "its certificate is not trusted{why}: check ca_cert, " + _WHERE, None),
    ("WRONG_VERSION_NUMBER", "it does not speak TLS: check " + _WHERE, None),
    ("LocationParseError|LocationValueError|URLSchemeUnknown|InvalidURL", "this is no address: check " + _WHERE, None),
    ("FileNotFoundError|PermissionError|IsADirectoryError", "a certificate or key file for it cannot be read", None),
    ("UNEXPECTED_EOF|EOF occurred", "the connection ended before the answer was complete", True),
    ("SSLError", "no TLS connection is possible: check certificates and keys, " + _WHERE, None),
    ("Invalid header|UnicodeEncodeError|codec can't encode|^ValueError", "a token or header cannot be sent", None),
    (
        "Tunnel connection failed: 407",
        "the proxy for it wants a name and password: check proxy and proxy_headers (HTTPS_PROXY)",
        False,
    ),
    ("Tunnel connection failed", "the proxy for it does not let through to it: check proxy and no_proxy", False),
    (
        "ProxyError.*(NewConnectionError|NameResolutionError|Connection refused)",
        "the proxy for it is not there: check proxy and no_proxy (HTTPS_PROXY, NO_PROXY)",
        False,
    ),
    ("NewConnectionError|NameResolutionError", "its name is unknown or nothing listens there: check " + _WHERE, False),
    ("ConnectTimeoutError", "no connection in time: check " + _WHERE, False),
    ("ProxyError", "the proxy for it does not answer: check proxy and no_proxy", False),
    ("TimeoutError", "no answer in time", True),
    ("ProtocolError|IncompleteRead|ConnectionReset|RemoteDisconnected", "the connection ended too early", True),
)


def no_answer(error: Exception, host: str) -> ClusterError:
    """The error for a request to which no answer came.

    :arg error: what urllib3 raised.
    """
    causes = " ".join(type(cause).__name__ for cause in error.args if isinstance(cause, Exception))
    found = meaning(f"{type(error).__name__} {causes} {error}") or ("the connection ended too early", True)
    problem, sent = f"No answer from the cluster {host}: {found[0]}.", found[1]
    return ClusterError(problem) if sent is None else NoClusterError(problem, sent=sent)


def meaning(text: str) -> tuple[str, bool | None] | None:
    """What an error of the connection means, by its name and text, which is not shown: it may quote a token.

    None: the text is of no such error.
    """
    for sign, problem, sent in _SIGNS:
        if re.search(sign, text):
            why = re.search(r"certificate verify failed: ([^(\"']+)", text)
            return problem.format(why=f" ({why.group(1).strip()})" if why else ""), sent
    return None


def no_configuration(error: Exception, files: Sequence[str] = ()) -> ClusterError:
    """The error for options that no connection can be made of.

    :arg error: what kubernetes.core or its libraries raised; only what the library kubernetes says is told, since other
        texts may quote the kubeconfig.
    :arg files: where a kubeconfig was looked for.
    """
    if files and not any(map(os.path.exists, files)):
        where = " and ".join(files)
        return ClusterError(f"No usable configuration for a cluster: there is no kubeconfig {where}. Check {_WHERE}.")
    if type(error).__name__ in ("ProxySchemeUnknown", "ProxySchemeUnsupported", "LocationParseError"):
        return ClusterError(
            f"No usable configuration for a cluster: no proxy or server has such an address. Check {_WHERE}."
        )
    told = type(error).__name__ in ("ConfigException", "CoreException", "FileNotFoundError", "PermissionError")
    which = f"the kubeconfig {' and '.join(files)}" if files else "it"
    why = " ".join(str(error).split())[:500].rstrip(".") if told else f"{which} cannot be read ({type(error).__name__})"
    return ClusterError(f"No usable configuration for a cluster: {why}. Check {_WHERE}.")
