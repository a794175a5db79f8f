# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How whoever ends a run's leases learns the connections with which its workers minted them.

Only a run with the callback plugin leases has a key for that: made in Ansible's main process, which keeps it in memory,
as do the workers that it forks. What is sealed with it can be read by nobody once the run has ended.
Private to this collection: it may change at any time.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ansible_collections.community.workload_credentials.plugins.plugin_utils._run.journal import FOLDER

if TYPE_CHECKING:
    from ansible_collections.community.workload_credentials.plugins.module_utils._credentials.origin import Origin

_CONNECTIONS = "connections"
# What of a task's own environment decides how its requests travel.
_TRAVEL = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")


@dataclass
class _RunKey:
    """The run's key: "" where nobody asks for connections."""

    value: str = ""


_key = _RunKey()
# What this process has left there already.
_done: set[tuple[int, str]] = set()


@dataclass(frozen=True)
class Introduced:
    """A connection with which leases were minted.

    :arg origin: as it was then: a token that is read from a file may be another by now.
    :arg environment: what of the task's own was in force for it.
    """

    origin: Origin
    environment: Mapping[str, str]


def make_key() -> str:
    """Begin to ask for connections; to be called before any worker is forked."""
    _key.value = os.urandom(32).hex()
    return _key.value


def has_key() -> bool:
    """Whether somebody asks for connections already."""
    return bool(_key.value)


def introduce(temporary: Path, origin: Origin, environment: Mapping[str, str]) -> None:
    """Leave the connection for whoever ends the run's leases, if anybody does."""
    if not _key.value:
        return
    files, entry = _folder(temporary, _key.value), asdict(origin)
    name = files.name(json.dumps(entry, sort_keys=True))
    if (os.getpid(), name) not in _done:
        travel = {name: value for name, value in environment.items() if name.upper() in _TRAVEL}
        files.save(name, {"origin": entry, "environment": travel})
        _done.add((os.getpid(), name))


def was_introduced(temporary: Path) -> bool:
    """Whether there is any such connection."""
    return (temporary / FOLDER / _CONNECTIONS).is_dir()


def introduced(temporary: Path, key: str) -> Iterator[Introduced]:
    """All of them."""
    from ansible_collections.community.workload_credentials.plugins.module_utils._credentials.origin import Origin

    files = _folder(temporary, key)
    for name in files.names():
        entry = files.load(name)
        if entry:
            # JSON knows no tuples.
            known = {**entry["origin"], "identity": tuple(entry["origin"]["identity"])}
            yield Introduced(Origin(**known), entry["environment"])


def _folder(temporary: Path, key: str) -> Any:
    # Ansible's main process only makes a key.
    from ansible_collections.community.workload_credentials.plugins.plugin_utils._run.sealed import SealedFolder

    return SealedFolder(temporary / FOLDER / _CONNECTIONS, key, lambda _message: None)
