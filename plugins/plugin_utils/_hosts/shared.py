# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the workers of all hosts of a task read from the Secrets API once: leases, definitions and static secrets."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from ...module_utils._api.errors import MissingError, WorkloadCredentialsError
from ...module_utils._credentials.lease import DYNAMIC_SECRET, Lease
from ...module_utils._credentials.source import Source
from ...module_utils._resources._parts.visibility import RefusedError
from .._cluster.job import Job
from .._cluster.lease_checks import confirmed_gone, listed_leases
from .._core_internals import run_folder
from .._leases.journal import FOLDER
from .._leases.sealed import SealedFolder


class SharedReads:
    """Reads of one task. The first worker sends the request, and the others wait for its answer.

    :arg task: the ID that the task has on all of its hosts.
    """

    def __init__(self, job: Job, task: str) -> None:
        settings = job.client().settings
        self._job = job
        self._files = SealedFolder(run_folder() / FOLDER / "files", settings.token(), lambda _message: None)
        self._scope = (task, settings.base_url, str(settings.service_name), str(settings.auth_role))

    def gone(self, lease: Lease, path: str) -> tuple[set[str], str]:
        """Return the ID of the lease if it has ended before its time, and a warning if that cannot be known ("": none).

        :arg path: of its dynamic secret. A token that may not list its leases cannot know, and is not warned of it.
        """
        listed = self._read("leases", path, lambda: self._leases(path))
        if "ids" not in listed:
            return set(), listed["warning"]
        if lease.id in listed["ids"] or lease.minted.timestamp() > listed["at"]:
            return set(), ""
        return confirmed_gone(self._job, {lease.id: lease.minted.timestamp()}), ""

    def facts(self, source: Source) -> tuple[list[str], int | None, str]:
        """Return the keys of a source's credentials, the life of a lease in seconds, and what is missing ("": nothing).

        There are no keys where they are not known: minting may be allowed where reading the definition is not.
        """
        facts = self._read("facts", source.identity, lambda: _facts(source))
        return facts["keys"], facts["life"], facts["missing"]

    def values(self, source: Source) -> dict[str, Any]:
        """Return the values of a static secret.

        :raises WorkloadCredentialsError: they cannot be read.
        """
        return dict(self._read("values", source.identity, lambda: {"values": dict(source.mint().values)})["values"])

    def _read(self, what: str, path: str, ask: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        name = self._files.name(*self._scope, what, path)
        with self._files.locked(name):
            found = self._files.load(name)
            if found is None:
                found = ask()
                self._files.save(name, found)
            return found

    def _leases(self, path: str) -> dict[str, Any]:
        began = time.time()
        leases = listed_leases(self._job, [path])[path]
        if isinstance(leases, WorkloadCredentialsError):
            is_silent = isinstance(leases, (MissingError, RefusedError))
            return {"warning": "" if is_silent else f"{path}: its leases could not be listed. {leases}"}
        return {"ids": [lease["id"] for lease in leases], "at": began}


def _facts(source: Source) -> dict[str, Any]:
    try:
        facts = source.facts()
    except MissingError as error:
        return {"keys": [], "life": None, "missing": str(error)}
    except WorkloadCredentialsError:
        return {"keys": [], "life": None, "missing": ""}
    return {"keys": list(facts.keys), "life": facts.life, "missing": ""}


def checks_lease(lease: Lease | None) -> bool:
    """Return whether the Secrets API lists the lease while it lives."""
    return lease is not None and lease.kind == DYNAMIC_SECRET and bool(lease.id)
