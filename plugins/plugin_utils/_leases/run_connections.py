# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hand the workers' connections to the process that ends leases when the run ends."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .journal import FOLDER

if TYPE_CHECKING:
    from ...module_utils._credentials.source import Origin


_CONNECTIONS = "connections"
# Variables of a task's own environment that decide how its requests travel.
_TRAVEL = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")


@dataclass
class _RunKey:
    """The run's key; "": no callback plugin needs the connections."""

    value: str = ""


_key = _RunKey()
# The connections that this process has registered already.
_done: set[tuple[int, str]] = set()


@dataclass(frozen=True)
class RunConnections:
    """A connection with which leases were minted.

    :arg origin: as it was then: the token in a file may be another by now.
    :arg environment: variables of the task's own environment that were in force.
    """

    origin: Origin
    environment: Mapping[str, str]


def make_key() -> str:
    """Make the key with which workers register their connections; call it before any worker is forked."""
    _key.value = os.urandom(32).hex()
    return _key.value


def has_key() -> bool:
    """Return whether there is a key already, so that something ends leases at the run's end."""
    return bool(_key.value)


def register_connection(temporary: Path, origin: Origin, environment: Mapping[str, str]) -> None:
    """Register a connection for the process that ends the run's leases, if there will be one."""
    if not _key.value:
        return
    files, entry = _folder(temporary, _key.value), asdict(origin)
    name = files.name(json.dumps(entry, sort_keys=True))
    if (os.getpid(), name) not in _done:
        travel = {name: value for name, value in environment.items() if name.upper() in _TRAVEL}
        files.save(name, {"origin": entry, "environment": travel})
        _done.add((os.getpid(), name))


def has_registered(temporary: Path) -> bool:
    """Return whether any connection is registered."""
    return (temporary / FOLDER / _CONNECTIONS).is_dir()


def registered_connections(temporary: Path, key: str) -> Iterator[RunConnections]:
    """Yield the registered connections."""
    from ...module_utils._credentials.source import Origin

    files = _folder(temporary, key)
    for name in files.names():
        entry = files.load(name)
        if entry:
            # JSON knows no tuples.
            known = {**entry["origin"], "identity": tuple(entry["origin"]["identity"])}
            yield RunConnections(Origin(**known), entry["environment"])


def _folder(temporary: Path, key: str) -> Any:
    # Loaded here, as Ansible's main process only makes a key.
    from .sealed import SealedFolder

    return SealedFolder(temporary / FOLDER / _CONNECTIONS, key, lambda _message: None)
