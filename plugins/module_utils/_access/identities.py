# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Workload identities as the administration site keeps them, and the vendor's rules for them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .._api.client import Client
from .._api.errors import OptionError
from .._api.option_values import shown
from .._api.paths import segment
from .._api.request import Request
from .cedar import WORKLOAD, Principal

ADDRESS = "/auth/workload-identities"
GITHUB, CATEGORIES = "GitHubActions", ("GitHubActions", "AzureEntra", "Custom")
LEVELS = ("site", "org")
# The scope of this product.
SECRETS = "secrets"
_GITHUB_CLAIMS = (
    *("sub", "repository", "repository_owner", "ref", "job_workflow_ref", "workflow_ref", "environment"),
    *("event_name", "actor"),
)
_LONGEST_VALUE = 256
_MOST_SITES = 99


@dataclass(frozen=True)
class Binding:
    """What an identity may reach at one site.

    :arg audience: what its tokens must name as their audience; None: the service did not say.
    """

    site: str
    scopes: tuple[str, ...]
    level: str
    audience: str | None = None

    def body(self) -> dict[str, Any]:
        """Return the API's object."""
        return {"siteId": self.site, "registeredScopes": list(self.scopes), "scopeLevel": self.level}

    def shown(self) -> dict[str, Any]:
        """Return it as modules return it."""
        return {
            "site_id": self.site,
            "registered_scopes": list(self.scopes),
            "scope_level": self.level,
            "expected_aud": self.audience,
        }


@dataclass(frozen=True)
class Identity:
    """A workload identity: whose tokens it stands for, and the sites where they count.

    :arg id: None: it does not exist yet.
    :arg conditions: claims of a token and the values, one of which each must have.
    :arg bindings: by the sites' UUIDs in lower case.
    """

    id: str | None
    service_name: str
    issuer_url: str
    category: str
    description: str
    conditions: Mapping[str, Sequence[str]]
    bindings: Mapping[str, Binding] = field(default_factory=dict)
    organization: str | None = None

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> Identity:
        """Return the identity from the service's answer."""
        name, issuer, category, description = (
            record.get(field) or "" for field in ("serviceName", "issuerUrl", "idpCategory", "description")
        )
        conditions = {claim: _texts(values) for claim, values in (record.get("conditions") or {}).items()}
        bindings, organization = _bindings(record), record.get("organizationId")
        return cls(record.get("identityId"), name, issuer, category, description, conditions, bindings, organization)

    def __str__(self) -> str:
        return f"{self.service_name} ({self.id})" if self.id else self.service_name

    @property
    def principal(self) -> Principal:
        """Return how policies name it."""
        return Principal(WORKLOAD, self.id or "")

    def is_for(self, site: str) -> bool:
        """Return whether its tokens count at this site."""
        return site.lower() in self.bindings or any(binding.level == "org" for binding in self.bindings.values())

    def body(self, present: Identity | None = None) -> dict[str, Any]:
        """Return the API's whole object.

        Sites are a list if there are several, or were: otherwise the form that older services know too is enough.

        :arg present: the identity that this one replaces; None: there is none.
        """
        bindings = [binding.body() for binding in self.bindings.values()]
        is_list = len(bindings) != 1 or (present is not None and len(present.bindings) > 1)
        return {
            "serviceName": self.service_name,
            "issuerUrl": self.issuer_url,
            "idpCategory": self.category,
            "description": self.description,
            "conditions": {claim: list(values) for claim, values in self.conditions.items()},
            **({"sites": bindings} if is_list else bindings[0]),
        }

    def shown(self) -> dict[str, Any]:
        """Return it as modules return it."""
        return {
            **({"id": self.id} if self.id else {}),
            "service_name": self.service_name,
            "issuer_url": self.issuer_url,
            "idp_category": self.category,
            "description": self.description,
            "conditions": {claim: sorted(values) for claim, values in sorted(self.conditions.items())},
            "organization_id": self.organization,
            "sites": [binding.shown() for _site, binding in sorted(self.bindings.items())],
        }


def _bindings(record: Mapping[str, Any]) -> dict[str, Binding]:
    """Return the sites: a list, or in older answers the record's own fields."""
    sites = record.get("sites") or ([record] if record.get("siteId") else [])
    return {site["siteId"].lower(): _binding(site) for site in sites}


def _binding(record: Mapping[str, Any]) -> Binding:
    scopes = tuple(record.get("registeredScopes") or ())
    return Binding(record["siteId"], scopes, record.get("scopeLevel") or LEVELS[0], record.get("expectedAud"))


def _texts(values: Any) -> tuple[str, ...]:
    return (values,) if isinstance(values, str) else tuple(values or ())


def request_for(method: str, identity: str, body: Mapping[str, Any] | None = None, **options: Any) -> Request:
    """Return a request for one identity.

    :arg identity: its ID.
    """
    return Request(method, f"{ADDRESS}/{segment(identity)}", body=body, **options)


def list_identities(client: Client) -> list[Identity]:
    """Return all identities of the organization, by service name."""
    records: Iterable[Mapping[str, Any]] = client.get(Request("GET", ADDRESS))["issuers"]
    return sorted((Identity.of(record) for record in records), key=lambda one: (one.service_name, one.id or ""))


def named(identities: Iterable[Identity], service_name: str) -> list[Identity]:
    """Return the identities of this service name, whose case does not matter."""
    wanted = service_name.strip().lower()
    return [identity for identity in identities if identity.service_name.lower() == wanted]


def check_conditions(category: str, conditions: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """Return the conditions with each claim's values as texts.

    :raises OptionError: no token can meet them, or the service takes no such conditions.
    """
    checked = {}
    for claim, values in conditions.items():
        option = f"conditions.{claim}"
        if category == GITHUB and claim not in _GITHUB_CLAIMS:
            allowed = ", ".join(_GITHUB_CLAIMS)
            raise OptionError(option, f"GitHubActions allows no condition on this claim, only on {allowed}.")
        texts = list(values) if isinstance(values, (list, tuple)) else [values]
        if not texts or None in texts:
            raise OptionError(option, "it has no value, so no token would meet it: give one, or leave the claim out.")
        for text in texts:
            _check_value(category, claim, option, text)
        checked[claim] = tuple(dict.fromkeys(texts))
    return checked


def _check_value(category: str, claim: str, option: str, text: Any) -> None:
    if not isinstance(text, str):
        raise OptionError(option, f"{shown(text)} is not text: put it in quotation marks.")
    if not text.strip():
        raise OptionError(option, "a value is empty, which no token would meet: check that the variable in it is set.")
    if len(text) > _LONGEST_VALUE:
        raise OptionError(option, f"a value has {len(text)} characters, the service allows {_LONGEST_VALUE}.")
    if "*" in text[:-1]:
        raise OptionError(option, f"{shown(text)}: one * may stand at the end of a value, and nowhere else.")
    if category == GITHUB and claim == "sub":
        _check_repository(option, text)


def _check_repository(option: str, text: str) -> None:
    owner, slash, repository = text.removeprefix("repo:").partition("/")
    whole = text.startswith("repo:") and owner and slash and repository and "*" not in owner
    if not whole:
        raise OptionError(
            option, f"{shown(text)} does not begin with repo:<owner>/<repository>, as the sub of GitHub's tokens does."
        )


def check_sites(identity: Identity) -> None:
    """Raise OptionError if the service cannot bind an identity to so many sites."""
    if len(identity.bindings) > _MOST_SITES:
        raise OptionError("site_id", f"{identity} would be bound to more than {_MOST_SITES} sites.")
