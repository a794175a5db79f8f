# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The control surface as methods, for tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import requests

from .actions import Permission
from .faults import Kind, Operation, Provider


class Control:
    """Talks to ``/_control`` of a running emulator."""

    def __init__(self, url: str, ca_cert: str | None, token: str = "") -> None:
        self._url = f"{url}/_control"
        self._session = requests.Session()
        # Neither proxies nor another CA of the environment concern a server on this machine.
        self._session.trust_env = False
        if ca_cert is not None:
            self._session.verify = ca_cert
        if token:
            self._session.headers["Authorization"] = f"Bearer {token}"

    def journal(self, site: str = "") -> list[dict[str, Any]]:
        """All requests since the last clearing, or those to one site, the oldest first."""
        entries: list[dict[str, Any]] = self._send("GET", f"journal?site={site}")
        return entries

    def clear_journal(self) -> None:
        """Forget all requests."""
        self._send("DELETE", "journal")

    def leases(self, site: str = "") -> dict[str, Any]:
        """Counts (minted, active, revoked, expired, by_path) and the list ``leases``, of one site or all."""
        leases: dict[str, Any] = self._send("GET", f"leases?site={site}")
        return leases

    def inject(
        self,
        kind: Kind,
        *,
        method: str | None = None,
        path_regex: str | None = None,
        times: int = 1,
        skip: int = 0,
        **fields: Any,
    ) -> None:
        """Let the next matching requests go wrong.

        :arg fields: status, code, message, retry_after, seconds, location, after_acting, body, headers, part, size,
            packed.
        """
        match = {"method": method, "path_regex": path_regex}
        self._send("POST", "faults", {"kind": kind, "match": match, "times": times, "skip": skip, **fields})

    def clear_faults(self) -> None:
        """Let everything go well again."""
        self._send("DELETE", "faults")

    def fail_provider(self, operation: Operation, *, provider: Provider | None = None, times: int = 1) -> None:
        """Let the next operations at the provider fail."""
        self._send("POST", "provider", {"operation": operation, "provider": provider, "times": times})

    def add_token(
        self,
        token: str,
        *,
        sites: Sequence[str] | None = None,
        permissions: Sequence[Permission] | None = None,
        actions: Sequence[str] | None = None,
        path_prefix: str = "",
        grants: Sequence[Mapping[str, Any]] = (),
        workload: str | None = None,
        user: str | None = None,
        groups: Sequence[str] = (),
        roles: Sequence[str] = (),
    ) -> None:
        """Accept one more token; with everything left out it may do all.

        :arg permissions: any of read, write, generate and revoke, on ``path_prefix`` and below.
        :arg actions: the vendor's names, or roles (Admin, Owner, Viewer, Lister), on ``path_prefix`` and below.
        :arg grants: more of these, each ``{"actions": [...], "path": "prod"}``.
        :arg workload: instead of these, the id of the identity whose token it is; or a ``user``. ``groups`` and
            ``roles`` are theirs. What they may do, policies say, where they are enforced.
        """
        body: dict[str, Any] = {"token": token, "path_prefix": path_prefix, "grants": [dict(one) for one in grants]}
        principal = {"workload": workload, "user": user, "groups": list(groups), "roles": list(roles)}
        body |= {name: value for name, value in principal.items() if value}
        if actions is not None:
            body["actions"] = list(actions)
        if sites is not None:
            body["sites"] = list(sites)
        if permissions is not None:
            body["permissions"] = list(permissions)
        self._send("POST", "tokens", body)

    def behave(self, site: str = "", *, living: bool | None = None, **fields: Any) -> dict[str, Any]:
        """Let one site, or all, behave otherwise; return how.

        :arg living: begin with the living service, or with the document; else with what holds now.
        :arg fields: those of ``Behaviour``.
        """
        world = {} if living is None else {"living": living}
        changed: dict[str, Any] = self._send("POST", "behaviour", {"site": site, **world, **fields})
        return changed

    def behaviour(self, site: str = "") -> dict[str, Any]:
        """How one site behaves, or all that were not changed alone."""
        found: dict[str, Any] = self._send("GET", f"behaviour?site={site}")
        return found

    def now(self) -> str:
        """What the emulator's clock shows."""
        return str(self._send("GET", "clock")["now"])

    def advance(self, seconds: float) -> str:
        """Move the clock on, so that leases expire."""
        return str(self._send("POST", "clock", {"advance": seconds})["now"])

    def set_clock(self, moment: datetime) -> str:
        """Let the clock go on from this moment."""
        return str(self._send("POST", "clock", {"now": moment.isoformat()})["now"])

    def reset_clock(self) -> str:
        """Let the clock go with the machine's."""
        return str(self._send("POST", "clock", {"reset": True})["now"])

    def reset(self) -> None:
        """Begin anew, with the same sites and tokens."""
        self._send("POST", "reset")

    def openapi(self) -> dict[str, Any]:
        """The OpenAPI description of the API."""
        described: dict[str, Any] = self._send("GET", "openapi.json")
        return described

    def _send(self, method: str, path: str, body: Any = None) -> Any:
        response = self._session.request(method, f"{self._url}/{path}", json=body, timeout=30)
        if response.status_code >= 400:
            raise ValueError(f"{method} {path}: {response.text}")
        return response.json() if response.content else None
