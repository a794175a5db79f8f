# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A plain client for the tests: the API's addresses, and what a refusal looks like."""

from __future__ import annotations

import json
from typing import Any

import requests
from workload_credentials_emulator import Emulator

SITE = "a1b2c3d4-e5f6-4890-abcd-ef1234567890"
OTHER_SITE = "b1b2c3d4-e5f6-4890-abcd-ef1234567890"
TOKEN = "token-canary-of-the-first-site"
OTHER_TOKEN = "token-canary-of-the-other-site"
ROLE = "arn:aws:iam::123456789012:role/MyRole"
MERGE_PATCH = "application/merge-patch+json"
AWS = {
    "type": "aws",
    "integrationName": "my-aws",
    "credentialType": "assumed_role",
    "roleArn": ROLE,
    "ttl": 900,
}
AZURE = {
    "type": "azure",
    "integrationName": "my-azure",
    "credentialType": "service_principal_password",
    "applicationObjectId": "22222222-2222-2222-2222-222222222222",
    "ttl": 3600,
}


class Api:
    """Requests below ``/site/{siteId}/secrets``, over one session."""

    def __init__(self, emulator: Emulator, *, site: str = SITE, token: str | None = TOKEN) -> None:
        self.base = f"{emulator.url}/site/{site}/secrets"
        self.session = new_session(emulator)
        self.session.headers["bt-secrets-api-version"] = "2026-04-28"
        if token is not None:
            self.session.headers["Authorization"] = f"Bearer {token}"

    def send(self, method: str, address: str, body: Any = None, **options: Any) -> requests.Response:
        """Send a request; a body goes with the content type that the method wants."""
        if body is not None:
            content_type = MERGE_PATCH if method == "PATCH" else "application/json"
            options.setdefault("headers", {})
            options["headers"] = {"Content-Type": content_type, **options["headers"]}
            options["data"] = body if isinstance(body, (str, bytes)) else json.dumps(body)
        return self.session.request(method, self.base + address, timeout=20, **options)

    def done(self, method: str, address: str, body: Any = None, **options: Any) -> Any:
        """Send a request that must go well; return its JSON, None for 204."""
        response = self.send(method, address, body, **options)
        assert response.ok, f"{method} {address}: {response.status_code} {response.text}"
        return response.json() if response.content else None

    def get(self, address: str, /, **query: Any) -> Any:
        """Read something that is there."""
        return self.done("GET", address, params=query)

    def paths(self, address: str, /, **query: Any) -> list[str]:
        """The paths in a list."""
        return [entry["path"] for entry in self.get(address, **query)["data"]]

    def folder(self, name: str, folder: str = "") -> Any:
        """Create a folder."""
        return self.done("POST", f"/folders/{name}", params={"folder": folder})

    def static(self, name: str, folder: str = "", **value: Any) -> Any:
        """Create a static secret."""
        return self.done("POST", f"/static/{name}", {"secret": value}, params={"folder": folder})

    def dynamic(self, name: str, folder: str = "", **changes: Any) -> Any:
        """Create a dynamic secret, and its integration where that is missing."""
        body = {**(AZURE if changes.get("type") == "azure" else AWS), **changes}
        self.integration(body["type"])
        return self.done("POST", f"/dynamic/{name}", body, params={"folder": folder})

    def integration(self, kind: str) -> None:
        """Create the integration ``my-aws`` or ``my-azure`` where that is missing."""
        body = {"type": kind, "roleArn": ROLE}
        if kind == "azure":
            uuids = {
                "tenantId": "00000000-0000-0000-0000-000000000000",
                "clientId": "11111111-1111-1111-1111-111111111111",
            }
            body = {"type": kind, **uuids, "clientSecret": "value-canary"}
        response = self.send("POST", f"/integrations/{kind}/my-{kind}", body)
        assert response.status_code in (201, 409), response.text

    def generate(self, name: str, folder: str = "") -> Any:
        """Generate credentials."""
        return self.done("POST", f"/dynamic/{name}/generate", params={"folder": folder})["secret"]


def new_session(emulator: Emulator) -> requests.Session:
    """A session that trusts the emulator's CA and nothing of the environment."""
    session = requests.Session()
    session.trust_env = False
    if emulator.ca_cert:
        session.verify = emulator.ca_cert
    return session


def assert_refused(response: requests.Response, status: int, code: str) -> None:
    """The answer is the API's error of this status and code, and holds no canary."""
    assert response.status_code == status, response.text
    assert response.headers["Content-Type"] == "application/json"
    body = response.json()
    assert body["code"] == code, body
    assert body["message"]
    assert body.keys() <= {"message", "code", "details"}
    assert isinstance(body.get("details", {}), dict)
    assert "canary" not in response.text
