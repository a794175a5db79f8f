# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Access policies as the administration site keeps them: reading them, and what their statuses mean."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from .._api.client import Client
from .._api.paths import segment
from .._api.request import Request
from .cedar import CedarError, Grant, Principal, parse

ADDRESS = "/iam/policies"
ACTIVE, WAITING = "ACTIVE", "WAITING_FOR_RESOURCE"
SETTLING = ("RESOURCE_LOOKUP", "PENDING_BIND")
UNBINDING, DELETED = "PENDING_UNBIND", "DELETED"
# What to do about each failed status.
FAILED: Mapping[str, str] = {
    "RESOURCE_LOOKUP_ERROR": (
        "The service could not look for the resource: check its kind, its path and the site in the policy, then repeat "
        "the task."
    ),
    "NO_PRODUCT_ACCESS": (
        "The principal has no access to the product at this site: give it the product in the administration console, "
        "or check that site_id is a site of Workload Credentials, then repeat the task."
    ),
}


@dataclass(frozen=True)
class Policy:
    """A policy of the organization.

    :arg cedar: its text, byte for byte.
    :arg record: everything that the service says of it.
    """

    name: str
    status: str
    cedar: str
    record: Mapping[str, Any]

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> Policy:
        """Return the policy from the service's answer."""
        return cls(record["name"], record.get("status") or "", record.get("cedar") or "", record)

    @cached_property
    def _parsed(self) -> tuple[Grant | None, str]:
        try:
            return parse(self.cedar), ""
        except CedarError as error:
            return None, str(error)

    @property
    def grant(self) -> Grant | None:
        """Return its meaning; None: the text is not understood, and ``problem`` says why."""
        return self._parsed[0]

    @property
    def problem(self) -> str:
        """Return why its meaning is not known; "": it is."""
        return self._parsed[1]

    @property
    def site(self) -> str:
        """Return the UUID of the site that it applies to, in lower case; "": not known."""
        return (self.grant.site if self.grant else str(self.record.get("site") or "")).lower()

    @property
    def is_live(self) -> bool:
        """Return whether it exists: the service keeps deleted policies for some days, as history."""
        return self.status not in (UNBINDING, DELETED)

    @property
    def is_in_force(self) -> bool:
        """Return whether it grants anything now."""
        return self.status == ACTIVE

    def says(self, cedar: str) -> bool:
        """Return whether its text is this one, or means the same: a service may lay out what it was sent."""
        if self.cedar.strip() == cedar.strip():
            return True
        other = Policy(self.name, "", cedar, {}).grant
        return other is not None and self.grant is not None and self.grant.meaning == other.meaning

    def names(self, principal: Principal) -> bool:
        """Return whether it is a policy for this principal."""
        return self.grant is not None and self.grant.principal.key == principal.key

    def shown(self) -> dict[str, Any]:
        """Return it as modules return it."""
        return {
            "name": self.name,
            "status": self.status or None,
            "in_force": self.is_in_force,
            "cedar": self.cedar,
            "product": self.record.get("product"),
            "site_id": self.site or None,
            "created_at": self.record.get("createdAt"),
            "updated_at": self.record.get("updatedAt"),
            "parsed": self.grant.shown() if self.grant else None,
            "problem": self.problem or None,
        }


def request_for(method: str, name: str, body: str | None = None) -> Request:
    """Return a request for one policy."""
    return Request(method, f"{ADDRESS}/{segment(name)}", body=body)


def find_policy(client: Client, name: str) -> Policy | None:
    """Return the policy or the record of a deleted one; None: the service knows neither."""
    record = client.find(request_for("GET", name))
    return None if record is None else Policy.of(record)


def list_policies(client: Client) -> list[Policy]:
    """Return all policies of the organization by name, with the history of deleted ones."""
    records: Iterable[Mapping[str, Any]] = client.get(Request("GET", ADDRESS))["policies"]
    return sorted((Policy.of(record) for record in records), key=lambda policy: policy.name)
