# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Static secrets as a source: their values are read and do not expire."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._api.client import Client
from .._api.errors import StateError
from .._api.paths import ResourcePath
from .._resources._parts.finding import present
from .lease import STATIC_SECRET, Credentials
from .source import Facts


class StaticSecret:
    """The static secret at a path, read once."""

    kind, site, cache_key, lease_id = STATIC_SECRET, None, "", None

    def __init__(self, client: Client, path: ResourcePath) -> None:
        self._client = client
        self._path = path
        self._values: Mapping[str, Any] | None = None

    @property
    def identity(self) -> str:
        """Return its path."""
        return str(self._path)

    def facts(self) -> Facts:
        """Return its keys.

        :raises MissingError: there is no such secret.
        """
        return Facts(tuple(self._read()), None, None)

    def mint(self) -> Credentials:
        """Return its values; nothing is minted."""
        return Credentials(self._read(), None)

    def placeholder(self) -> Credentials:
        """Return its values too: reading them changes nothing."""
        return self.mint()

    def _read(self) -> Mapping[str, Any]:
        if self._values is None:
            self._values = self._asked()
        return self._values

    def _asked(self) -> Mapping[str, Any]:
        values = present(self._client, "static", self._path).get("secret")
        if not isinstance(values, Mapping):
            raise StateError(f"{self._path}: the service answered without the secret's values.")
        return values
