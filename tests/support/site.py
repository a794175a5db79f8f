# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One site of a running emulator, as a test sees it: its connection, its requests, its leases, its faults."""

from __future__ import annotations

import hashlib
import json
import re
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
from ansible_collections.community.workload_credentials.plugins.module_utils._api.client import Client
from ansible_collections.community.workload_credentials.plugins.module_utils._api.settings import Settings

from tests.support.connection import settings

TOKEN = "token-canary-0123456789abcdef"


@dataclass(frozen=True)
class Site:
    """``emulator`` has ``url`` and ``ca_cert``."""

    emulator: Any
    site_id: str

    @property
    def environment(self) -> dict[str, str]:
        """The connection as environment variables."""
        return {
            "BEYONDTRUST_API_URL": self.emulator.url,
            "BEYONDTRUST_SITE_ID": self.site_id,
            "BEYONDTRUST_ACCESS_TOKEN": TOKEN,
            "BEYONDTRUST_CA_CERT": str(self.emulator.ca_cert),
        }

    def settings(self, **changes: Any) -> Settings:
        """The connection as settings."""
        own = {
            "api_url": self.emulator.url,
            "site_id": self.site_id,
            "access_token": TOKEN,
            "ca_cert": str(self.emulator.ca_cert),
        }
        return settings(**{**own, **changes})

    @property
    def writes_folder(self) -> str:
        """Where the test keeps what it has written a moment ago, as the tasks of one run do."""
        return str(Path(self.emulator.ca_cert).parent / "writes" / self.site_id)

    @property
    def operators_secrets(self) -> list[str]:
        """The Secrets that the role makes for the operator to reach this site: with the CA and with the token."""
        site = f"{self.emulator.url}/site/{self.site_id}"
        suffix = hashlib.sha256(json.dumps([site]).encode()).hexdigest()[:10]
        return [f"workload-credentials-{what}-{suffix}" for what in ("ca", "token")]

    def client(self, **changes: Any) -> Client:
        """A client of this site."""
        return Client(self.settings(**changes), self.writes_folder)

    def behave(self, *, living: bool | None = None, **fields: Any) -> None:
        """Let the site answer as the living service, or as the document says, but for these fields."""
        self.emulator.control.behave(self.site_id, living=living, **fields)

    def journal(self) -> list[dict[str, Any]]:
        """This site's requests so far, oldest first."""
        found = self._control("GET", "journal")
        entries = found["requests"] if isinstance(found, dict) else found
        return [entry for entry in entries if self.site_id in entry["path"]]

    def requests(self) -> list[str]:
        """The same as lines such as ``GET /static/app?folder=prod``."""
        return [_line(entry) for entry in self.journal()]

    def writes(self) -> list[str]:
        """Those that are not reads."""
        return [line for line in self.requests() if not line.startswith("GET ")]

    def forget(self) -> None:
        """Empty the journal."""
        self._control("DELETE", "journal")

    def leases(self) -> list[dict[str, Any]]:
        """Every lease ever minted on this site."""
        return [lease for lease in self._control("GET", "leases")["leases"] if lease["site"] == self.site_id]

    def fault(self, kind: str, *, method: str | None = None, path: str = "", times: int = 1, **more: Any) -> None:
        """Make the next matching requests of this site fail.

        :arg path: regular expression for what follows the site's address.
        """
        match: dict[str, str] = {"path_regex": f"{re.escape(self.site_id)}/(?:secrets|wlc){path}"}
        if method:
            match["method"] = method
        self._control("POST", "faults", {"kind": kind, "match": match, "times": times, **more})

    def token(self, token: str, permissions: list[str]) -> None:
        """Make a token of this site with these permissions only."""
        self._control("POST", "tokens", {"token": token, "sites": [self.site_id], "permissions": permissions})

    def token_for(self, *actions: str, path: str = "") -> str:
        """A new token of this site that may do only these, by the vendor's names, on the path and below."""
        token = f"token-{uuid.uuid4()}"
        self.emulator.control.add_token(token, sites=[self.site_id], actions=actions, path_prefix=path)
        return token

    def granted_token(self, grants: Mapping[str, Iterable[str]]) -> str:
        """A new token of this site that may do these of the vendor's actions, by the path from which they hold."""
        token = f"granted-canary-{uuid.uuid4()}"
        wanted = [{"actions": sorted(actions), "path": path} for path, actions in grants.items()]
        self._control("POST", "tokens", {"token": token, "sites": [self.site_id], "grants": wanted, "permissions": []})
        return token

    def advance_clock(self, seconds: float) -> None:
        """Let time pass for the whole emulator."""
        self._control("POST", "clock", {"advance": seconds})

    def provider_fails(self, operation: str, times: int = 1) -> None:
        """Make the cloud provider fail at integration_test, generate or revoke."""
        self._control("POST", "provider", {"operation": operation, "times": times})

    def close(self) -> None:
        """Leave no fault and no moved clock behind."""
        self._control("DELETE", "faults")
        self._control("POST", "clock", {"reset": True})

    def _control(self, method: str, name: str, body: Any = None) -> Any:
        answer = requests.request(
            method, f"{self.emulator.url}/_control/{name}", json=body, verify=str(self.emulator.ca_cert), timeout=30
        )
        answer.raise_for_status()
        return answer.json() if answer.content else None


def _line(entry: dict[str, Any]) -> str:
    path = re.split("/(?:secrets|wlc)", entry["path"], maxsplit=1)[1].split("?")[0]
    query = "&".join(f"{key}={value}" for key, value in (entry.get("query") or {}).items())
    return f"{entry['method']} {path}" + (f"?{query}" if query else "")
