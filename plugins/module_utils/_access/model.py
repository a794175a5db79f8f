# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who reaches what at a site, computed from its policies, identities and resources."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from .actions import ADMIN, DYNAMIC, FOLDER, PRODUCT, READ, STATIC, abilities
from .cascade import covers, disputed_on, granted_on
from .cedar import GROUP, ROLE, WORKLOAD, Grant, Principal, Resource
from .identities import SECRETS, Identity
from .policies import Policy

MEMBERSHIP = (
    "Who is in a group or has a role, and what roles grant that were assigned in the administration console, is not "
    "shown by the service's policies: somebody may reach more than this says."
)
DISPUTED = (
    "The vendor's documents differ on whether Owner includes GenerateDynamicCredential: where only Owner would grant "
    "it, it is named as disputed and not counted."
)
NO_TREE = (
    "The site was not read, because no token for it is set, or its token may not list it: what policies name counts as "
    "there, and what is below folders is not listed."
)
PARTIAL_TREE = (
    "What the site's token may not list is not here, and a policy on it may be reported as without a resource."
)


@dataclass(frozen=True)
class Access:
    """What one principal may do on one resource, and the policies that say so."""

    principal: Principal
    resource: Resource
    actions: frozenset[str]
    disputed: frozenset[str]
    policies: tuple[Policy, ...]


@dataclass(frozen=True)
class Finding:
    """Something about the site's access that is probably not intended.

    :arg kind: one of the names that access_info documents.
    """

    kind: str
    message: str
    policy: str | None = None
    principal: Principal | None = None
    resource: Resource | None = None


@dataclass(frozen=True)
class Model:
    """The site's access.

    :arg site: its UUID.
    :arg policies: all live ones of the organization.
    :arg tree: the site's folders, secrets and integrations; None: they were not read.
    """

    site: str
    policies: Sequence[Policy]
    identities: Sequence[Identity]
    tree: Sequence[Resource] | None = None
    _labels: dict[tuple[str, str], str] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        for identity in self.identities:
            self._labels[identity.principal.key] = identity.service_name

    @cached_property
    def here(self) -> list[Policy]:
        """Return the live policies for this site, and those whose site is not known."""
        return [policy for policy in self.policies if policy.site in (self.site.lower(), "")]

    @cached_property
    def in_force(self) -> list[tuple[Policy, Grant]]:
        """Return the policies that grant something now, with their meanings."""
        return [(policy, policy.grant) for policy in self.here if policy.is_in_force and policy.grant is not None]

    @cached_property
    def resources(self) -> list[Resource]:
        """Return what can be reached: the tree with its top folder, and the product."""
        named = {grant.resource for _policy, grant in self.in_force} if self.tree is None else set(self.tree)
        return sorted({*named, Resource(PRODUCT), Resource(FOLDER)}, key=lambda one: (one.path, one.kind))

    def is_there(self, resource: Resource) -> bool:
        """Return whether the site has the resource, as far as its token sees."""
        return self.tree is None or resource in self._known

    @cached_property
    def _known(self) -> frozenset[Resource]:
        return frozenset(self.resources)

    def access_to(self, targets: Sequence[Resource]) -> list[Access]:
        """Return everybody's access to these resources."""
        return [access for target in targets for access in self._access_to(target)]

    def access_of(self, principals: Collection[tuple[str, str]]) -> list[Access]:
        """Return the access of these principals, which are given by their keys."""
        return [access for access in self.access_to(self.resources) if access.principal.key in principals]

    def _access_to(self, target: Resource) -> Iterator[Access]:
        by_principal: dict[tuple[str, str], list[tuple[Policy, Grant]]] = {}
        for policy, grant in self.in_force:
            if covers(grant.resource, target) and (granted_on(grant, target) or disputed_on(grant, target)):
                by_principal.setdefault(grant.principal.key, []).append((policy, grant))
        for _key, granting in sorted(by_principal.items()):
            actions = _union(granted_on(grant, target) for _policy, grant in granting)
            doubtful = _union(disputed_on(grant, target) for _policy, grant in granting) - actions
            policies = tuple(policy for policy, _grant in granting)
            yield Access(granting[0][1].principal, target, actions, doubtful, policies)

    def label(self, principal: Principal) -> str:
        """Return the name that a principal has for people."""
        return self._labels.get(principal.key, principal.id)

    def is_known(self, principal: Principal) -> bool:
        """Return whether the principal exists, as far as the service tells: only workload identities are listed."""
        return principal.kind != WORKLOAD or principal.key in self._labels

    def at_site(self) -> list[Identity]:
        """Return the identities whose tokens count for this product at this site."""
        site = self.site.lower()
        return [one for one in self.identities if site in one.bindings and SECRETS in one.bindings[site].scopes]

    def shown_principal(self, principal: Principal) -> dict[str, Any]:
        """Return a principal as modules return it."""
        return {"kind": principal.kind, "id": principal.id, "name": self.label(principal)}

    def shown(self, access: Access) -> dict[str, Any]:
        """Return an access as modules return it."""
        return {
            "principal": self.shown_principal(access.principal),
            "resource": shown_resource(access.resource),
            "may": abilities(access.actions),
            "actions": sorted(access.actions),
            "disputed": sorted(access.disputed),
            "policies": [_source(policy, access.resource) for policy in access.policies],
        }

    def shown_finding(self, finding: Finding) -> dict[str, Any]:
        """Return a finding as modules return it."""
        return {
            "kind": finding.kind,
            "message": finding.message,
            "policy": finding.policy,
            "principal": self.shown_principal(finding.principal) if finding.principal else None,
            "resource": shown_resource(finding.resource) if finding.resource else None,
        }


def _union(sets: Iterator[frozenset[str]]) -> frozenset[str]:
    return frozenset().union(*sets)


def shown_resource(resource: Resource) -> dict[str, Any]:
    """Return a resource as modules return it."""
    if resource.kind == PRODUCT:
        return {"kind": PRODUCT, "path": None}
    return {"kind": resource.kind, "path": resource.path or "/"}


def _source(policy: Policy, target: Resource) -> Mapping[str, Any]:
    granted = policy.grant.resource if policy.grant else target
    return {"name": policy.name, "granted_on": shown_resource(granted), "inherited": granted != target}


def findings(model: Model) -> list[Finding]:
    """Return what is probably not intended, by kind and policy."""
    found = [finding for policy in model.here for finding in _of_policy(model, policy)]
    found += _reading_without_browsing(model)
    found += _without_grant(model)
    return sorted(found, key=lambda finding: (finding.kind, finding.policy or "", finding.message))


def _of_policy(model: Model, policy: Policy) -> Iterator[Finding]:
    grant = policy.grant
    if grant is None:
        yield Finding("not_understood", f"{policy.name}: {policy.problem}.", policy.name)
        return
    of_it: Mapping[str, Any] = {"policy": policy.name, "principal": grant.principal, "resource": grant.resource}
    if not model.is_known(grant.principal):
        words = f"no workload identity {grant.principal.id} is registered, so the policy grants nothing"
        yield Finding("unknown_identity", f"{policy.name}: {words}.", **of_it)
    elif _is_elsewhere(model, grant.principal):
        words = f"{model.label(grant.principal)} is not registered for this site with the scope secrets"
        yield Finding("identity_of_another_site", f"{policy.name}: {words}.", **of_it)
    if grant.resource.kind == PRODUCT and ADMIN in grant.actions:
        words = f"{grant.principal.kind} {model.label(grant.principal)} has full control of everything in the site"
        yield Finding("product_admin", f"{policy.name}: {words}.", **of_it)
    if not policy.is_in_force:
        yield Finding("not_in_force", f"{policy.name}: its status is {policy.status or 'unknown'}.", **of_it)
    if not model.is_there(grant.resource):
        yield Finding("missing_path", f"{policy.name}: {grant.resource} is not there.", **of_it)


def _is_elsewhere(model: Model, principal: Principal) -> bool:
    if principal.kind != WORKLOAD:
        return False
    identities = [one for one in model.identities if one.principal.key == principal.key]
    return not any(one.is_for(model.site) and _has_scope(one, model.site) for one in identities)


def _has_scope(identity: Identity, site: str) -> bool:
    bindings = [identity.bindings[site.lower()]] if site.lower() in identity.bindings else identity.bindings.values()
    return any(SECRETS in binding.scopes for binding in bindings)


def _reading_without_browsing(model: Model) -> list[Finding]:
    """Return who may read something and cannot find it by listing its folder."""
    found = []
    for policy, grant in model.in_force:
        resource = grant.resource
        if resource.kind not in (STATIC, DYNAMIC) or READ not in abilities(granted_on(grant, resource)):
            continue
        folder = Resource(FOLDER, resource.path.rpartition("/")[0])
        if not _may_list(model, grant.principal, folder):
            words = f"{model.label(grant.principal)} may read {resource}, and may not list the folder that holds it"
            found.append(
                Finding("read_without_browse", f"{policy.name}: {words}.", policy.name, grant.principal, resource)
            )
    return found


def _may_list(model: Model, principal: Principal, folder: Resource) -> bool:
    grants = (grant for _policy, grant in model.in_force if grant.principal.key == principal.key)
    return any("ListFolderContents" in granted_on(grant, folder) for grant in grants)


def _without_grant(model: Model) -> list[Finding]:
    granted = {grant.principal.key for _policy, grant in model.in_force}
    found = []
    for identity in model.at_site():
        principal = identity.principal
        if principal.key not in granted:
            words = f"{identity.service_name} is registered for this site, and no policy in force grants it anything"
            found.append(Finding("identity_without_grant", f"{words}.", principal=principal))
    return found


def not_shown(model: Model) -> list[str]:
    """Return sentences about what the service does not show."""
    principals = sorted(
        {str(grant.principal) for _policy, grant in model.in_force if grant.principal.kind in (GROUP, ROLE)}
    )
    members = [f"The members of {name} are not listed." for name in principals]
    return [MEMBERSHIP, *members, DISPUTED, NO_TREE if model.tree is None else PARTIAL_TREE]


def concerns(finding: Finding, targets: Sequence[Resource], principals: Collection[tuple[str, str]]) -> bool:
    """Return whether a finding is about one of the principals, or about a grant that reaches one of the resources.

    One about neither, such as a policy that is not understood, may be about any.
    """
    if finding.principal is None and finding.resource is None:
        return True
    if finding.principal is not None and finding.principal.key in principals:
        return True
    return finding.resource is not None and any(covers(finding.resource, target) for target in targets)
