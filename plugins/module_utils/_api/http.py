# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The wire: pooled sessions, headers, retries, and answers turned into values or errors.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

import email.utils
import os
import re
import ssl
import sys
import time
from http.cookiejar import DefaultCookiePolicy
from typing import Any

from ansible_collections.community.workload_credentials.plugins.module_utils._api.errors import (
    ApiError,
    ConflictError,
    MissingLibraryError,
    NoAnswerError,
    NotFoundError,
    OptionError,
    UnexpectedAnswerError,
    WorkloadCredentialsError,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._api.request import (
    Replay,
    Request,
    delay,
    may_retry_lost,
    may_retry_status,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._api.settings import Settings

try:
    import requests
    import urllib3
    from requests.adapters import HTTPAdapter
    from urllib3.exceptions import ConnectTimeoutError, InsecureRequestWarning, NewConnectionError, ProxyError
except ImportError:
    HAS_REQUESTS = False
    HTTPAdapter = object  # type: ignore[misc, assignment]  # only so that the class below can be defined
else:
    HAS_REQUESTS = True

# Lookups run several terms at once over one session: more connections than this are never open.
POOL_SIZE = 16
# A cloud's permissions need some seconds to spread after an integration's role was made (secrets-api facts, "Answers").
_SETTLING_DELAYS = (5.0, 10.0)
_STATUS_ERRORS = {404: NotFoundError, 409: ConflictError}

_sessions: dict[tuple[int, Settings], requests.Session] = {}


class Client:
    """The API of one site, as one identity.

    :arg settings: where and as whom.
    :raises MissingLibraryError: requests is not installed where this runs.
    """

    def __init__(self, settings: Settings) -> None:
        if not HAS_REQUESTS:
            raise MissingLibraryError("requests", sys.executable)
        self.settings = settings
        self._session = _session(settings)

    def get(self, request: Request) -> dict[str, Any]:
        """The resource.

        :raises NotFoundError: there is none.
        """
        answer = self.send(request)
        if not isinstance(answer, dict):
            raise UnexpectedAnswerError(request.method, request.target, 200, "the answer is not a JSON object.")
        return answer

    def find(self, request: Request) -> dict[str, Any] | None:
        """The resource, or None where there is none."""
        try:
            return self.get(request)
        except NotFoundError:
            return None

    def items(self, request: Request) -> list[dict[str, Any]]:
        """The entries of a list.

        :raises NotFoundError: there is nothing that could be listed.
        """
        data = self.get(request).get("data")
        if not isinstance(data, list) or not all(isinstance(entry, dict) for entry in data):
            raise UnexpectedAnswerError(request.method, request.target, 200, "the answer has no list 'data'.")
        return data

    def send(self, request: Request) -> Any:
        """Send, retry where that is allowed, and return the JSON answer (None for 204).

        A 404 on DELETE is success: what should go is gone. An error whose code the request tolerates is returned.

        :raises RequestError: no answer, an unusable answer, or a refusal.
        """
        for pause in (*_SETTLING_DELAYS, None):
            try:
                return self._send_until_answered(request)
            except ApiError as error:
                if request.method == "DELETE" and error.status == 404:
                    return None
                if error.code in request.tolerated:
                    return error
                if error.code not in request.settling or pause is None:
                    raise
                time.sleep(pause)
        return None

    def _send_until_answered(self, request: Request) -> Any:
        after_ambiguous = False
        for attempt in range(self.settings.retries + 1):
            last = attempt == self.settings.retries
            try:
                response = self._attempt(request)
            except NoAnswerError as error:
                if last or not may_retry_lost(request, sent=error.ambiguous):
                    raise
                after_ambiguous = after_ambiguous or error.ambiguous
                pause = delay(attempt, None)
            else:
                pause = delay(attempt, _retry_after(response))
                if last or pause is None or not may_retry_status(request, response.status_code):
                    return self._read(request, response, after_ambiguous=after_ambiguous)
                after_ambiguous = after_ambiguous or response.status_code != 429
            time.sleep(pause or 0.0)
        raise AssertionError("the last attempt returns or raises")

    def _attempt(self, request: Request) -> requests.Response:
        try:
            return self._session.request(
                request.method,
                self.settings.base_url + request.target,
                json=request.body,
                headers=self._headers(request),
                auth=_Bearer(self.settings.token()),
                timeout=self.settings.timeout,
                allow_redirects=False,
            )
        except requests.exceptions.RequestException as error:
            raise _no_answer(request, error, self.settings) from None

    def _headers(self, request: Request) -> dict[str, str | None]:
        settings = self.settings
        return {
            "Accept": "application/json",
            "Content-Type": request.content_type,
            "User-Agent": "community.workload_credentials",
            "bt-secrets-api-version": settings.api_version,
            "X-BT-Service-Name": settings.service_name,
            "X-BT-Role": settings.auth_role,
            "X-BT-Auth-Type": "CUSTOM-IDP" if settings.auth_role else None,
        }

    def _read(self, request: Request, response: requests.Response, *, after_ambiguous: bool) -> Any:
        status = response.status_code
        if 300 <= status < 400:
            problem = "a redirect, which is refused because it would carry the token elsewhere: check api_url."
            raise UnexpectedAnswerError(request.method, request.target, status, problem)
        if status == 204 or (status in (200, 201) and not response.content and request.replay is not Replay.NEVER):
            return None
        body = _json(response)
        if status >= 400:
            code, message = _error_fields(request, response, body)
            error = _STATUS_ERRORS.get(status, ApiError)
            raise error(request.method, request.target, status, code, message, after_ambiguous=after_ambiguous)
        if status not in (200, 201) or body is None:
            problem = "and no JSON in it: is api_url the address of the Secrets API, and is no proxy in between?"
            raise UnexpectedAnswerError(request.method, request.target, status, problem)
        if isinstance(body, dict) and "error" in body and "data" not in body and "secret" not in body:
            raise UnexpectedAnswerError(
                request.method, request.target, status, f"but an error: {_error_fields(request, response, body)[1]}"
            )
        return body


class _Bearer:
    """An auth object of our own, because without one requests would let ~/.netrc replace the header."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, prepared: Any) -> Any:
        prepared.headers["Authorization"] = f"Bearer {self._token}"
        return prepared


class _CaAdapter(HTTPAdapter):
    """Trusts one CA, given as file or as text, and nothing else; works alike in all versions of requests."""

    def __init__(self, context: ssl.SSLContext, **options: Any) -> None:
        self._context = context
        super().__init__(**options)

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, ssl_context=self._context, **options)

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        return super().proxy_manager_for(proxy, ssl_context=self._context, **options)

    def build_connection_pool_key_attributes(self, request: Any, verify: Any, cert: Any = None) -> Any:
        host, _tls = super().build_connection_pool_key_attributes(request, True, cert)
        return host, {"ssl_context": self._context, "cert_reqs": "CERT_REQUIRED"}

    def cert_verify(self, conn: Any, url: Any, verify: Any, cert: Any) -> None:
        # requests would add its own bundle to the context here.
        conn.cert_reqs = "CERT_REQUIRED"


def _session(settings: Settings) -> requests.Session:
    # Sockets must not be shared with a forked child, so the process is part of the identity.
    key = (os.getpid(), settings)
    if key not in _sessions:
        _sessions[key] = _new_session(settings)
    return _sessions[key]


def _new_session(settings: Settings) -> requests.Session:
    session = requests.Session()
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    session.verify = settings.validate_certs
    pool: dict[str, Any] = {"pool_connections": 4, "pool_maxsize": POOL_SIZE, "pool_block": True}
    if settings.validate_certs and settings.ca_cert:
        session.mount("https://", _CaAdapter(_tls_context(settings.ca_cert), **pool))
    else:
        session.mount("https://", HTTPAdapter(**pool))
    if not settings.validate_certs:
        urllib3.disable_warnings(InsecureRequestWarning)
    return session


def _tls_context(ca_cert: str) -> ssl.SSLContext:
    try:
        if "-----BEGIN" in ca_cert:
            return ssl.create_default_context(cadata=ca_cert)
        return ssl.create_default_context(cafile=ca_cert)
    except (ssl.SSLError, OSError, ValueError) as error:
        raise OptionError("ca_cert", f"no usable CA certificate in it ({type(error).__name__}).") from None


def _no_answer(request: Request, error: Exception, settings: Settings) -> WorkloadCredentialsError:
    """What failed below HTTP, in words that carry neither the token nor the library's object names."""
    address = settings.api_url
    untrusted = re.search(r"certificate verify failed: ([^(\"']+)", str(error))
    if untrusted:
        # Trying again would not help, so this is no NoAnswerError.
        return OptionError("ca_cert", f"the certificate of {address} is not trusted: {untrusted.group(1).strip()}.")
    if isinstance(error, requests.exceptions.SSLError) and "WRONG_VERSION_NUMBER" in str(error):
        return OptionError("api_url", f"{address} does not speak TLS.")
    if isinstance(error, (requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema)):
        return OptionError("api_url", f"no request can be sent to {address}.")
    if isinstance(error, OSError) and "CA certificate bundle" in str(error):
        return OptionError("ca_cert", "REQUESTS_CA_BUNDLE or CURL_CA_BUNDLE names a file that does not exist.")
    cause = getattr(error.args[0], "reason", None) if error.args else None
    # The order counts: to urllib3 a refused connection is a kind of timeout.
    if isinstance(cause, NewConnectionError):
        problem = f"no connection to {address}: the name is unknown or nothing listens there. Check api_url."
        return NoAnswerError(request.method, request.target, problem, ambiguous=False)
    if isinstance(error, requests.exceptions.ConnectTimeout) or isinstance(cause, ConnectTimeoutError):
        problem = f"no connection to {address} within {settings.timeout:g} s (option timeout)."
        return NoAnswerError(request.method, request.target, problem, ambiguous=False)
    if isinstance(error, requests.exceptions.ProxyError) or isinstance(cause, ProxyError):
        problem = f"the proxy for {address} does not answer: check HTTPS_PROXY and NO_PROXY."
        return NoAnswerError(request.method, request.target, problem, ambiguous=False)
    if isinstance(error, requests.exceptions.Timeout):
        problem = f"no answer from {address} within {settings.timeout:g} s (option timeout)."
        return NoAnswerError(request.method, request.target, problem, ambiguous=True)
    problem = f"the connection to {address} ended before the answer was complete."
    return NoAnswerError(request.method, request.target, problem, ambiguous=True)


def _error_fields(request: Request, response: requests.Response, body: Any) -> tuple[str, str]:
    """The API's code and message, the message without anything that the request must keep to itself."""
    if not isinstance(body, dict):
        return "", "the answer is not the API's own (no JSON error): a proxy or gateway may be in between."
    code, message = (str(body.get(name) or "") for name in ("code", "message"))
    message = message or str(body.get("error") or "")
    token = response.request.headers.get("Authorization", "").rpartition(" ")[2]
    if any(_holds(text, secret) for text in (code, message) for secret in request.secret_values() | {token}):
        return "", "(the service's message is withheld: it repeats a secret value)"
    return code, message[:1000]


def _json(response: requests.Response) -> Any:
    try:
        return response.json()
    except ValueError:
        return None


def _retry_after(response: requests.Response) -> float | None:
    """Seconds that the answer asks to wait (RFC 9110, section 10.2.3: a number or a date)."""
    value = response.headers.get("Retry-After", "").strip()
    if value.isdigit():
        return float(value)
    parsed = email.utils.parsedate_tz(value) if value else None
    return max(0.0, email.utils.mktime_tz(parsed) - time.time()) if parsed else None


def _holds(text: str, secret: str) -> bool:
    # Short values occur in any sentence by chance, so they count only as words of their own.
    if len(secret) >= 6:
        return secret in text
    return re.search(rf"(?<!\w){re.escape(secret)}(?!\w)", text) is not None
