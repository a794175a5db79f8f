# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The client of the Secrets API: headers and retries."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from threading import Lock
from time import monotonic, sleep
from typing import Any

from . import interruption
from .errors import (
    ApiError,
    DeniedError,
    InternalError,
    MissingLibraryError,
    NoAnswerError,
    NotFoundError,
    WorkloadCredentialsError,
)
from .own_writes import OwnWrites
from .request import Request, may_retry_lost, may_retry_status
from .responses import value_of
from .retry import RetryState, asked_wait, backoff, delay, limit_for, reset_wait
from .settings import Settings
from .transport import (
    HAS_REQUESTS,
    Answer,
    CutShortError,
    TooLargeError,
    Wire,
    is_over,
    manager_for,
    no_answer,
    read_answer,
    too_large,
    within,
)

try:
    import urllib3
except ImportError:
    # Client checks HAS_REQUESTS.
    pass

# A cloud's permissions need some seconds to spread after a role is made (secrets-api facts, "Answers").
_SETTLING_DELAYS = (5.0, 10.0)


class Client:
    """The API of one site, as one identity.

    :arg settings: the site and the identity.
    :arg writes_folder: where all processes of a run record its latest writes; None: this client keeps its own.
    :raises MissingLibraryError: requests is not installed where this runs.
    """

    def __init__(self, settings: Settings, writes_folder: str | None = None) -> None:
        if not HAS_REQUESTS:
            raise MissingLibraryError("requests", sys.executable)
        self.settings = settings
        # Method and path of the latest request, for the message of an unexpected error.
        self.last = ""
        # Method and target of each request that was refused with 403, to look for what would allow it.
        self.denied: dict[tuple[str, str], None] = {}
        # Seconds that the service's limit on requests made this client wait.
        self.waited = 0.0
        # Shows a line about long work to people; None: nobody watches.
        self.progress: Callable[[str], None] | None = None
        self._waiting = Lock()
        self._waited_until = 0.0
        # A CA that cannot be used is an error before anything is sent.
        manager_for(settings)
        self._wire: Wire | None = None
        self._limit = limit_for(settings.site_url, settings.identity)
        self._token = ""
        self.writes = OwnWrites(settings.site_url, lambda: self._token, writes_folder)
        self._headers = _headers(settings)

    def get(self, request: Request) -> dict[str, Any]:
        """Return the resource.

        :raises NotFoundError: it does not exist.
        """
        answer: dict[str, Any] = self.send(request)
        return answer

    def find(self, request: Request) -> dict[str, Any] | None:
        """Return the resource, or None if it does not exist."""
        try:
            return self.get(request)
        except NotFoundError:
            return None

    def remove(self, request: Request) -> bool:
        """Delete the resource and return whether it existed.

        :raises DeniedError: this identity may not delete it or does not see it.
        """
        try:
            self._answer_to(request)
        except NotFoundError:
            return False
        return True

    def items(self, request: Request) -> list[dict[str, Any]]:
        """Return the entries of a list.

        :raises NotFoundError: what should hold them does not exist.
        """
        entries: list[dict[str, Any]] = self.get(request)["data"]
        return entries

    def send(self, request: Request) -> Any:
        """Send a request, retry where that is allowed, and return the answer in the shape that is needed.

        A 404 on DELETE is success. A 403 is returned if the request has ``may_be_denied``. None: the answer is empty.

        :raises RequestError: no answer came, an unusable one, or a refusal.
        """
        try:
            return self._answer_to(request)
        except ApiError as error:
            if request.method == "DELETE" and isinstance(error, NotFoundError):
                return None
            if request.may_be_denied and isinstance(error, DeniedError):
                return error
            raise

    def _answer_to(self, request: Request) -> Any:
        self.last = f"{request.method} {request.target}"
        for pause in (*_SETTLING_DELAYS, None):
            try:
                return self._send_until_answered(request)
            except ApiError as error:
                if isinstance(error, DeniedError):
                    self.denied[request.method, request.target] = None
                if error.code not in request.settling or pause is None:
                    raise
                interruption.pause(pause, sleep=sleep)
            except WorkloadCredentialsError:
                raise
            except Exception as error:
                raise InternalError(request.method, request.target, error) from None
        return None

    def _send_until_answered(self, request: Request) -> Any:
        after_ambiguous = False
        for attempt in range(self.settings.retries + 1):
            may_retry = attempt < self.settings.retries and not interruption.is_interrupted()
            try:
                answer = self._attempt(request)
            except NoAnswerError as error:
                if not may_retry or not may_retry_lost(request, sent=error.ambiguous):
                    raise
                after_ambiguous |= error.ambiguous
                interruption.pause(backoff(attempt), sleep=sleep)
                continue
            asked = _asked_wait(answer)
            pause = delay(attempt, asked)
            if pause is None or not (may_retry and may_retry_status(request, answer.status)):
                patience = RetryState(attempt + 1, asked, self.waited)
                return value_of(request, answer, after_ambiguous=after_ambiguous, patience=patience)
            after_ambiguous |= answer.status != 429
            self._hold_back_all(answer.status, asked)
            interruption.pause(pause, sleep=sleep)
        raise AssertionError("the last attempt returns or raises")

    def _hold_back_all(self, status: int, asked: float | None) -> None:
        """Let all threads of this process wait after a 429, since they share the limit."""
        if status == 429 and asked is not None:
            self._limit.close(asked)
            self._wait(monotonic(), asked)

    def _wait(self, began: float, seconds: float) -> None:
        """Count a wait; those of several threads at the same time count once."""
        with self._waiting:
            end = began + seconds
            self.waited += max(end - max(began, self._waited_until), 0.0)
            self._waited_until = max(end, self._waited_until)

    def _attempt(self, request: Request) -> Answer:
        """Send the request once, when the service's limit allows it, and return the answer."""
        token = self._token = self.settings.token()
        began = monotonic()
        self._wait(began, self._limit.enter())
        headers: Mapping[str, str] | None = None
        try:
            answer = self._answered(request, token)
            headers = answer.headers
        finally:
            self._limit.leave(headers)
        return answer

    def _answered(self, request: Request, token: str) -> Answer:
        with within(self.settings.timeout):
            try:
                # The environment's proxies and REQUESTS_CA_BUNDLE are read once and not for each request.
                self._wire = self._wire or Wire(self.settings)
                headers = {**self._headers, "Authorization": f"Bearer {token}", **_of_body(request)}
                response = self._wire.send(request.method, request.target, headers, request.body)
                return read_answer(response, token)
            except TooLargeError:
                raise too_large(request, response.status) from None
            except (OSError, urllib3.exceptions.HTTPError, CutShortError) as error:
                raise no_answer(request, error, self.settings, late=is_over()) from None


def _asked_wait(answer: Answer) -> float | None:
    """Return the seconds that the service asks to wait before the next request; None: it does not say."""
    asked = asked_wait(answer.headers.get("Retry-After"))
    if asked is None and answer.status == 429:
        return reset_wait(answer.headers)
    return asked


def _of_body(request: Request) -> dict[str, str]:
    return {"Content-Type": request.content_type} if request.content_type else {}


def _headers(settings: Settings) -> dict[str, str]:
    """Return the headers of every request."""
    headers = {
        "Accept": "application/json",
        "Accept-Encoding": "gzip",
        "User-Agent": "community.workload_credentials",
        # The product's former name and its present one.
        "bt-secrets-api-version": settings.api_version,
        "bt-wlc-api-version": settings.api_version,
        "X-BT-Service-Name": settings.service_name,
        "X-BT-Role": settings.auth_role,
        "X-BT-Auth-Type": "CUSTOM-IDP" if settings.auth_role else None,
    }
    return {name: value for name, value in headers.items() if value is not None}
