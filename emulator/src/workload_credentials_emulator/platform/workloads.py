# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Workload identities: which issuer's tokens are taken in whose name, and the sites that they open."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from ..errors import ApiError, Conflict, InvalidRequest, NotFound
from .bodies import IssuerBody

_IMMUTABLE = ("serviceName", "issuerUrl", "idpCategory")


@dataclass(frozen=True)
class Binding:
    """A site that the identity opens; ``audience`` is what its tokens must be made for, if not the site."""

    site: str
    scopes: tuple[str, ...]
    level: str
    audience: str | None

    def shown(self) -> dict[str, Any]:
        """As it is answered, alone or in a list."""
        return {
            "siteId": self.site,
            "registeredScopes": list(self.scopes),
            "scopeLevel": self.level,
            "expectedAud": self.audience or self.site,
        }


@dataclass(frozen=True)
class Workload:
    """One identity."""

    id: str
    service_name: str
    issuer_url: str
    category: str
    description: str
    conditions: dict[str, tuple[str, ...]]
    bindings: tuple[Binding, ...]

    def binding(self, site: str) -> Binding | None:
        """The binding to this site, if there is one."""
        return next((one for one in self.bindings if one.site == site), None)

    def shown(self, organization: str) -> dict[str, Any]:
        """The answer of reading it; the flat fields say something only where one binding says all."""
        one = self.bindings[0].shown() if len(self.bindings) == 1 else dict.fromkeys(self.bindings[0].shown())
        return {
            "identityId": self.id,
            "serviceName": self.service_name,
            "issuerUrl": self.issuer_url,
            "idpCategory": self.category,
            "description": self.description,
            "conditions": {claim: list(values) for claim, values in self.conditions.items()},
            "organizationId": organization,
            **one,
            "sites": [binding.shown() for binding in self.bindings],
        }


class Workloads:
    """All identities of the organization.

    :arg sites: those that the organization owns, the administration site among them.
    """

    def __init__(self, sites: frozenset[str]) -> None:
        self._sites = sites
        self._by_id: dict[str, Workload] = {}

    def __iter__(self) -> Iterator[Workload]:
        return iter(self._by_id.values())

    def get(self, id: str) -> Workload:
        """The identity.

        :raises NotFound: there is none of this id.
        """
        found = self._by_id.get(id.lower())
        if found is None:
            raise ApiError(404, "workload_identity_not_found", f"there is no workload identity {id}.")
        return found

    def named(self, service_name: str, site: str) -> Workload | None:
        """The identity whose tokens are taken in this name at this site."""
        name = service_name.lower()
        return next((one for one in self if one.service_name == name and one.binding(site)), None)

    def of(self, id: str) -> Workload | None:
        """The identity, if there is one of this id."""
        return self._by_id.get(id.lower())

    def create(self, body: IssuerBody, *, lower_case: bool) -> Workload:
        """Register an identity.

        :arg lower_case: keep the issuer's address in lower case.
        """
        return self._keep(self._made(str(uuid.uuid4()), body, self._bindings(body), lower_case))

    def replace(self, id: str, body: IssuerBody, *, lower_case: bool) -> Workload:
        """Write all of an identity anew, under the same id."""
        current = self.get(id)
        wanted = self._made(current.id, body, self._bindings(body), lower_case)
        given = (wanted.service_name, wanted.issuer_url.lower(), wanted.category)
        kept = (current.service_name, current.issuer_url.lower(), current.category)
        changed = [name for name, new, old in zip(_IMMUTABLE, given, kept, strict=True) if new != old]
        if body.sites is None and len(current.bindings) > 1:
            raise InvalidRequest("the identity is bound to several sites: send sites[] to update it.")
        if body.sites is None and wanted.bindings[0].site != current.bindings[0].site:
            changed.append("siteId")
        if changed:
            raise InvalidRequest(f"{', '.join(changed)} cannot change.", "immutable_field")
        return self._keep(replace(wanted, issuer_url=current.issuer_url))

    def delete(self, id: str) -> None:
        """Forget an identity."""
        del self._by_id[self.get(id).id]

    def _made(self, id: str, body: IssuerBody, bindings: tuple[Binding, ...], lower_case: bool) -> Workload:
        return Workload(
            id,
            body.service_name.lower(),
            body.issuer_url.lower() if lower_case else body.issuer_url,
            body.idp_category,
            body.description or "",
            {claim: tuple(values) for claim, values in (body.conditions or {}).items()},
            bindings,
        )

    def _bindings(self, body: IssuerBody) -> tuple[Binding, ...]:
        found = tuple(
            Binding(one.site_id.lower(), tuple(one.registered_scopes), one.scope_level, one.expected_aud)
            for one in body.bound()
        )
        unknown = [one.site for one in found if one.site not in self._sites]
        if unknown:
            raise NotFound(f"the organization has no site {', '.join(unknown)}.")
        return found

    def _keep(self, wanted: Workload) -> Workload:
        """Store it, unless its name is taken at one of its sites."""
        for binding in wanted.bindings:
            other = self.named(wanted.service_name, binding.site)
            if other is not None and other.id != wanted.id:
                message = f"there is a workload identity {wanted.service_name} of the site {binding.site} already."
                raise Conflict("workload_identity_already_exists", message)
        self._by_id[wanted.id] = wanted
        return wanted
