# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Faults that are to happen to requests: what is wrong, with which of them, and how often."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from .errors import ApiError

Kind = Literal[
    "status",
    "delay",
    "drop_before",
    "drop_after",
    "malformed",
    "html",
    "redirect",
    "wrong_shape",
    "body",
    "drip",
    "huge",
]
Provider = Literal["aws", "azure"]
Operation = Literal["integration_test", "generate", "revoke"]


def _pattern(value: str) -> str:
    try:
        re.compile(value)
    except re.error as error:
        raise ValueError(f"is no regular expression: {error}") from None
    return value


class Match(BaseModel):
    """Which requests: all that fit both."""

    model_config = ConfigDict(extra="forbid")

    method: str | None = None
    path_regex: Annotated[str, AfterValidator(_pattern)] | None = None

    def fits(self, method: str, path: str) -> bool:
        """Whether the request is meant; the pattern is searched for in the path as sent."""
        if self.method is not None and self.method.upper() != method:
            return False
        return self.path_regex is None or re.search(self.path_regex, path) is not None


class Fault(BaseModel):
    """One fault: passes over ``skip`` matching requests, then happens to ``times`` of them."""

    model_config = ConfigDict(extra="forbid")

    kind: Kind
    match: Match = Field(default_factory=Match)
    times: int = Field(default=1, ge=1)
    skip: int = Field(default=0, ge=0)
    status: int | None = Field(default=None, ge=200, le=599)
    code: str = "injected_fault"
    message: str = "This answer was asked for."
    retry_after: int | str | None = None
    seconds: float = Field(default=1.0, ge=0)
    location: str = "https://elsewhere.example.com/"
    # Of "body": what is answered instead, a byte for each character, and headers with it.
    body: Annotated[str, Field(pattern="^[\\x00-\\xff]*$")] = ""
    headers: dict[str, str] = Field(default_factory=dict)
    # Of "drip": where "size" bytes more come, one every "seconds".
    part: Literal["headers", "body"] = "body"
    # Of "huge": bytes of a valid answer; with "packed" as gzip, which makes them a thousand times less.
    size: int = Field(default=0, ge=0)
    packed: bool = False
    # The request is carried out, and only its answer is replaced.
    after_acting: bool = False


class ProviderFault(BaseModel):
    """A cloud that refuses: the next ``times`` operations of this kind fail."""

    model_config = ConfigDict(extra="forbid")

    operation: Operation
    provider: Provider | None = None
    times: int = Field(default=1, ge=1)


class Faults:
    """What is still to happen."""

    def __init__(self) -> None:
        self.requests: list[Fault] = []
        self.providers: list[ProviderFault] = []

    def clear(self) -> None:
        """Let everything go well from now on."""
        self.requests.clear()
        self.providers.clear()

    def take(self, method: str, path: str) -> Fault | None:
        """The fault that happens to this request, if any; it counts as used."""
        for fault in self.requests:
            if not fault.match.fits(method, path):
                continue
            if fault.skip:
                fault.skip -= 1
                continue
            fault.times -= 1
            if not fault.times:
                self.requests.remove(fault)
            return fault
        return None

    def refuse(self, operation: Operation, provider: str) -> None:
        """Fail if the cloud is to refuse this operation."""
        for fault in self.providers:
            if fault.operation == operation and fault.provider in (None, provider):
                fault.times -= 1
                if not fault.times:
                    self.providers.remove(fault)
                raise _refusal(operation, provider)


def _refusal(operation: Operation, provider: str) -> ApiError:
    if operation == "integration_test":
        return ApiError(400, f"{provider}_integration_test_failed", f"The {provider} integration test failed.")
    if operation == "generate":
        message = f"The {provider} integration's credentials were not accepted."
        return ApiError(502, f"{provider}_credential_validation_failed", message)
    return ApiError(502, "lease_revoke_failed", f"{provider} failed to revoke the credential.")
