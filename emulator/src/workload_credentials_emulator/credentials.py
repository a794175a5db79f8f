# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a provider would hand out: made up, and of the right form."""

from __future__ import annotations

import base64
import secrets
import string
import uuid

_KEY_ID = string.ascii_uppercase + "234567"
_SECRET = string.ascii_letters + string.digits + "+/"
_AZURE = string.ascii_letters + string.digits + "~._-"


def aws_credentials() -> dict[str, str]:
    """The three values of an STS session."""
    return {
        "accessKeyId": "ASIA" + _random(_KEY_ID, 16),
        "secretAccessKey": _random(_SECRET, 40),
        "sessionToken": "IQoJb3JpZ2luX2Vj" + base64.b64encode(secrets.token_bytes(480)).decode("ascii"),
    }


def azure_credentials(tenant_id: str, application_object_id: str) -> dict[str, str]:
    """A password of the application, whose client id belongs to its object id for good."""
    return {
        "client_id": str(uuid.uuid5(uuid.NAMESPACE_OID, application_object_id)),
        "client_secret": f"{_random(string.ascii_letters, 3)}8Q~{_random(_AZURE, 34)}",
        "tenant_id": tenant_id,
        "key_id": str(uuid.uuid4()),
    }


def aws_entity(role_arn: str, lease_id: str) -> str:
    """Who the session is at the provider."""
    return f"{role_arn.replace(':role/', ':assumed-role/', 1)}/bt-{lease_id[:8]}"


def _random(alphabet: str, length: int) -> str:
    return "".join(secrets.choice(alphabet) for _position in range(length))
