# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a site holds, and how each thing looks in an answer (API document, "Response")."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from .clock import written
from .real_time import real_seconds
from .tokens import Principal


@dataclass
class Item:
    """What has a path: made once, deleted softly, restored, tagged.

    :arg owner: who made it, where that counts.
    """

    path: str
    created_at: datetime
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    tags: dict[str, str] = field(default_factory=dict)
    deleted_at: datetime | None = None
    owner: Principal | None = None

    @property
    def deleted(self) -> bool:
        """Whether it waits for a restore."""
        return self.deleted_at is not None

    def metadata(self) -> dict[str, Any]:
        """The answer of ``/metadata``."""
        return {"id": self.id, "tags": self.tags, **self._version(), **self._times()}

    def listed(self) -> dict[str, Any]:
        """The entry in a list."""
        raise NotImplementedError

    def _version(self) -> dict[str, int]:
        return {}

    def _times(self) -> dict[str, str]:
        times = {"createdAt": written(self.created_at)}
        if self.deleted_at is not None:
            times["deletedAt"] = written(self.deleted_at)
        return times


@dataclass
class Folder(Item):
    """A folder; only what is in its answers tells it from other items."""

    def listed(self) -> dict[str, Any]:
        return {"path": self.path, "type": "folder", "metadata": self.metadata()}

    def shown(self) -> dict[str, Any]:
        """The answer of creating and restoring."""
        metadata = {"id": self.id, "tags": self.tags, "version": 1, **self._times()}
        return {
            "id": self.id,
            "path": self.path,
            "type": "folder",
            "createdAt": metadata["createdAt"],
            "metadata": metadata,
        }


@dataclass(frozen=True)
class Version:
    """One value that a static secret had."""

    number: int
    value: dict[str, Any]
    created_at: datetime


@dataclass
class StaticSecret(Item):
    """A static secret with all its versions, the oldest first.

    :arg leading_slash: its path is shown with a slash before it.
    """

    leading_slash: bool = False
    versions: list[Version] = field(default_factory=list)

    def add(self, value: dict[str, Any], now: datetime) -> None:
        """Make this value the current version."""
        self.versions = [*self.versions, Version(len(self.versions) + 1, value, now)]

    def version(self, number: int | None) -> Version | None:
        """The version of this number, the current one without a number, None where there is none."""
        if number is None:
            return self.versions[-1]
        return self.versions[number - 1] if 1 <= number <= len(self.versions) else None

    def listed(self, *, versions: bool = False) -> dict[str, Any]:
        entry = {"path": self._shown_path(), "type": "static", "metadata": self.metadata()}
        return {**entry, **self._history()} if versions else entry

    def shown(self, version: Version, *, versions: bool = False) -> dict[str, Any]:
        """The secret with the value of this version."""
        metadata = {**self.metadata(), "version": version.number}
        body = {"path": self._shown_path(), "secret": version.value, "metadata": metadata}
        return {**body, **self._history()} if versions else body

    def _shown_path(self) -> str:
        return f"/{self.path}" if self.leading_slash else self.path

    def _version(self) -> dict[str, int]:
        return {"version": len(self.versions)}

    def _history(self) -> dict[str, Any]:
        newest_first = reversed(self.versions)
        return {"versions": [{"version": one.number, "createdAt": written(one.created_at)} for one in newest_first]}


@dataclass
class Integration:
    """How the service reaches a cloud account; ``secret`` never leaves."""

    type: str
    name: str
    config: dict[str, str]
    created_at: datetime
    secret: str | None = None
    id: str = field(default_factory=lambda: str(uuid.uuid4()))

    def listed(self) -> dict[str, Any]:
        """The entry in a list."""
        return {"id": self.id, "name": self.name, "type": self.type, "createdAt": written(self.created_at)}

    def shown(self) -> dict[str, Any]:
        """The answer of creating and reading; the version stays 1 whatever is patched."""
        metadata = {"id": self.id, "version": 1, "createdAt": written(self.created_at)}
        return {"name": self.name, "type": self.type, "config": self.config, "metadata": metadata}


@dataclass
class DynamicSecret(Item):
    """The definition that credentials are generated from."""

    type: str = ""
    integration_id: str = ""
    config: dict[str, Any] = field(default_factory=dict)

    def listed(self) -> dict[str, Any]:
        return {"path": self.path, "type": f"dynamic-{self.type}", "metadata": {"id": self.id, **self._times()}}

    def shown(self, integration_name: str | None = None) -> dict[str, Any]:
        """The definition; only the answer of creating it knows the integration's name."""
        named = {} if integration_name is None else {"integrationName": integration_name}
        config = {"type": self.type, "integrationId": self.integration_id, **named, **self.config}
        return {"path": self.path, "config": config, "metadata": {"id": self.id, **self._version(), **self._times()}}

    def _version(self) -> dict[str, int]:
        return {"version": 1}


@dataclass
class Lease:
    """One generated credential's life; never its values.

    :arg known_from: when the service notices it, in real seconds.
    """

    id: str
    secret_id: str
    path: str
    type: str
    config: dict[str, Any]
    entity: str
    created_at: datetime
    expires_at: datetime
    created_by: str
    revoked: bool = False
    known_from: float = 0.0

    def state(self, now: datetime) -> str:
        """``active``, ``revoked`` or ``expired``."""
        if self.revoked:
            return "revoked"
        return "active" if now < self.expires_at else "expired"

    @property
    def known(self) -> bool:
        """Whether the service has noticed it."""
        return real_seconds() >= self.known_from

    def listed(self) -> dict[str, Any]:
        """The entry in a list."""
        return {
            "id": self.id,
            "dynamicSecretType": self.type,
            "expiration": written(self.expires_at),
            "createdAt": written(self.created_at),
            "createdBy": self.created_by,
        }

    def shown(self) -> dict[str, Any]:
        """The answer of reading it by its id."""
        return {
            "dynamicSecretId": self.secret_id,
            "dynamicSecretType": self.type,
            "dynamicSecretPath": self.path,
            "dynamicSecretConfig": self.config,
            "externalEntityId": self.entity,
            "expiration": written(self.expires_at),
            "metadata": {"id": self.id, "createdAt": written(self.created_at), "createdBy": self.created_by},
        }
