# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the collection's guides work with, so that what they show can be tried before anything was made."""

from __future__ import annotations

from .fill import Content

_ACCOUNT = "arn:aws:iam::123456789012:role"
_VALUE = {"username": "app", "password": "example-password"}

EXAMPLE = Content.model_validate(
    {
        "folders": ["prod", "prod/aws", "prod/azure", "prod/db"],
        "static": {"prod/db/app": _VALUE, "prod/aws/database": _VALUE},
        "integrations": {
            "aws": {"main": {"roleArn": f"{_ACCOUNT}/workload-credentials"}},
            "azure": {
                "main-azure": {
                    "tenantId": "00000000-0000-4000-8000-000000000000",
                    "clientId": "11111111-1111-4111-8111-111111111111",
                    "clientSecret": "example-client-secret",
                }
            },
        },
        "dynamic": {
            "prod/aws/app": {
                "type": "aws",
                "integrationName": "main",
                "credentialType": "assumed_role",
                "roleArn": f"{_ACCOUNT}/app",
                "ttl": 3600,
            },
            "prod/azure/app": {
                "type": "azure",
                "integrationName": "main-azure",
                "credentialType": "service_principal_password",
                "applicationObjectId": "22222222-2222-4222-8222-222222222222",
                "ttl": 3600,
            },
        },
    }
)
