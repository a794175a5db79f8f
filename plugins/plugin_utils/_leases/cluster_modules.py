# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The part that modules of service accounts have in the leases of their run at a cluster."""

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
from .._core_internals import run_folder
from .._worker import environment_in_force, plain
from .lease_store import MintedLeases
from .modules import ModuleLeases, ids_of
from .sealed import key_of_run


class AccountLeases(ModuleLeases):
    """The part of a module of service accounts.

    If the module runs elsewhere, its cluster is not known here, and may be out of reach.
    """

    mints = "service_account_token"

    def _find_origin(self, *, here: bool) -> Origin | None:
        """Return the cluster; None: the module runs elsewhere, or its options lead to no cluster, which it reports."""
        if not here:
            return None
        aliases = [alias for option in AUTH.values() for alias in option.get("aliases", ())]
        options = {name: plain(self._given[name]) for name in (*AUTH, *aliases) if name in self._given}
        with environment_in_force(self._connection.environment):
            try:
                known = validate(self._spec, self._spec.name, {**self._required(), **options})
                with cluster_of(known) as cluster:
                    return origin_of_cluster(cluster, known, lambda: key_of_run(run_folder()))
            except WorkloadCredentialsError:
                return None

    def _required(self) -> dict[str, Any]:
        """Return something for each option that the spec requires besides the connection."""
        if self._spec.name == self.mints:
            return {"name": "x", "namespace": "x"}
        return {"name": "x"}

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
        raise OptionError("minted", "the leases of a run are known only where Ansible runs, and only for this cluster.")

    def _note_end(self, leases: MintedLeases, arguments: Mapping[str, Any], result: Mapping[str, Any]) -> None:
        if result.get("failed"):
            leases.spend(ids_of(arguments))
        else:
            leases.remove({*ids_of(arguments), *result.get("revoked", ())})

    def _predict(self, leases: MintedLeases, arguments: Mapping[str, Any], result: dict[str, Any]) -> None:
        if self._spec.name == self.mints:
            leases.predict_lease(self._source(self._given))
        elif self._given.get("minted") and leases.predict_end():
            result["changed"] = True
