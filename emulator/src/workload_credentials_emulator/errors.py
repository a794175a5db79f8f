# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Refusals: the API's error answer as an exception, and the sentences that the command line ends with."""

from __future__ import annotations

from typing import Any


class ApiError(Exception):
    """A refusal, raised where the fact is known and answered in one place."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        details: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.details = details
        self.headers = {**(headers or {})}
        # For the journal only.
        self.reason = ""

    @property
    def body(self) -> dict[str, Any] | None:
        """The JSON of the answer, None for an empty one; ``details`` is an object, because clients decode that."""
        body: dict[str, Any] = {"message": self.message, "code": self.code}
        if self.details:
            body["details"] = self.details
        return body


class InvalidRequest(ApiError):
    """400: the request itself is wrong."""

    def __init__(self, message: str, code: str = "invalid_request", details: dict[str, Any] | None = None) -> None:
        super().__init__(400, code, message, details=details)


class Forbidden(ApiError):
    """403: the token is valid, and does not allow this."""

    def __init__(self, message: str) -> None:
        super().__init__(403, "forbidden", message)


class SilentlyForbidden(ApiError):
    """403 that says nothing."""

    def __init__(self) -> None:
        super().__init__(403, "", "")

    @property
    def body(self) -> None:
        """Nothing."""


class NotFound(ApiError):
    """404: it never was, it is deleted, or it is expired.

    :arg vendor_code: what the living service calls it.
    """

    def __init__(self, message: str, *, vendor_code: str = "") -> None:
        super().__init__(404, "not_found", message)
        self.vendor_code = vendor_code


class Missing(NotFound):
    """404 of what a token cannot tell from what it may not see, where the site hides that."""


class Conflict(ApiError):
    """409: the resource, or its surroundings, are in a state that does not allow this."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(409, code, message)


class GatewayError(ApiError):
    """A refusal by what stands before the living service, which knows no codes."""

    def __init__(self, status: int, message: str, *, headers: dict[str, str] | None = None) -> None:
        super().__init__(status, "", message, headers=headers)

    @property
    def body(self) -> dict[str, Any]:
        """The JSON of the answer."""
        return {"error": self.message}


class StartError(Exception):
    """The emulator cannot start; the message is a sentence that says what to change."""
