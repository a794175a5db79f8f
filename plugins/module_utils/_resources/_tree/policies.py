# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The access policies of a tree: two lists on the administration site show all that a plan needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..._access.actions import DYNAMIC, FOLDER, STATIC
from ..._access.administration import Administration
from ..._access.cedar import CedarError, Grant, parse
from ..._access.identities import Identity, list_identities
from ..._access.policies import Policy, list_policies
from ..._api.errors import WorkloadCredentialsError
from ..._change import Change
from ..iam_policy import PolicyState, plan, state_of
from .wanted import POLICIES, Node, WantedTree, is_below

_WITH_PATHS = (FOLDER, STATIC, DYNAMIC)


@dataclass(frozen=True)
class Access:
    """The policies of the organization.

    :arg site: UUID of the site that the tree is for.
    :arg policies: by name, with the records of deleted ones.
    :arg identities: needed where a policy names one by its service name.
    """

    site: str = ""
    policies: Mapping[str, Policy] = field(default_factory=dict)
    identities: tuple[Identity, ...] = ()

    def state(self, node: Node) -> PolicyState | WorkloadCredentialsError:
        """Return what exists of a policy of the tree, or why it cannot work."""
        try:
            return state_of(self.site, node.wanted, self.policies.get(node.path), self.identities)
        except WorkloadCredentialsError as error:
            return error

    def removal(self, name: str) -> PolicyState:
        """Return what exists of a policy that is to be removed."""
        return PolicyState(self.policies.get(name), None, self.site)

    def below(self, root: str) -> list[Policy]:
        """Return the policies of this site for paths of a tree.

        Those for the product or for an integration, and those whose meaning is not known, belong to no folder.
        """
        return [policy for policy in self.policies.values() if self._is_below(policy, root)]

    def _is_below(self, policy: Policy, root: str) -> bool:
        grant = policy.grant
        if grant is None or not policy.is_live or policy.site != self.site.lower():
            return False
        resource = grant.resource
        return resource.kind in _WITH_PATHS and (resource.path == root or is_below(resource.path, root))


def administration(tree: WantedTree) -> Administration:
    """Return the client of the administration site.

    :raises OptionError: it or a token for it is not set.
    """
    return Administration(tree.connection)


def access_of(tree: WantedTree) -> Access:
    """Return the policies that the tree needs to know; none if it has and prunes none.

    :raises OptionError: the administration site or a token for it is not set.
    :raises RequestError: this token may not list them.
    """
    nodes = tree.of(POLICIES)
    if not nodes and POLICIES.api not in tree.prune:
        return Access()
    client = administration(tree)
    has_names = any((node.wanted["principal"] or {}).get("workload") for node in nodes)
    identities = tuple(list_identities(client)) if has_names else ()
    return Access(client.target, {policy.name: policy for policy in list_policies(client)}, identities)


def change_to(state: PolicyState, parameters: Mapping[str, Any]) -> Change:
    """Return the change to the wanted policy, as its module plans it."""
    return plan(state, parameters)


def meaning(cedar: str) -> dict[str, Any]:
    """Return what a policy's text says, for people and for return values."""
    try:
        grant: Grant = parse(cedar)
    except CedarError:
        return {"cedar": cedar}
    actions = ", ".join(sorted(grant.actions))
    return {"principal": str(grant.principal), "actions": actions, "resource": str(grant.resource)}
