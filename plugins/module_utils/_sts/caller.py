# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who asks the Security Token Service, as one frozen value made from options.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from ansible_collections.community.workload_credentials.plugins.module_utils._api.errors import OptionError
from ansible_collections.community.workload_credentials.plugins.module_utils._api.sources import (
    shown,
    stripped,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._sts.options import KEYS


@dataclass(frozen=True)
class Caller:
    """Whose credentials sign, and where. Without keys and profile it is the SDK's default chain that finds some."""

    region: str | None
    endpoint_url: str | None
    profile: str | None
    access_key: str | None
    secret_key: str | None = field(repr=False)
    session_token: str | None = field(repr=False)

    @classmethod
    def from_parameters(cls, parameters: Mapping[str, Any]) -> Caller:
        """Check the options that say who asks.

        :arg parameters: of the right types; what is not set is None.
        :raises OptionError: they cannot work together, before anything is sent.
        """
        given = {name: _text(parameters, name) for name in KEYS}
        pair = {name: given[name] for name in ("access_key", "secret_key")}
        missing = [name for name, value in pair.items() if value is None]
        if any(given.values()) and missing:
            raise OptionError(
                missing[0], "access_key and secret_key go together, with session_token where there is one."
            )
        profile = _text(parameters, "profile")
        if profile and not missing:
            raise OptionError("profile", "it is set and so is access_key: set one of the two.")
        return cls(
            region=_text(parameters, "region"),
            endpoint_url=_endpoint(_text(parameters, "endpoint_url")),
            profile=profile,
            **given,
        )

    @property
    def has_keys(self) -> bool:
        """Whether the options hold the keys themselves."""
        return self.access_key is not None

    def __str__(self) -> str:
        """Who it is, for messages."""
        if self.profile:
            return f"the profile {self.profile}"
        return f"the access key {self.access_key}" if self.access_key else "the default chain"


def _text(parameters: Mapping[str, Any], name: str) -> str | None:
    """What is set, without the white space that files and forms leave around it."""
    return stripped(str(parameters.get(name) or "")) or None


def _endpoint(value: str | None) -> str | None:
    if not value:
        return None
    try:
        parts = urlsplit(value)
        usable = parts.scheme in ("https", "http") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    # An address with credentials in it is not repeated.
    if "@" in value:
        raise OptionError("endpoint_url", "an address without credentials is needed.")
    if not usable:
        raise OptionError("endpoint_url", f"{shown(value)} is not an http(s) address.")
    return value
