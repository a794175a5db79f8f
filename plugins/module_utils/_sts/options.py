# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of a session at AWS' Security Token Service; those that say who asks have the names of amazon.aws."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# Who asks: one source sets all of them, or keys of one and a profile of another would be mixed.
KEYS = ("access_key", "secret_key", "session_token")
IDENTITY = (*KEYS, "profile")

SERVICE_ACCOUNT: Mapping[str, Mapping[str, Any]] = {
    "namespace": {"type": "str", "required": True},
    "name": {"type": "str", "required": True},
    "audience": {"type": "str", "default": "sts.amazonaws.com"},
    "kubeconfig": {"type": "path"},
    "context": {"type": "str"},
}
STS_OPTIONS: Mapping[str, Mapping[str, Any]] = {
    "region": {"type": "str", "env": ("AWS_REGION", "AWS_DEFAULT_REGION")},
    "profile": {"type": "str", "env": ("AWS_PROFILE", "AWS_DEFAULT_PROFILE")},
    # An ID, which AWS itself writes into its logs.
    "access_key": {"type": "str", "env": ("AWS_ACCESS_KEY_ID", "AWS_ACCESS_KEY")},
    "secret_key": {"type": "str", "no_log": True, "env": ("AWS_SECRET_ACCESS_KEY", "AWS_SECRET_KEY")},
    "session_token": {"type": "str", "no_log": True, "env": ("AWS_SESSION_TOKEN",)},
    "endpoint_url": {"type": "str", "env": ("AWS_URL",)},
    "duration_seconds": {"type": "int"},
    "serial_number": {"type": "str"},
    "token_code": {"type": "str", "no_log": True},
    "role_arn": {"type": "str"},
    "role_session_name": {"type": "str"},
    "external_id": {"type": "str"},
    # Text or a dictionary.
    "policy": {"type": "raw"},
    "policy_arns": {"type": "list", "elements": "str"},
    "web_identity_token_file": {"type": "path"},
    "service_account": {"type": "dict", "options": SERVICE_ACCOUNT},
}
