# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Access tokens: which sites they open, and what they may do there."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from .actions import ALL_ACTIONS, BESIDE_FOLDERS, PERMISSIONS, Permission
from .errors import Forbidden
from .names import is_inside


@dataclass(frozen=True)
class Principal:
    """Who is meant: a workload by its id, a user by an email address, a group or a role by its name."""

    kind: str
    name: str


@dataclass(frozen=True)
class Grant:
    """Actions on what has this path and on everything below it; on all of the site without a path."""

    actions: frozenset[str]
    path: str = ""

    def allows(self, action: str, path: str) -> bool:
        """Whether it allows this action on what has this path."""
        return action in self.actions and (path == self.path or is_inside(path, self.path))


class Allowing(Protocol):
    """What lets a token do something."""

    @property
    def actions(self) -> frozenset[str]:
        """All that it allows anywhere."""

    def allows(self, action: str, path: str) -> bool:
        """Whether it allows this action on what has this path."""


EVERYTHING = (Grant(ALL_ACTIONS),)


@dataclass(frozen=True)
class Token:
    """A token's rights. Its value is only kept as the key of the table that holds it.

    :arg principals: who has it, first a workload or a user; for them, policies can be enforced.
    """

    id: str
    sites: frozenset[str]
    grants: tuple[Allowing, ...] = EVERYTHING
    principals: tuple[Principal, ...] = ()

    @property
    def owner(self) -> str:
        """Who leases are created by: the same for all tokens of a principal."""
        if self.principals:
            first = self.principals[0]
            return first.name if first.kind == "workload" else str(uuid.uuid5(uuid.NAMESPACE_OID, first.name))
        return str(uuid.uuid5(uuid.NAMESPACE_OID, self.id))

    @property
    def maker(self) -> Principal | None:
        """Who owns what is made with it."""
        return self.principals[0] if self.principals else None

    def may(self, action: str, path: str = "") -> bool:
        """Whether the token allows this."""
        return any(grant.allows(action, path) for grant in self.grants)

    def require(self, path: str, *actions: str) -> None:
        """Refuse where the token has none of these actions on the path."""
        if not any(self.may(action, path) for action in actions):
            raise Forbidden(f"the access token lacks {' or '.join(actions)} on {path or 'the whole site'}.")

    def require_somewhere(self, actions: frozenset[str]) -> None:
        """Refuse where the token has none of these actions on any path."""
        if not any(actions & grant.actions for grant in self.grants):
            raise Forbidden(f"the access token lacks {' or '.join(sorted(actions))}.")


def permitted(permissions: Iterable[Permission], path: str) -> tuple[Grant, ...]:
    """The grants that these permissions stand for; the path concerns what folders hold, and nothing beside them."""
    actions = frozenset(action for permission in permissions for action in PERMISSIONS[permission])
    return Grant(actions - BESIDE_FOLDERS, path), Grant(actions & BESIDE_FOLDERS)


def token_id(value: str) -> str:
    """What stands for a token where it may be seen."""
    return hashlib.sha256(value.encode()).hexdigest()[:8]


def token_table(sites: Sequence[str], tokens: Sequence[str]) -> dict[str, Token]:
    """Tokens by their value: as many as sites are given belong to one each, in order; otherwise each opens all."""
    paired = len(tokens) == len(sites)
    return {
        value: Token(token_id(value), frozenset([site] if paired else sites))
        for value, site in zip(tokens, sites if paired else [""] * len(tokens), strict=True)
    }
