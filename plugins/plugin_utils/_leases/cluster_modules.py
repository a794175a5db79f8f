# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A module's part in the leases of its run at a cluster.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

from ...module_utils._api.errors import OptionError, WorkloadCredentialsError
from ...module_utils._api.times import parse_time
from ...module_utils._credentials.lease import Lease
from ...module_utils._credentials.service_account import identity_of, origin_of_cluster
from ...module_utils._credentials.source import Origin
from ...module_utils._kube.options import AUTH, cluster_of
from ...module_utils._resources._parts.accounts.minting import LEFT
from ...module_utils._run import validate
from .._worker import environment_in_force, plain
from .journal import run_folder
from .lease_store import MintedLeases
from .modules import ModuleLeases, ids_of
from .sealed import key_of_run


class AccountLeases(ModuleLeases):
    """The part of a module of service accounts.

    Of a module that runs elsewhere the cluster is not known here, and need not be in reach.
    """

    mints = "service_account_token"

    def _find_origin(self, *, here: bool) -> Origin | None:
        """None: the module runs elsewhere, or its options lead to no cluster, which it will say."""
        if not here:
            return None
        options = {name: plain(value) for name, value in self._given.items() if name in AUTH}
        names = [alias for entry in AUTH.values() for alias in entry.get("aliases", ())]
        options |= {name: plain(self._given[name]) for name in names if name in self._given}
        with environment_in_force(self._connection.environment):
            try:
                known = validate(self._spec, self._spec.name, {**self._required(), **options})
                with cluster_of(known) as cluster:
                    return origin_of_cluster(cluster, known, lambda: key_of_run(run_folder()))
            except WorkloadCredentialsError:
                return None

    def _required(self) -> dict[str, Any]:
        """What the spec wants besides the connection."""
        return {"name": "x", **({"namespace": "x"} if self._spec.name == self.mints else {})}

    def _source(self, arguments: Mapping[str, Any]) -> str:
        return identity_of(str(arguments.get("namespace")), str(arguments.get("name")))

    def _lease(self, result: Mapping[str, Any]) -> Lease:
        expiration = parse_time(result["expiration"])
        return Lease(result["lease_id"], self._source(self._given), datetime.now(timezone.utc), expiration)

    def _may_exist(self, message: str) -> bool:
        return LEFT in message

    def _is_of_a_run(self) -> bool:
        return self._spec.name != self.mints and self._given.get("minted") in ("run", "dead_runs")

    def _unknown(self) -> dict[str, Any]:
        raise OptionError("minted", "the leases of a run are known only where Ansible runs, and for this cluster.")

    def _ended(self, leases: MintedLeases, arguments: Mapping[str, Any], result: Mapping[str, Any]) -> None:
        if result.get("failed"):
            leases.spend(ids_of(arguments))
        else:
            leases.remove({*ids_of(arguments), *result.get("revoked", ())})

    def _foresee(self, leases: MintedLeases, arguments: Mapping[str, Any], result: dict[str, Any]) -> None:
        if self._spec.name == self.mints:
            leases.foresee(self._source(self._given))
        elif self._given.get("minted"):
            result["changed"] = leases.foresee_end() or result["changed"]
