# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What modules have to do with the leases that a run has minted: taking note of them, and ending them.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.community.workload_credentials.plugins.module_utils._api.errors import WorkloadCredentialsError
from ansible_collections.community.workload_credentials.plugins.module_utils._api.paths import parse_path
from ansible_collections.community.workload_credentials.plugins.module_utils._resources._parts.leases import is_lease_id
from ansible_collections.community.workload_credentials.plugins.module_utils._resources.dynamic_credentials import (
    NO_LEASE_ID,
    may_be_revocable,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._spec import Spec
from ansible_collections.community.workload_credentials.plugins.plugin_utils._connection import Connection
from ansible_collections.community.workload_credentials.plugins.plugin_utils._run.lease_store import MintedLeases
from ansible_collections.community.workload_credentials.plugins.plugin_utils._run.sealed import run_folder

_CONCERNED = ("dynamic_credentials", "lease")


class RunLeases:
    """One task's part in it. Only the modules dynamic_credentials and lease have any.

    :arg arguments: the task's, with those of its connection.
    """

    def __init__(self, spec: Spec, arguments: Mapping[str, Any], connection: Connection) -> None:
        self._spec = spec
        self._given = dict(arguments)
        self._warnings: list[str] = []
        self._leases = self._find(connection) if spec.name in _CONCERNED else None

    def arguments(self) -> dict[str, Any]:
        """The task's arguments, with the leases' IDs in the place of ``minted=run``."""
        asked = self._spec.name == "lease" and self._given.get("minted") == "run"
        if not asked or self._leases is None or self._given.keys() & {"path", "lease_id", "lease_ids"}:
            return self._given
        others = {name: value for name, value in self._given.items() if name != "minted"}
        return {**others, "lease_id": [one for one in self._leases.all() if is_lease_id(one)]}

    def settle(self, arguments: Mapping[str, Any], result: dict[str, Any], *, check_mode: bool) -> None:
        """Take note of what the task did.

        :arg arguments: those with which it ran.
        """
        if self._leases is not None and not result.get("failed"):
            (self._foresee if check_mode else self._note)(self._leases, arguments, result)
        if self._warnings:
            result["warnings"] = [*result.get("warnings", ()), *self._warnings]

    def _note(self, leases: MintedLeases, arguments: Mapping[str, Any], result: Mapping[str, Any]) -> None:
        if self._spec.name == "dynamic_credentials":
            leases.note(result.get("lease_id"))
            return
        living = {lease["id"] for lease in result.get("not_revocable", ())}
        leases.remove({*_ids(arguments), *result.get("revoked", ())} - living)

    def _foresee(self, leases: MintedLeases, arguments: Mapping[str, Any], result: dict[str, Any]) -> None:
        """A lease that check mode did not mint is there to be ended by a later task."""
        path = str(parse_path(str(arguments["path"]), "path")) if arguments.get("path") else None
        if path is not None and self._spec.name == "dynamic_credentials":
            if may_be_revocable(result.get("credentials") or {}):
                leases.foresee(path)
            return
        standing_in = _ids(arguments).count(NO_LEASE_ID)
        if path is not None or standing_in or self._given.get("minted"):
            result["changed"] = leases.foresee_end(path, standing_in or None) or result["changed"]

    def _find(self, connection: Connection) -> MintedLeases | None:
        """None: the connection is not known here, as for a module that takes it from another host's environment."""
        try:
            # The file of a CA may lie on another host, and says nothing of whose leases these are.
            return MintedLeases(run_folder(), connection.settings("ca_cert"), self._warnings.append)
        except WorkloadCredentialsError:
            return None


def _ids(arguments: Mapping[str, Any]) -> list[str]:
    given = arguments.get("lease_id") or arguments.get("lease_ids") or []
    return [str(lease_id) for lease_id in (given if isinstance(given, list) else str(given).split(","))]
