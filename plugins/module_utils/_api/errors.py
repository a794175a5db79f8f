# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The error family. A message is made where the fact is known and never holds a token or a secret value.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

# What to do next, by the API's error code (API document, "Error Codes") and, below, by status.
_ADVICE_BY_CODE = {
    "folder_deleted": "Restore the folder (community.workload_credentials.folder restores by default), then repeat.",
    "secret_already_exists": "Another kind of resource or another writer holds this path: remove it or choose another.",
    "deleted_secret_exists": "Restore it (on_deleted=restore) or replace it (on_deleted=replace).",
    "folder_already_exists": "Another writer made the folder in the meantime; repeat the task.",
    "deleted_folder_exists": "Restore it (on_deleted=restore) or replace it (on_deleted=replace).",
    "aws_integration_test_failed": "Check that the role's trust policy names the integration's external ID.",
    "aws_credential_validation_failed": "Check the definition's role_arn and external_id, and the role's trust policy.",
    "azure_integration_test_failed": "Check tenant_id, client_id and client_secret, and the app's permissions.",
    "dynamic_secret_in_use": "Revoke its leases first, or wait until they expire.",
    "lease_revoke_failed": "The provider did not remove the credential; try again, or wait until it expires.",
    "lease_not_revocable": "These credentials end only with their expiration.",
}
_ADVICE_BY_STATUS = {
    401: "Check access_token or access_token_file (environment BEYONDTRUST_ACCESS_TOKEN): it is wrong or expired.",
    403: "Check that site_id is the token's site and that the token has this permission here.",
    501: "This service does not support that operation.",
}


class WorkloadCredentialsError(Exception):
    """Anything that fails the task: the text is for the user."""


class OptionError(WorkloadCredentialsError):
    """An option's value cannot be used.

    :arg option: the option's name as the user wrote it.
    :arg problem: what is wrong with it and what would be right.
    """

    def __init__(self, option: str, problem: str) -> None:
        super().__init__(f"{option}: {problem}")
        self.option = option


class StateError(WorkloadCredentialsError):
    """The wanted state cannot be reached from the present one; the text says what to do."""


class MissingLibraryError(WorkloadCredentialsError):
    """A Python library is missing where the task runs."""

    def __init__(self, name: str, python: str) -> None:
        super().__init__(
            f"The Python library {name!r} is needed where this task runs, and {python} does not find it: "
            f"install it there, for example with '{python} -m pip install {name}'."
        )


class RequestError(WorkloadCredentialsError):
    """A request that did not end well.

    :arg method: HTTP method.
    :arg path: path and query below the site's address, as sent.
    :arg problem: what happened.
    """

    def __init__(self, method: str, path: str, problem: str) -> None:
        super().__init__(f"{method} {path}: {problem}")
        self.method = method
        self.path = path


class NoAnswerError(RequestError):
    """No answer came. ``ambiguous``: the request may have been acted upon all the same."""

    def __init__(self, method: str, path: str, problem: str, *, ambiguous: bool) -> None:
        super().__init__(method, path, problem)
        self.ambiguous = ambiguous


class UnexpectedAnswerError(RequestError):
    """An answer that this API does not give: a redirect, an HTML page, another shape.

    ``ambiguous``: the request may have been acted upon all the same.
    """

    def __init__(self, method: str, path: str, status: int, problem: str) -> None:
        super().__init__(method, path, f"status {status}, {problem}")
        self.status = status
        # Who sends elsewhere has not acted.
        self.ambiguous = not 300 <= status < 400


class ApiError(RequestError):
    """The API refused. Keeps status, API code and API message.

    ``after_ambiguous``: an earlier attempt at the same request ended without an answer.
    """

    def __init__(
        self, method: str, path: str, status: int, code: str, api_message: str, *, after_ambiguous: bool = False
    ) -> None:
        advice = _ADVICE_BY_CODE.get(code) or _ADVICE_BY_STATUS.get(status)
        text = f"status {status}" + (f" {code}" if code else "") + (f": {api_message}" if api_message else "")
        super().__init__(method, path, f"{text.rstrip('.')}. {advice}" if advice else text)
        self.status = status
        self.code = code
        self.api_message = api_message
        self.after_ambiguous = after_ambiguous

    @property
    def ambiguous(self) -> bool:
        """Whether the request may have been acted upon all the same: the service or a gateway broke down over it.

        A code that ends in ``_failed`` is the API's own account of what its provider did not do.
        """
        return self.status >= 500 and self.status != 501 and not self.code.endswith("_failed")


class NotFoundError(ApiError):
    """404: no such resource."""


class ConflictError(ApiError):
    """409: the resource exists already, or is in a state that forbids the request."""
