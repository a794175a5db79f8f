# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Access tokens: which sites they open, and what they may do there."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, get_args

from .errors import Forbidden
from .names import is_inside

Permission = Literal["read", "write", "generate", "revoke"]
ALL_PERMISSIONS: frozenset[Permission] = frozenset(get_args(Permission))


@dataclass(frozen=True)
class Token:
    """A token's rights. Its value is only kept as the key of the table that holds it."""

    id: str
    sites: frozenset[str]
    permissions: frozenset[Permission] = field(default=ALL_PERMISSIONS)
    path_prefix: str = ""

    @property
    def owner(self) -> str:
        """Who leases are created by."""
        return str(uuid.uuid5(uuid.NAMESPACE_OID, self.id))

    def require(self, permission: Permission) -> None:
        """Refuse what the token may not do."""
        if permission not in self.permissions:
            raise Forbidden(f"the access token lacks the permission to {permission}.")

    def require_path(self, path: str) -> None:
        """Refuse paths outside of the token's part of the tree."""
        if self.path_prefix and path != self.path_prefix and not is_inside(path, self.path_prefix):
            raise Forbidden("the access token does not reach this path.")


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
