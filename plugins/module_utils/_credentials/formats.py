# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Credentials in the formats that programs read."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from operator import itemgetter
from types import MappingProxyType
from typing import Any

from .._api.errors import OptionError
from .._api.text import one_line
from .._providers import PROVIDERS

RAW = "raw"


@dataclass(frozen=True)
class Text:
    """A format that is one text.

    :arg fields: the key of the credentials for each name that ``made`` takes.
    :arg made: returns the text.
    :arg name: the key of a Secret that holds the text.
    """

    fields: Mapping[str, str]
    made: Callable[[Mapping[str, Any]], str]
    name: str = "credentials"


@dataclass(frozen=True)
class Formats:
    """The formats of one kind of credentials; ``raw`` is a dictionary of all their keys.

    :arg keys: the keys that the credentials may have.
    :arg environments: the key for each variable, by the name of the format.
    :arg texts: by the name of the format.
    :arg apart: keys that no dictionary holds, since each is a text of its own.
    """

    keys: Collection[str]
    environments: Mapping[str, Mapping[str, str]]
    texts: Mapping[str, Text]
    apart: Collection[str] = field(default_factory=tuple)

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of all formats."""
        return (RAW, *self.environments, *self.texts)

    def is_text(self, name: str) -> bool:
        """Return whether the format is one text instead of a dictionary."""
        return name in self.texts

    def fields_of(self, name: str) -> dict[str, str]:
        """Return the key of the credentials for each field of a format."""
        if name == RAW:
            return {key: key for key in self.keys if key not in self.apart}
        return dict(self.texts[name].fields if name in self.texts else self.environments[name])

    def formatted(self, credentials: Mapping[str, Any], name: str, source: str) -> Any:
        """Return the credentials as a format's dictionary or text.

        :arg name: one of ``names``.
        :arg source: where the credentials come from, for the message.
        :raises OptionError: the format is for credentials of another kind.
        """
        if name == RAW:
            return {key: value for key, value in credentials.items() if key not in self.apart}
        fields = self.fields_of(name)
        values = {variable: credentials[key] for variable, key in fields.items() if key in credentials}
        # Some services leave a key out.
        if len(values) < min(2, len(fields)):
            keys = one_line(", ".join(sorted(credentials)))
            raise OptionError("format", f"{name} does not fit the credentials of {source}, which have the keys {keys}.")
        return self.texts[name].made(values) if name in self.texts else values


def profile(variables: Mapping[str, Any]) -> str:
    """Return the text of an AWS credentials file with the profile default."""
    return "[default]\n" + "".join(f"{key.lower()} = {value}\n" for key, value in variables.items())


DYNAMIC_SECRETS = Formats(
    keys=tuple(dict.fromkeys(key for one in PROVIDERS.values() for key in one.keys)),
    environments=MappingProxyType(
        {name: keys for one in PROVIDERS.values() for name, keys in one.environments.items()}
    ),
    texts=MappingProxyType({"aws_credentials": Text(PROVIDERS["aws"].environments["aws_env"], profile)}),
)
_STS_ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "access_key_id",
    "AWS_SECRET_ACCESS_KEY": "secret_access_key",
    "AWS_SESSION_TOKEN": "session_token",
}
STS_SESSIONS = Formats(
    keys=("access_key_id", "secret_access_key", "session_token", "expiration"),
    environments=MappingProxyType({"aws_env": _STS_ENVIRONMENT}),
    texts=MappingProxyType({"aws_credentials": Text(_STS_ENVIRONMENT, profile)}),
)
SERVICE_ACCOUNTS = Formats(
    keys=("token", "expiration", "lease_id", "service_account", "namespace", "audiences", "server", "kubeconfig"),
    environments=MappingProxyType({}),
    texts=MappingProxyType(
        {name: Text({name: name}, itemgetter(name), name) for name in ("token", "kubeconfig")},
    ),
    apart=("kubeconfig",),
)
STATIC_SECRETS = Formats(keys=(), environments=MappingProxyType({}), texts=MappingProxyType({}))
