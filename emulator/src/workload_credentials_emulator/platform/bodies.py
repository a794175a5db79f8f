# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is sent to register a workload identity, in both shapes: one site, or a list of them."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator
from pydantic.alias_generators import to_camel

MOST_SITES = 99
_FORM = ConfigDict(extra="forbid", strict=True, alias_generator=to_camel)
_FLAT = ("site_id", "registered_scopes", "scope_level", "expected_aud")

Text = Annotated[str, StringConstraints(min_length=1, max_length=256)]
Scope = Literal["secrets", "psc", "admin", "api"]
Level = Literal["site", "org"]


def _address(text: str) -> str:
    if not re.fullmatch(r"https://[^\s/?#]+(/[^\s?#]*)?", text):
        raise ValueError("must be an address that begins with https://")
    return text


def _condition(text: str) -> str:
    if "*" in text[:-1]:
        raise ValueError("must have at most one *, at its end")
    return text


class Bound(BaseModel):
    """One site."""

    model_config = _FORM

    site_id: str = Field(min_length=1)
    registered_scopes: list[Scope] = Field(min_length=1)
    scope_level: Level = "site"
    expected_aud: Text | None = None


class IssuerBody(BaseModel):
    """The body of POST and PUT; what only answers have is taken and left alone."""

    model_config = _FORM

    service_name: Text
    issuer_url: Annotated[Text, AfterValidator(_address)]
    idp_category: Literal["GitHubActions", "AzureEntra", "Custom"]
    description: str | None = None
    conditions: dict[Text, Annotated[list[Annotated[Text, AfterValidator(_condition)]], Field(min_length=1)]] | None = (
        None
    )
    identity_id: str | None = None
    organization_id: str | None = None
    site_id: str | None = None
    registered_scopes: list[Scope] | None = None
    scope_level: Level | None = None
    expected_aud: Text | None = None
    sites: list[Bound] | None = None

    @model_validator(mode="after")
    def _one_shape(self) -> IssuerBody:
        flat = [name for name in _FLAT if getattr(self, name) is not None]
        if (self.sites is None) == (not flat):
            raise ValueError("must have either sites or siteId with registeredScopes")
        if self.sites is not None:
            _check_sites(self.sites)
        elif not self.site_id or not self.registered_scopes:
            raise ValueError("must have siteId and at least one of registeredScopes")
        return self

    def bound(self) -> list[Bound]:
        """The sites, whatever shape they came in."""
        if self.sites is not None:
            return self.sites
        given = {to_camel(name): getattr(self, name) for name in _FLAT if getattr(self, name) is not None}
        return [Bound.model_validate(given)]


def _check_sites(sites: list[Bound]) -> None:
    if not 1 <= len(sites) <= MOST_SITES:
        raise ValueError(f"must have 1 to {MOST_SITES} sites")
    if len({one.site_id.lower() for one in sites}) != len(sites):
        raise ValueError("must name each of its sites once")
