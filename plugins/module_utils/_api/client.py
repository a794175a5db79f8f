# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The wire: headers, retries, and answers turned into values or errors.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

import email.utils
import re
import sys
import time
from typing import Any

from ansible_collections.community.workload_credentials.plugins.module_utils._api.errors import (
    ApiError,
    ConflictError,
    MissingLibraryError,
    NoAnswerError,
    NotFoundError,
    UnexpectedAnswerError,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._api.failures import no_answer
from ansible_collections.community.workload_credentials.plugins.module_utils._api.request import (
    Replay,
    Request,
    delay,
    may_retry_lost,
    may_retry_status,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._api.session import (
    HAS_REQUESTS,
    Bearer,
    session_for,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._api.settings import Settings

try:
    import requests
except ImportError:
    # session.py knows, and Client says so.
    pass

# A cloud's permissions need some seconds to spread after an integration's role was made (secrets-api facts, "Answers").
_SETTLING_DELAYS = (5.0, 10.0)
_STATUS_ERRORS = {404: NotFoundError, 409: ConflictError}
# Shorter secret values occur in any sentence by chance.
_SURELY_A_VALUE = 6


class Client:
    """The API of one site, as one identity.

    :arg settings: where and as whom.
    :raises MissingLibraryError: requests is not installed where this runs.
    """

    def __init__(self, settings: Settings) -> None:
        if not HAS_REQUESTS:
            raise MissingLibraryError("requests", sys.executable)
        self.settings = settings
        self._session = session_for(settings)
        # Proxies and REQUESTS_CA_BUNDLE of the environment, looked up once and not for each request.
        self._transport = self._session.merge_environment_settings(
            settings.base_url, {}, None, settings.validate_certs, None
        )

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
            prepared = self._session.prepare_request(
                requests.Request(
                    request.method,
                    self.settings.base_url + request.target,
                    json=request.body,
                    headers=self._headers(request),
                    auth=Bearer(self.settings.token()),
                )
            )
            return self._session.send(prepared, timeout=self.settings.timeout, allow_redirects=False, **self._transport)
        except requests.exceptions.RequestException as error:
            raise no_answer(request, error, self.settings) from None

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
        good = 200 <= status < 300
        if good and not response.content and (status == 204 or request.replay is not Replay.NEVER):
            return None
        body = _json(response)
        if status >= 400:
            code, message = _error_fields(request, response, body)
            error = _STATUS_ERRORS.get(status, ApiError)
            raise error(request.method, request.target, status, code, message, after_ambiguous=after_ambiguous)
        if not good or body is None:
            problem = "and no JSON in it: is api_url the address of the Secrets API, and is no proxy in between?"
            raise UnexpectedAnswerError(request.method, request.target, status, problem)
        if isinstance(body, dict) and "error" in body and "data" not in body and "secret" not in body:
            raise UnexpectedAnswerError(
                request.method, request.target, status, f"but an error: {_error_fields(request, response, body)[1]}"
            )
        return body


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
    # A short value counts only as a word of its own.
    if len(secret) >= _SURELY_A_VALUE:
        return secret in text
    return re.search(rf"(?<!\w){re.escape(secret)}(?!\w)", text) is not None
