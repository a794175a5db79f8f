# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A token with limited rights, as it is asked for."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from .actions import ALL_PERMISSIONS, Permission, actions_of
from .names import FolderPath, folder_path
from .tokens import Grant, Token, permitted, token_id


def _actions(names: object) -> object:
    if isinstance(names, list) and all(isinstance(name, str) for name in names):
        return actions_of(names)
    return names


Actions = Annotated[frozenset[str], BeforeValidator(_actions)]


class NewGrant(BaseModel):
    """Actions or roles, on a path and below it."""

    model_config = ConfigDict(extra="forbid")

    actions: Actions
    path: FolderPath = ""

    def grant(self) -> Grant:
        """The grant."""
        return Grant(self.actions, folder_path(self.path))


class NewToken(BaseModel):
    """A token's rights, in three ways that add up; with none of them it may do all. Without sites it opens all."""

    model_config = ConfigDict(extra="forbid")

    token: str = Field(min_length=1)
    sites: list[str] | None = None
    permissions: list[Permission] | None = None
    actions: Actions | None = None
    path_prefix: FolderPath = ""
    grants: list[NewGrant] = Field(default_factory=list)

    def made(self, all_sites: Iterable[str]) -> Token:
        """The token."""
        sites = all_sites if self.sites is None else (site.lower() for site in self.sites)
        return Token(token_id(self.token), frozenset(sites), self._all_grants())

    def _all_grants(self) -> tuple[Grant, ...]:
        path = folder_path(self.path_prefix)
        found = [one.grant() for one in self.grants]
        if self.actions is not None:
            found.append(Grant(self.actions, path))
        permissions = self.permissions
        if permissions is None and self.actions is None and not self.grants:
            permissions = sorted(ALL_PERMISSIONS)
        if permissions is not None:
            found.extend(permitted(permissions, path))
        return tuple(found)
