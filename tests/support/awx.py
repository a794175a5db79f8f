# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The credential type for AWX and Automation Platform, made from the connection spec.

``python -m tests.support.awx`` writes it to ``extensions/awx/credential_type.json``.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ansible_collections.community.workload_credentials.plugins.module_utils._spec import CONNECTION

FILE = Path(__file__).parents[2] / "extensions" / "awx" / "credential_type.json"
# What people read in the form, in the order in which they fill it in; every option of the connection must be here.
_FIELDS: dict[str, dict[str, Any]] = {
    "api_url": {"label": "API address", "help_text": "Empty for the vendor's own service."},
    "site_id": {"label": "Site ID", "help_text": "The site's UUID."},
    "access_token": {
        "label": "Access token",
        "help_text": "Reaches the job as a file. Leave it empty where the job has a token of its own, in a file.",
    },
    "access_token_file": {
        "label": "Access token file",
        "help_text": "Path inside the execution environment, such as that of a projected token; read at each use.",
    },
    "service_name": {
        "label": "Service name",
        "help_text": "For tokens of workload identity: the service that trusts their issuer.",
    },
    "auth_role": {"label": "Role", "help_text": "For tokens of a custom identity provider."},
    "ca_cert": {
        "label": "Certificate authority",
        "help_text": "PEM text of the authority to trust, where the service's certificate is not a public one.",
        "multiline": True,
    },
    # AWX takes a switch that a credential leaves out for false, so "validate" would turn the check off.
    "validate_certs": {
        "label": "Do not verify the service's certificate",
        "help_text": "For tests only.",
        "type": "boolean",
        "id": "insecure",
    },
    "timeout": {"label": "Timeout", "help_text": "Seconds for one request; empty for the default."},
    "retries": {"label": "Retries", "help_text": "How often a request is sent again; empty for the default."},
    "api_version": {"label": "API version", "help_text": "Empty for the default."},
    "api_path_version": {"label": "Version segment of the path", "help_text": "Where the service asks for one."},
    "api_product": {"label": "Product segment of the path", "help_text": "secrets or wlc; empty for the default."},
    "admin_site_id": {
        "label": "Administration site ID",
        "help_text": "For policies and workload identities: the UUID of the organization's administration site.",
    },
    "admin_access_token": {
        "label": "Access token of the administration site",
        "help_text": "Rules the whole organization: only for jobs that manage access. Reaches the job as a file.",
    },
    "admin_access_token_file": {
        "label": "Access token file of the administration site",
        "help_text": "Path inside the execution environment; read at each use.",
    },
}
# Their content goes into a file of its own: what is in the environment, every process of the job can read.
_IN_FILES = {"access_token": "token", "ca_cert": "ca", "admin_access_token": "admin_token"}
_TOKENS = ("access_token", "admin_access_token")


def credential_type() -> dict[str, Any]:
    """The credential type, as AWX's API takes it.

    :raises ValueError: an option of the connection has no field, or a field no option.
    """
    if _FIELDS.keys() != CONNECTION.keys():
        raise ValueError(f"fields and connection differ: {sorted(_FIELDS.keys() ^ CONNECTION.keys())}")
    return {
        "name": "BeyondTrust Workload Credentials",
        "description": "Connection of community.workload_credentials to a site of the Secrets API.",
        "kind": "cloud",
        "inputs": {"fields": [_field(name) for name in _FIELDS], "required": ["site_id"]},
        "injectors": {
            "file": {f"template.{file}": f"{{{{ {name} }}}}" for name, file in _IN_FILES.items()},
            "env": dict(_variable(name) for name in _FIELDS if name not in _TOKENS),
        },
    }


def _field(name: str) -> dict[str, Any]:
    secret = {"secret": True} if CONNECTION[name].get("no_log") else {}
    return {"id": name, "type": "string", **_FIELDS[name], **secret}


def _variable(name: str) -> tuple[str, str]:
    variables = {one.lstrip("!"): one for one in CONNECTION[name]["env"]}
    token = name.removesuffix("_file")
    if token in _TOKENS:
        # Two variables for one token would contradict each other.
        file = f"{{{{ tower.filename.{_IN_FILES[token]} }}}}"
        return next(iter(variables)), f"{{% if {token} %}}{file}{{% else %}}{{{{ {name} }}}}{{% endif %}}"
    if name in _IN_FILES:
        return next(iter(variables)), f"{{% if {name} %}}{{{{ tower.filename.{_IN_FILES[name]} }}}}{{% endif %}}"
    if "id" in _FIELDS[name]:
        negated = next(variable for variable, one in variables.items() if one.startswith("!"))
        return negated, f"{{{{ {_FIELDS[name]['id']} }}}}"
    return next(iter(variables)), f"{{{{ {name} }}}}"


def text() -> str:
    """The file's content."""
    return json.dumps(credential_type(), indent=2) + "\n"


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
