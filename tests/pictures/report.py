# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A site with leases of all kinds, and the report on them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import requests
import yaml
from workload_credentials_emulator import Emulator
from workload_credentials_emulator.server import DEMO_SITE
from workload_credentials_emulator.tokens import Token, token_id

from tests.pictures.runs import run

_COLLECTION = "community.workload_credentials"
_PLAY = {"hosts": "localhost", "connection": "local", "gather_facts": False}
_AWX, _CI, _LAPTOP = "token-of-awx", "token-of-ci", "token-of-a-laptop"
_AWS = {
    "type": "aws",
    "integrationName": "main",
    "credentialType": "assumed_role",
    "roleArn": "arn:aws:iam::123456789012:role/app",
}
_AZURE = {
    "type": "azure",
    "integrationName": "main",
    "credentialType": "service_principal_password",
    "applicationObjectId": "22222222-2222-4222-8222-222222222222",
}
CONTENT: dict[str, Any] = {
    "integrations": {
        "aws": {"main": {"roleArn": "arn:aws:iam::123456789012:role/workload-credentials"}},
        "azure": {
            "main": {
                "tenantId": "00000000-0000-4000-8000-000000000000",
                "clientId": "11111111-1111-4111-8111-111111111111",
                "clientSecret": "example-client-secret",
            }
        },
    },
    "dynamic": {
        "prod/aws/app": {**_AWS, "ttl": 3600},
        "prod/aws/backup": {**_AWS, "ttl": 7200},
        "prod/azure/app": {**_AZURE, "ttl": 7200},
        "prod/azure/reports": {**_AZURE, "ttl": 3600},
        "prod/ci/deploy": {**_AWS, "ttl": 900},
    },
    "tokens": [{"token": token} for token in (_AWX, _CI, _LAPTOP)],
}
_NAMES = {
    Token(token_id(token), frozenset()).owner: name
    for token, name in ((_AWX, "AWX"), (_CI, "CI pipeline"), (_LAPTOP, "laptop of Kim"))
}
# Who requested which credentials, and how many minutes ago.
_PAST = ((58, "prod/aws/app", _AWX), (12, "prod/ci/deploy", _CI), (41, "prod/azure/reports", _LAPTOP))
_PUSHED = (
    ("shop", "aws", "prod/aws/app"),
    ("shop", "azure", "prod/azure/app"),
    ("batch", "reports", "prod/azure/reports"),
    ("batch", "backup", "prod/aws/backup"),
)


def make_report(service: Emulator, kubeconfig: Path, folder: Path) -> Path:
    """Let leases be minted, used and revoked, report on them twice, and return the page."""
    now = datetime.now(UTC)
    for minutes, path, token in sorted(_PAST, reverse=True):
        service.control.set_clock(now - timedelta(minutes=minutes))
        parent, _slash, name = path.rpartition("/")
        _send(service, "POST", f"dynamic/{name}/generate?folder={parent}", token)
    service.control.reset_clock()
    entries = [{"namespace": namespace, "name": name, "dynamic_secret": path} for namespace, name, path in _PUSHED]
    pushing = {"cluster_credentials_entries": entries, "cluster_credentials_create_namespaces": True}
    _run_role("cluster_credentials", pushing, service, kubeconfig, folder)
    reporting = {
        "lease_report_clusters": [{"name": "eu", "kubeconfig": str(kubeconfig)}],
        "lease_report_held_elsewhere": ["prod/ci"],
        "lease_report_names": _NAMES,
    }
    _run_role("lease_report", reporting, service, kubeconfig, folder)
    report = json.loads((folder / "lease-report.json").read_text(encoding="utf-8"))
    (lost,) = (row["id"] for row in report["leases"] if "eu/batch/reports" in row["holders"])
    _send(service, "DELETE", f"leases/id/{lost}", _AWX)
    _run_role("lease_report", reporting, service, kubeconfig, folder)
    return folder / "lease-report.html"


def _run_role(name: str, variables: dict[str, Any], service: Emulator, kubeconfig: Path, folder: Path) -> None:
    play = {**_PLAY, "roles": [{"role": f"{_COLLECTION}.{name}", "vars": variables}]}
    (folder / "play.yml").write_text(yaml.safe_dump([play]), encoding="utf-8")
    own = {"BEYONDTRUST_ACCESS_TOKEN": _AWX, "K8S_AUTH_KUBECONFIG": str(kubeconfig)}
    run(("ansible-playbook", "play.yml"), service, folder, **own)


def _send(service: Emulator, method: str, path: str, token: str) -> None:
    answer = requests.request(
        method,
        f"{service.url}/site/{DEMO_SITE}/secrets/{path}",
        headers={"Authorization": f"Bearer {token}", "bt-secrets-api-version": "2026-04-28"},
        verify=str(service.ca_cert),
        timeout=30,
    )
    answer.raise_for_status()
