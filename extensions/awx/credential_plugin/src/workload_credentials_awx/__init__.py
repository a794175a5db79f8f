# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An external secret source for AWX: a field of any credential is read from a static secret at each launch.

Static secrets only. AWX requests each linked field by itself, and again for each use, and never tells a plugin that a
job has ended. Credentials generated here would be halves of different leases, and nobody would revoke them.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from ._inputs import INPUTS
from ._read import Connection, SecretError, read_secret
from ._value import value_of

__all__ = ["SecretError", "plugin"]


class _CredentialPlugin(NamedTuple):
    """What AWX reads of a plugin, which it has no importable type for in all its releases."""

    name: str
    inputs: dict[str, Any]
    backend: Any
    plugin_description: str = ""


def lookup(**given: Any) -> str:
    """Return one value of a static secret.

    :arg given: the source credential's fields and the link's metadata; what was left empty is missing or "".
    :raises SecretError: it cannot be read, or is not there.
    """
    inputs = {name: value.strip() for name, value in given.items() if isinstance(value, str) and value.strip()}
    secret = read_secret(Connection.of(inputs), inputs.get("path", ""), inputs.get("version", ""))
    return value_of(secret, inputs.get("key", ""), inputs["path"])


plugin = _CredentialPlugin(
    name="BeyondTrust Workload Credentials Secret Lookup",
    inputs=INPUTS,
    backend=lookup,
    plugin_description="Reads a value of a static secret of a site.",
)
