# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A plain client of the administration site's APIs."""

from __future__ import annotations

import json
from typing import Any

import requests
from workload_credentials_emulator import Emulator

from .client import SITE, new_session

PRINCIPAL = 'Pathfinder::User::Email::"ann@example.com"'
ISSUER = {
    "serviceName": "ci",
    "issuerUrl": "https://issuer.example.com/Tenant",
    "idpCategory": "Custom",
    "description": "The pipeline",
    "conditions": {"sub": ["repo:example/app:*"]},
}
FLAT = {**ISSUER, "siteId": SITE, "registeredScopes": ["secrets"]}


class Platform:
    """Requests below ``/site/{siteId}/platform``, over one session."""

    def __init__(self, emulator: Emulator, *, site: str | None = None, token: str | None = None) -> None:
        self.base = f"{emulator.url}/site/{site or emulator.admin_site}/platform"
        self.session = new_session(emulator)
        self.session.headers["Authorization"] = f"Bearer {token or emulator.admin_token}"

    def send(self, method: str, address: str, body: Any = None, **headers: str) -> requests.Response:
        """Send a request; text goes as a policy, all else as JSON."""
        kind = "text/plain" if isinstance(body, (str, bytes)) else "application/json"
        data = body if body is None or isinstance(body, (str, bytes)) else json.dumps(body)
        data = data.encode() if isinstance(data, str) else data
        sent = ({"Content-Type": kind} if data is not None else {}) | headers
        return self.session.request(method, self.base + address, data=data, headers=sent, timeout=20)

    def done(self, method: str, address: str, body: Any = None) -> Any:
        """Send a request that must go well; return its JSON."""
        response = self.send(method, address, body)
        assert response.ok, f"{method} {address}: {response.status_code} {response.text}"
        return response.json() if response.content else None

    def put(self, name: str, text: str) -> Any:
        """Write a policy."""
        response = self.send("PUT", f"/iam/policies/{name}", text)
        assert response.status_code == 202, response.text
        return response.json()

    def status(self, name: str) -> str:
        """The status that reading a policy shows; "" where it is not found."""
        response = self.send("GET", f"/iam/policies/{name}")
        if response.status_code == 404:
            assert response.json()["code"] == "policy_not_found"
            return ""
        return str(response.json()["status"])

    def policies(self) -> dict[str, str]:
        """The statuses of all policies by name."""
        return {one["name"]: one["status"] for one in self.done("GET", "/iam/policies")["policies"]}

    def delete(self, name: str) -> None:
        """Delete a policy."""
        assert self.done("DELETE", f"/iam/policies/{name}") is None

    def register(self, body: Any) -> Any:
        """Register a workload identity."""
        response = self.send("POST", "/auth/workload-identities", body)
        assert response.status_code == 201, response.text
        return response.json()["issuer"]


def cedar(
    *actions: str, on: str = 'DynamicSecret::"prod/aws/app"', principal: str = PRINCIPAL, site: str = SITE
) -> str:
    """A policy; ``on`` is the resource without its namespace."""
    listed = ", ".join(f'WorkloadCredentials::Action::"{action}"' for action in actions)
    resource = "is WorkloadCredentials::Product" if on == "Product" else f"== WorkloadCredentials::{on}"
    return (
        f'@siteId("{site}")\npermit(\n  principal == {principal},\n  action in [{listed}],\n  resource {resource}\n);\n'
    )
