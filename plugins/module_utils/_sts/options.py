# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options and limits of a session at AWS' Security Token Service; the identity's have the names of amazon.aws."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

# The identity. One source sets all of these options, so that nobody mixes the keys of one with the profile of another.
KEYS = ("access_key", "secret_key", "session_token")
IDENTITY = (*KEYS, "profile")
# The audience that AWS expects of a service account's token.
AUDIENCE = "sts.amazonaws.com"
# Seconds of sessions: the limits, and the lives that STS gives without the option.
SHORTEST_SESSION = 900
LONGEST_SESSION, LONGEST_ROLE_SESSION = 129600, 43200
USUAL_SESSION, USUAL_ROLE_SESSION = 43200, 3600
# For a role that is assumed with the credentials of another role.
LONGEST_CHAINED_SESSION = 3600
TOKEN_CODE = re.compile(r"[0-9]{6}")
NO_TOKEN_CODE = "it must be six digits, as text (in quotes)."
NEEDS_LONG_TERM_KEYS = "GetSessionToken works only with the long-term keys of an IAM user"

SERVICE_ACCOUNT: Mapping[str, Mapping[str, Any]] = {
    "namespace": {"type": "str", "required": True},
    "name": {"type": "str", "required": True},
    "audience": {"type": "str", "default": AUDIENCE},
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
