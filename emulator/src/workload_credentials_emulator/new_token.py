# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A token with limited rights, as it is asked for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from .actions import ALL_PERMISSIONS, Permission, actions_of
from .errors import StartError
from .names import FolderPath, folder_path
from .tokens import Grant, Principal, Token, permitted, token_id


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
    """A token's rights, in three ways that add up; with none of them it may do all. Without sites it opens all.

    Or whose it is: a workload's or a user's, who is in groups and has roles. With enforcement it may do what policies
    grant to any of these.
    """

    model_config = ConfigDict(extra="forbid")

    token: str = Field(min_length=1)
    sites: list[str] | None = None
    permissions: list[Permission] | None = None
    actions: Actions | None = None
    path_prefix: FolderPath = ""
    grants: list[NewGrant] = Field(default_factory=list)
    workload: UUID | None = None
    user: str | None = None
    groups: list[str] = Field(default_factory=list)
    roles: list[str] = Field(default_factory=list)

    @model_validator(mode="after")
    def _one_kind(self) -> NewToken:
        limited = self.permissions is not None or self.actions is not None or self.grants or self.path_prefix
        if self._principals() and limited:
            raise ValueError("must have either a principal, whose rights policies are, or rights of its own")
        if self.workload and self.user:
            raise ValueError("must have either a workload or a user")
        return self

    def made(self, all_sites: Iterable[str]) -> Token:
        """The token."""
        sites = all_sites if self.sites is None else (site.lower() for site in self.sites)
        return Token(token_id(self.token), frozenset(sites), self._all_grants(), self._principals())

    def _principals(self) -> tuple[Principal, ...]:
        return (
            *([Principal("workload", str(self.workload))] if self.workload else []),
            *([Principal("user", self.user)] if self.user else []),
            *(Principal("group", name) for name in self.groups),
            *(Principal("role", name) for name in self.roles),
        )

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


def of_principal(text: str, sites: Sequence[str]) -> tuple[str, Token]:
    """The value and the token that a text such as ``user:ann@example.com=TOKEN`` names.

    :raises StartError: it names none.
    """
    kind, _colon, rest = text.partition(":")
    name, _equals, value = rest.partition("=")
    field = {"workload": "workload", "user": "user", "group": "groups", "role": "roles"}.get(kind)
    try:
        if not field or not name or not value:
            raise ValueError(text)
        given = {"token": value, field: [name] if field.endswith("s") else name}
        return value, NewToken.model_validate(given).made(sites)
    except ValueError:
        form = "workload:ID=TOKEN, user:EMAIL=TOKEN, group:NAME=TOKEN or role:NAME=TOKEN"
        raise StartError(f"{kind}:{name} is no principal with a token: give {form}.") from None
