# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What failed below HTTP, in words that carry neither the token nor a library's object names.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

import re

from ansible_collections.community.workload_credentials.plugins.module_utils._api.errors import (
    NoAnswerError,
    OptionError,
    UnexpectedAnswerError,
    WorkloadCredentialsError,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._api.request import Request
from ansible_collections.community.workload_credentials.plugins.module_utils._api.settings import Settings
from ansible_collections.community.workload_credentials.plugins.module_utils._api.transfer import MAX_SIZE

try:
    from urllib3.exceptions import (
        ConnectTimeoutError,
        LocationParseError,
        NewConnectionError,
        ProxyError,
        ReadTimeoutError,
        SSLError,
    )
except ImportError:
    # Without requests there is no request that could fail (wire.py says so).
    pass


def no_answer(request: Request, error: Exception, settings: Settings, *, late: bool) -> WorkloadCredentialsError:
    """The error for a request to which no whole answer came.

    :arg error: what was raised below.
    :arg late: the time that the request may take is up.
    """
    address = settings.api_url
    unusable = _unusable(error, address)
    if unusable is not None:
        return unusable
    problem, ambiguous = _connection_problem(error, address, f"{settings.timeout:g} s (option timeout)", late=late)
    return NoAnswerError(request.method, request.target, problem, ambiguous=ambiguous)


def too_large(request: Request, status: int) -> UnexpectedAnswerError:
    """The error for an answer that is larger than is read."""
    problem = f"and an answer of more than {MAX_SIZE // 2**20} MiB, which is not read"
    return UnexpectedAnswerError(
        request.method,
        request.target,
        status,
        problem,
        "Ask for less at once, for example without recursive or versions.",
    )


def _unusable(error: Exception, address: str) -> OptionError | None:
    """Options that cannot work, where trying again would not help."""
    untrusted = re.search(r"certificate verify failed: ([^(\"']+)", str(error))
    if untrusted:
        return OptionError("ca_cert", f"the certificate of {address} is not trusted: {untrusted.group(1).strip()}.")
    is_of_tls = isinstance(getattr(error, "reason", None), SSLError)
    if is_of_tls and "CertificateError" in str(error):
        # urllib3 1 compares names itself.
        return OptionError("ca_cert", f"the certificate of {address} is not trusted: it is for another name.")
    if is_of_tls and "WRONG_VERSION_NUMBER" in str(error):
        return OptionError("api_url", f"{address} does not speak TLS.")
    if isinstance(error, LocationParseError):
        return OptionError("api_url", f"no request can be sent to {address}.")
    return None


def _connection_problem(error: Exception, address: str, limit: str, *, late: bool) -> tuple[str, bool]:
    """What happened, and whether the request may have been acted upon all the same."""
    cause = getattr(error, "reason", None)
    # The order counts: to urllib3 a refused connection is a kind of timeout.
    if isinstance(cause, NewConnectionError):
        return f"no connection to {address}: the name is unknown or nothing listens there. Check api_url.", False
    if isinstance(cause, ConnectTimeoutError):
        return f"no connection to {address} within {limit}.", False
    if isinstance(cause, ProxyError) and "Tunnel connection failed: 407" in str(error):
        return f"the proxy for {address} wants a name and password (407): check HTTPS_PROXY and NO_PROXY.", False
    if isinstance(cause, ProxyError) and "Tunnel connection failed" in str(error):
        return f"the proxy for {address} does not let through to it: check HTTPS_PROXY and NO_PROXY.", False
    if isinstance(cause, ProxyError):
        return f"the proxy for {address} does not answer: check HTTPS_PROXY and NO_PROXY.", False
    if late or isinstance(error, ReadTimeoutError):
        return f"no whole answer from {address} within {limit}.", True
    return f"the connection to {address} ended before the answer was complete.", True
