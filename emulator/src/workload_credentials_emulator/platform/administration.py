# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The administration site: the identities and policies of all sites, and who a policy's resource is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ..behaviour import Behaviour
from ..clock import Clock
from ..errors import InvalidRequest
from ..names import FOLDER_PATTERN, MAX_PATH
from ..rate_limit import RateLimit
from ..site import Collection, Site
from ..tokens import Allowing, Token
from . import cedar
from .grants import grants_of
from .policies import Policies, Record, Target
from .workloads import Workloads


class Administration:
    """What the organization has besides its sites.

    :arg id: the administration site's, which is the organization's.
    :arg sites: the others.
    """

    def __init__(self, id: str, clock: Clock, behaviour: Behaviour, sites: Mapping[str, Site]) -> None:
        self.id = id
        self.behaviour = behaviour
        self.rate_limit = RateLimit()
        self._sites = sites
        self.workloads = Workloads(frozenset({id, *sites}))
        self.policies = Policies(clock, lambda: self.behaviour, self._target)

    def write_policy(self, name: str, text: str) -> Record:
        """Make or replace a policy.

        :raises InvalidRequest: the text is no policy, or for no site of this organization.
        """
        policy = cedar.parse(text)
        if policy.site != self.id and policy.site not in self._sites:
            raise InvalidRequest(f"the organization has no site {policy.site}.", "invalid_site")
        return self.policies.write(name, text, policy)

    def grants(self, token: Token, site: Site) -> tuple[Allowing, ...]:
        """What the token's principals may do at the site by the policies that are in force."""
        return grants_of(frozenset(token.principals), self.policies.obeyed(), site)

    def _target(self, policy: cedar.Policy) -> Target:
        site = self._sites.get(policy.site)
        if site is None or self._shut_out(policy):
            return Target(failure="NO_PRODUCT_ACCESS")
        resource = policy.resource
        if resource.kind == "product":
            return Target(there=True)
        assert resource.id is not None
        if resource.kind == "integration":
            return Target(there=any(name == resource.id for _type, name in site.integrations))
        path = resource_path(resource.id)
        if path is None:
            return Target(failure="RESOURCE_LOOKUP_ERROR")
        if resource.kind == "folder" and not path:
            return Target(there=True)
        kinds: dict[str, Collection[Any]] = {"folder": site.folders, "static": site.static, "dynamic": site.dynamic}
        items = kinds[resource.kind]
        return Target(there=items.has(path) and not items.any(path).deleted)

    def _shut_out(self, policy: cedar.Policy) -> bool:
        """Whether the policy is for a workload that is known, and not for the product at this site.

        Whether there is such a workload at all is never looked at.
        """
        workload = self.workloads.of(policy.principal.name) if policy.principal.kind == "workload" else None
        binding = workload.binding(policy.site) if workload else None
        return workload is not None and (binding is None or "secrets" not in binding.scopes)


def resource_path(id: str) -> str | None:
    """The path that a policy names, without the slash before it; None where no such path can be."""
    path = id.removeprefix("/")
    is_path = len(path) <= MAX_PATH and path == path.strip("/") and re.search(FOLDER_PATTERN, path)
    return path if is_path and id else None
