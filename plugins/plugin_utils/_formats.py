# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Generated credentials in the forms that programs read.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.community.workload_credentials.plugins.module_utils._api.errors import OptionError
from ansible_collections.community.workload_credentials.plugins.module_utils._api.shown import one_line

_ENVIRONMENTS = {
    "aws_env": {
        "AWS_ACCESS_KEY_ID": "accessKeyId",
        "AWS_SECRET_ACCESS_KEY": "secretAccessKey",
        "AWS_SESSION_TOKEN": "sessionToken",
    },
    "azure_env": {
        "AZURE_CLIENT_ID": "client_id",
        "AZURE_CLIENT_SECRET": "client_secret",
        "AZURE_TENANT_ID": "tenant_id",
    },
}
FORMATS = ("raw", *_ENVIRONMENTS, "aws_credentials")


def fields_of(name: str) -> dict[str, str]:
    """The generated key for each variable of ``aws_env`` or ``azure_env``."""
    return dict(_ENVIRONMENTS[name])


def formatted(credentials: Mapping[str, Any], name: str, path: str) -> Any:
    """The credentials as a format's dictionary or, for ``aws_credentials``, text.

    :arg name: one of FORMATS.
    :arg path: the dynamic secret, for the message.
    :raises OptionError: credentials of another provider than the format's.
    """
    if name == "raw":
        return dict(credentials)
    if name == "aws_credentials":
        environment = _environment(credentials, "aws_env", name, path)
        return "[default]\n" + "".join(f"{key.lower()} = {value}\n" for key, value in environment.items())
    return _environment(credentials, name, name, path)


def _environment(credentials: Mapping[str, Any], variables: str, name: str, path: str) -> dict[str, Any]:
    fields = _ENVIRONMENTS[variables]
    found = {variable: credentials[field] for variable, field in fields.items() if field in credentials}
    if len(found) < 2:
        keys = one_line(", ".join(sorted(credentials)))
        raise OptionError("format", f"{name} does not fit the credentials of {path}, which have the keys {keys}.")
    return found
