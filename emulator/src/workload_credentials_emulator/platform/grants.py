# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What policies let a principal do: roles expanded, and grants on folders cascading down."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ..actions import CHECKED_ON, ROLES, integration_path
from ..items import DynamicSecret, Folder
from ..names import is_inside, parent_of
from ..site import Collection, Site
from ..tokens import Allowing, Principal
from . import cedar

_BELOW_FOLDERS = CHECKED_ON["static"] | CHECKED_ON["dynamic"]
# What the last two let do is told nowhere; the vendor's own client counts on nothing.
_ROLES: dict[str, frozenset[str]] = {**ROLES, "Auditor": frozenset(), "StandardUser": frozenset()}


@dataclass(frozen=True)
class PolicyGrant:
    """What one policy allows.

    :arg place: the path, that of an integration included; "" for all of the site.
    """

    actions: frozenset[str]
    kind: str
    place: str

    def allows(self, action: str, path: str) -> bool:
        """Whether it allows this action on what has this path."""
        if action not in self.actions:
            return False
        if self.kind == "product":
            return True
        if self.kind == "folder":
            below = is_inside(path, self.place)
            return (action in _BELOW_FOLDERS and below) or (
                action in CHECKED_ON["folder"] and (below or path == self.place)
            )
        return action in CHECKED_ON[self.kind] and path == self.place


@dataclass(frozen=True)
class Ownership:
    """What a principal may do because it made the folder, or the dynamic secret."""

    actions: frozenset[str]
    owners: frozenset[Principal]
    site: Site

    def allows(self, action: str, path: str) -> bool:
        """Whether the principal owns what has this path, or a folder above it."""
        if action not in self.actions:
            return False
        if action in CHECKED_ON["dynamic"] and self._owns(self.site.dynamic, path):
            return True
        if action in CHECKED_ON["folder"]:
            return self._owns_folder(path)
        return action in _BELOW_FOLDERS and self._owns_folder(parent_of(path))

    def _owns_folder(self, path: str) -> bool:
        while path:
            if self._owns(self.site.folders, path):
                return True
            path = parent_of(path)
        return False

    def _owns(self, items: Collection[Folder] | Collection[DynamicSecret], path: str) -> bool:
        return items.has(path) and items.any(path).owner in self.owners


def grants_of(principals: frozenset[Principal], policies: Iterable[cedar.Policy], site: Site) -> tuple[Allowing, ...]:
    """What these principals may do at the site.

    :arg policies: those in force.
    """
    owner_generates = site.behaviour.owner_generates
    found: list[Allowing] = [
        _grant(policy, owner_generates)
        for policy in policies
        if policy.site == site.id and policy.principal in principals
    ]
    return (*found, Ownership(_expanded(["Owner"], owner_generates), principals, site))


def _grant(policy: cedar.Policy, owner_generates: bool) -> PolicyGrant:
    kind, id = policy.resource.kind, policy.resource.id or ""
    place = {"integration": integration_path(id), "product": ""}.get(kind, id.removeprefix("/"))
    actions = _expanded(policy.actions, owner_generates)
    if kind == "product" and id not in ("", f"wlc_{policy.site}"):
        # Such a policy is bound, and nothing is ever checked on what it names.
        actions = frozenset()
    return PolicyGrant(actions, kind, place)


def _expanded(names: Iterable[str], owner_generates: bool) -> frozenset[str]:
    found = frozenset(action for name in names for action in _ROLES.get(name, {name}))
    return found | {"GenerateDynamicCredential"} if owner_generates and "Owner" in names else found
