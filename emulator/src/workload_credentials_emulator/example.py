# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the collection's guides work with, so that what they show can be tried before anything was made."""

from __future__ import annotations

import uuid
from typing import Any

from .items import DynamicSecret, Folder, Integration, StaticSecret
from .site import Site

_FOLDERS = ("prod", "prod/aws", "prod/azure", "prod/db")
_ACCOUNT = "arn:aws:iam::123456789012:role"
_AZURE = {"tenantId": "00000000-0000-4000-8000-000000000000", "clientId": "11111111-1111-4111-8111-111111111111"}
_DYNAMIC: dict[str, tuple[str, dict[str, Any]]] = {
    "prod/aws/app": ("aws", {"credentialType": "assumed_role", "roleArn": f"{_ACCOUNT}/app", "ttl": 3600}),
    "prod/azure/app": (
        "azure",
        {
            "credentialType": "service_principal_password",
            "applicationObjectId": "22222222-2222-4222-8222-222222222222",
            "ttl": 3600,
        },
    ),
}
_STATIC = ("prod/db/app", "prod/aws/database")


def add_example(site: Site) -> None:
    """Fill an empty site."""
    now = site.clock.now()
    for path in _FOLDERS:
        site.folders.add(Folder(path, now))
    aws = {"roleArn": f"{_ACCOUNT}/workload-credentials", "externalId": str(uuid.uuid4())}
    integrations = {
        "aws": Integration("aws", "main", aws, now),
        "azure": Integration("azure", "main-azure", dict(_AZURE), now, secret="example-client-secret"),
    }
    for one in integrations.values():
        site.integrations[one.type, one.name] = one
    for path, (type, config) in _DYNAMIC.items():
        site.dynamic.add(DynamicSecret(path, now, type=type, integration_id=integrations[type].id, config=dict(config)))
    for path in _STATIC:
        secret = site.static.add(StaticSecret(path, now, leading_slash=site.leading_slash))
        secret.add({"username": "app", "password": "example-password"}, now)
