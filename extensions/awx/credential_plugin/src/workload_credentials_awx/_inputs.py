# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What AWX asks for: once for the source credential (fields), and for each field that is linked to it (metadata)."""

from __future__ import annotations

from typing import Any

INPUTS: dict[str, Any] = {
    "fields": [
        {
            "id": "api_url",
            "label": "API address",
            "type": "string",
            "help_text": "Empty for the vendor's own service.",
        },
        {"id": "site_id", "label": "Site ID", "type": "string", "help_text": "The site's UUID."},
        {
            "id": "access_token",
            "label": "Access token",
            "type": "string",
            "secret": True,
            "help_text": "Leave it empty if the controller has a token in a file.",
        },
        {
            "id": "access_token_file",
            "label": "Access token file",
            "type": "string",
            "help_text": "A file on the controller, such as a projected token. It is read at each use.",
        },
        {
            "id": "service_name",
            "label": "Service name",
            "type": "string",
            "help_text": "For workload identity tokens: the service that trusts their issuer.",
        },
        {
            "id": "auth_role",
            "label": "Role",
            "type": "string",
            "help_text": "For tokens of a custom identity provider.",
        },
        {
            "id": "ca_cert",
            "label": "Certificate authority",
            "type": "string",
            "multiline": True,
            "help_text": "PEM text of the authority to trust, if the service's certificate is not public.",
        },
        {
            "id": "timeout",
            "label": "Timeout",
            "type": "string",
            "help_text": "Seconds for one request; empty for the default.",
        },
        {"id": "api_version", "label": "API version", "type": "string", "help_text": "Empty for the default."},
        {
            "id": "api_path_version",
            "label": "Version segment of the path",
            "type": "string",
            "help_text": "If the service requires one.",
        },
        {
            "id": "api_product",
            "label": "Product segment of the path",
            "type": "string",
            "help_text": "secrets or wlc; empty for the default.",
        },
    ],
    "metadata": [
        {
            "id": "path",
            "label": "Path",
            "type": "string",
            "help_text": "The path of the static secret, such as prod/db/app.",
        },
        {
            "id": "key",
            "label": "Key",
            "type": "string",
            "help_text": "The name of a value in the secret; empty if it has only one.",
        },
        {"id": "version", "label": "Version", "type": "string", "help_text": "Empty for the current version."},
    ],
    "required": ["site_id", "path"],
}
