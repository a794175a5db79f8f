# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An organization of its own: an administration site and some sites of the Secrets API, as a test sees them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import requests
from ansible_collections.community.workload_credentials.plugins.module_utils._api.errors import WorkloadCredentialsError
from ansible_collections.community.workload_credentials.plugins.module_utils._resources.index import spec_of
from ansible_collections.community.workload_credentials.plugins.module_utils._run import run, validate

from tests.support.site import TOKEN

SITES = ["a1b2c3d4-e5f6-4890-abcd-ef1234567890", "b1b2c3d4-e5f6-4890-abcd-ef1234567890"]
ADMIN_TOKEN = "admin-token-canary-0123456789abcdef"
ISSUER = "https://token.actions.githubusercontent.com"
CI = {
    "service_name": "ci",
    "issuer_url": ISSUER,
    "idp_category": "GitHubActions",
    "conditions": {"sub": ["repo:example/app:*"]},
}


@dataclass(frozen=True)
class Organization:
    """``emulator`` serves it, with SITES."""

    emulator: Any

    @property
    def environment(self) -> dict[str, str]:
        """The connection to the first site and to the administration site as environment variables."""
        return {
            "BEYONDTRUST_API_URL": self.emulator.url,
            "BEYONDTRUST_SITE_ID": SITES[0],
            "BEYONDTRUST_ACCESS_TOKEN": TOKEN,
            "BEYONDTRUST_CA_CERT": str(self.emulator.ca_cert),
            "BEYONDTRUST_ADMIN_SITE_ID": self.emulator.admin_site,
            "BEYONDTRUST_ADMIN_ACCESS_TOKEN": ADMIN_TOKEN,
        }

    @property
    def connection(self) -> dict[str, str]:
        """The same as options."""
        names = {name: name.removeprefix("BEYONDTRUST_").lower() for name in self.environment}
        return {names[name]: value for name, value in self.environment.items()}

    def do(self, module: str, *, check_mode: bool = False, **arguments: Any) -> dict[str, Any]:
        """What the module returns for these arguments, with its diff."""
        spec = spec_of(module)
        given = {name: value for name, value in {**self.connection, **arguments}.items() if value is not None}
        return run(spec, validate(spec, module, given), check_mode=check_mode, diff=True)

    def failure(self, module: str, **arguments: Any) -> str:
        """The message with which the module fails."""
        try:
            self.do(module, **arguments)
        except WorkloadCredentialsError as error:
            return str(error)
        raise AssertionError("it did not fail")

    def platform(self, method: str, address: str, body: Any = None) -> Any:
        """What the platform's API answers, without any of this collection in between."""
        text = isinstance(body, str)
        answer = requests.request(
            method,
            f"{self.emulator.url}/site/{self.emulator.admin_site}/platform{address}",
            data=body.encode() if text else None,
            json=None if text else body,
            headers={"Authorization": f"Bearer {ADMIN_TOKEN}", **({"Content-Type": "text/plain"} if text else {})},
            verify=str(self.emulator.ca_cert),
            timeout=30,
        )
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def requests(self) -> list[str]:
        """All requests so far as lines such as ``GET /iam/policies``, oldest first."""
        return [_line(entry) for entry in self.emulator.control.journal()]

    def forget(self) -> None:
        """Empty the journal."""
        self.emulator.control.clear_journal()

    def asked(self, module: str, **arguments: Any) -> list[str]:
        """The requests that the module sends for these arguments."""
        self.forget()
        self.do(module, **arguments)
        return self.requests()


def _line(entry: dict[str, Any]) -> str:
    path = re.sub("^/site/[^/]+/(secrets|wlc|platform)", "", entry["path"].split("?")[0])
    query = "&".join(f"{key}={value}" for key, value in (entry.get("query") or {}).items())
    return f"{entry['method']} {path}" + (f"?{query}" if query else "")
