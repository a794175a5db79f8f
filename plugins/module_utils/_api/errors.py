# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The exceptions. A message is written where the fact is known and never holds a token or a secret value."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from .permissions import permission_for
from .retry import RetryState
from .text import one_line

# What to do next, by the API's error code (API document, "Error Codes") and, below, by status.
_ADVICE_BY_CODE = {
    "folder_deleted": "Restore the folder (community.workload_credentials.folder restores by default), then repeat.",
    "secret_already_exists": "Another kind of resource or another writer holds this path: remove it or choose another.",
    "deleted_secret_exists": "Restore it (on_deleted=restore) or replace it (on_deleted=replace).",
    "folder_already_exists": "Another writer made the folder in the meantime; repeat the task.",
    "deleted_folder_exists": "Restore it (on_deleted=restore) or replace it (on_deleted=replace).",
    "folder_not_empty": "recursive=true removes the contents with it, those that are deleted and restorable too.",
    "lease_not_found": "The service does not know this lease: it has ended, or was minted a moment ago.",
    "lease_revoke_timeout": "The provider did not answer in time, so the credential may or may not be removed.",
    "azure_permission_denied": (
        "The integration's application lacks a permission at Microsoft Graph, or it was granted less than a minute ago."
    ),
    "aws_integration_test_failed": "Check that the role's trust policy names the integration's external ID.",
    "aws_credential_validation_failed": "Check the definition's role_arn and external_id, and the role's trust policy.",
    "azure_integration_test_failed": "Check tenant_id, client_id and client_secret, and the app's permissions.",
    "dynamic_secret_in_use": "Revoke its leases first, or wait until they expire.",
    "lease_revoke_failed": "The provider did not remove the credential; try again, or wait until it expires.",
    "invalid_cedar_syntax": "Check the text: one permit, names with their namespaces, no condition.",
    "invalid_site": "The policy's @siteId has to be a site of this organization.",
    "principal_lookup_failed": "The service could not look for the principal: repeat the task later.",
    "lease_not_revocable": "These credentials cannot be revoked; they are valid until they expire.",
}
_ADVICE_BY_STATUS = {
    401: (
        "Check access_token or access_token_file (environment BEYONDTRUST_ACCESS_TOKEN): it is wrong or "
        "expired, or belongs to a different site than site_id. A new token may take a second to be accepted."
    ),
    407: "A proxy requires authentication: check HTTPS_PROXY and NO_PROXY.",
    429: "The service limits requests: repeat later, with fewer at the same time (concurrency, forks).",
    500: "The service failed on this request: repeat it later, and tell the service's operators if it fails again.",
    501: "This service does not support that operation.",
    502: "A gateway, or the cloud's provider behind the service, failed: repeat later.",
    503: "The service is overloaded or down: repeat later.",
    504: "A gateway timed out waiting for the service: repeat later, and check what is between here and api_url.",
}
# Addresses of the platform's APIs on the administration site.
_PLATFORM = ("/auth/", "/iam/")
_PLATFORM_ADVICE = {
    401: (
        "Check admin_access_token or admin_access_token_file (environment BEYONDTRUST_ADMIN_ACCESS_TOKEN): it is wrong "
        "or expired, or of another site than admin_site_id. One that was made a second ago may not be known yet."
    ),
    403: (
        "This needs a token of the organization's administration site with the scope admin: check admin_site_id and "
        "admin_access_token. A token of another site is refused like this."
    ),
}
_NOT_THE_API = (
    "Check that api_url is the address of the Secrets API and that no proxy in between changes answers; if both are "
    "right, report this line to the service's operators."
)


class WorkloadCredentialsError(Exception):
    """Any failure of a task, with a message for the user."""


class OptionError(WorkloadCredentialsError):
    """An option's value cannot be used.

    :arg option: the option's name as the user wrote it.
    :arg problem: what is wrong with the value, and what would be right.
    """

    def __init__(self, option: str, problem: str) -> None:
        super().__init__(f"{option}: {problem}")
        self.option = option


class StateError(WorkloadCredentialsError):
    """The wanted state cannot be reached from the present one; the message says what to do."""


class MissingError(StateError):
    """Something is missing that an earlier task may make in a real run."""


class MayExistError(StateError):
    """A request may have made something although no clear answer came; the message says what is known."""


class PartlyDoneError(StateError):
    """Some of several writes failed; the message names them.

    :arg values: the task's return values, which say what was done.
    """

    def __init__(self, message: str, values: Mapping[str, Any]) -> None:
        super().__init__(message)
        self.values = values


class MissingLibraryError(WorkloadCredentialsError):
    """A Python library is missing where the task runs."""

    def __init__(self, name: str, python: str) -> None:
        super().__init__(
            f"The Python library {name!r} is needed where this task runs, and {python} does not find it: "
            f"install it there, for example with '{python} -m pip install {name}'."
        )


def _advice(method: str, path: str, status: int) -> str | None:
    """Return what to do next about a refused request."""
    if path.startswith(_PLATFORM) and status in _PLATFORM_ADVICE:
        return _PLATFORM_ADVICE[status]
    if path == "/session" and status in (403, 404):
        return "Check site_id and api_url, and that the token belongs to this site."
    if status != 403:
        return _ADVICE_BY_STATUS.get(status)
    permission = permission_for(method, path)
    lacks = f" {permission}" if permission else ""
    return (
        f"The item does not exist, or this token lacks the permission{lacks} on it. "
        "Check site_id, the path and the token's policies."
    )


class RequestError(WorkloadCredentialsError):
    """A request that did not end well.

    :arg method: HTTP method.
    :arg path: path and query below the site's address, as sent.
    :arg problem: a description of the failure.
    """

    def __init__(self, method: str, path: str, problem: str) -> None:
        super().__init__(f"{method} {path}: {problem}")
        self.method = method
        self.path = path


class NoAnswerError(RequestError):
    """No answer came. ``ambiguous``: the service may have carried out the request nevertheless."""

    def __init__(self, method: str, path: str, problem: str, *, ambiguous: bool) -> None:
        super().__init__(method, path, problem)
        self.ambiguous = ambiguous


class UnexpectedAnswerError(RequestError):
    """An answer that this API does not give: a redirect, an HTML page, another shape.

    ``ambiguous``: the service may have carried out the request nevertheless.

    :arg advice: what to do instead of checking api_url.
    """

    def __init__(self, method: str, path: str, status: int, problem: str, advice: str = _NOT_THE_API) -> None:
        super().__init__(method, path, f"status {status}, {problem}. {advice}")
        self.status = status
        # A redirect means that nothing was done.
        self.ambiguous = not 300 <= status < 400


class ApiError(RequestError):
    """A refusal of the API, with its status, code and message.

    ``after_ambiguous``: an earlier attempt at the same request ended without an answer.

    :arg patience: how often the request was sent, and how long the service asked to wait.
    """

    def __init__(
        self,
        method: str,
        path: str,
        status: int,
        code: str,
        api_message: str,
        *,
        after_ambiguous: bool = False,
        patience: RetryState | None = None,
    ) -> None:
        advice = _ADVICE_BY_CODE.get(code) or _advice(method, path, status)
        tried = patience.sentences() if patience and (status == 429 or status >= 500) else ""
        text = f"status {status}" + (f" {code}" if code else "") + (f": {api_message}" if api_message else "")
        next_step = " ".join(filter(None, (advice, tried)))
        super().__init__(method, path, f"{text.rstrip('.')}. {next_step}" if next_step else text)
        self.status = status
        self.code = code
        self.api_message = api_message
        self.after_ambiguous = after_ambiguous

    @property
    def ambiguous(self) -> bool:
        """Return whether the service may have carried out the request nevertheless, since it or a gateway broke down.

        A code that ends in ``_failed`` says that the provider did not do it.
        """
        return self.status >= 500 and self.status != 501 and not self.code.endswith("_failed")


class InternalError(RequestError):
    """A fault of this collection while it sent a request, which the service may have carried out."""

    ambiguous = True

    def __init__(self, method: str, path: str, error: Exception) -> None:
        super().__init__(method, path, _fault(error))


class DeniedError(ApiError):
    """403: this identity may not do it, or sees nothing there.

    A service may answer so for everything that does not exist, and for what was written a moment ago
    (design, section 7: "A 403 to a read is ambiguous").
    """


class NotFoundError(ApiError):
    """404: no such resource."""


class ConflictError(ApiError):
    """409: the resource exists already, or is in a state that forbids the request."""


def internal_error(where: str, error: Exception, last: str | None = None) -> WorkloadCredentialsError:
    """Return the error to show instead of an unexpected one, whose own text may hold values.

    :arg where: the module or lookup.
    :arg last: method and path of the latest request.
    """
    after = f" after {last}" if last else ""
    return WorkloadCredentialsError(f"{where}{after}: {_fault(error)}")


def _fault(error: Exception) -> str:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = f" ({os.path.basename(trace.tb_frame.f_code.co_filename)}, line {trace.tb_lineno})" if trace else ""
    return (
        f"a fault of this collection, {one_line(type(error).__name__)}{place}. Check what has been done before you "
        "repeat the task, and report this line to the collection's issue tracker."
    )
