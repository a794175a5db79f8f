# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What modules have to do with the leases that a run has minted at clusters: taking note of them, and ending them.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from datetime import datetime, timezone
from typing import Any

from ansible_collections.community.workload_credentials.plugins.module_utils._api.errors import (
    OptionError,
    WorkloadCredentialsError,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._api.times import parse_time
from ansible_collections.community.workload_credentials.plugins.module_utils._credentials.lease import Lease
from ansible_collections.community.workload_credentials.plugins.module_utils._credentials.origin import Origin
from ansible_collections.community.workload_credentials.plugins.module_utils._credentials.service_account import (
    identity_of,
    origin_of_cluster,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._kube.options import AUTH, cluster_of
from ansible_collections.community.workload_credentials.plugins.module_utils._resources._parts.accounts.minting import (
    LEFT,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._run import validate
from ansible_collections.community.workload_credentials.plugins.module_utils._spec import Spec
from ansible_collections.community.workload_credentials.plugins.plugin_utils._connection import Connection
from ansible_collections.community.workload_credentials.plugins.plugin_utils._run.journal import run_folder
from ansible_collections.community.workload_credentials.plugins.plugin_utils._run.lease_store import MintedLeases
from ansible_collections.community.workload_credentials.plugins.plugin_utils._run.leases import BROKEN, ids_of
from ansible_collections.community.workload_credentials.plugins.plugin_utils._run.left_over import (
    EndOfDeadRuns,
    Foreign,
    end_foreign,
    end_of_dead_runs,
)
from ansible_collections.community.workload_credentials.plugins.plugin_utils._run.sealed import key_of_run
from ansible_collections.community.workload_credentials.plugins.plugin_utils._worker import environment_in_force, plain

_MINTS, _ENDS = "service_account_token", "service_account_lease"


class AccountLeases:
    """One task's part in it, as RunLeases has it for the Secrets API; to be closed at its end.

    Of a module that runs elsewhere the cluster is not known here, and need not be in reach.
    """

    def __init__(
        self, spec: Spec, arguments: Mapping[str, Any], connection: Connection, host: str, *, minting: bool, here: bool
    ) -> None:
        """:arg minting: whether the task, if it is one that mints, really does, and its result says so."""
        self._spec = spec
        self._given = dict(arguments)
        self._host = host
        self._stack = ExitStack()
        self._warnings: list[str] = []
        self._connection = connection
        self._origin: Origin | None = None
        self._dead: EndOfDeadRuns | None = None
        self._foreign: Foreign | None = None
        self._source = identity_of(str(arguments.get("namespace")), str(arguments.get("name")))
        self._leases = self._find(connection) if here and self._is_concerned() else None
        self._asked = self._ask(self._leases) if minting and self._leases and spec.name == _MINTS else None

    def arguments(self) -> dict[str, Any]:
        """The task's arguments, with the leases' IDs in the place of ``minted``.

        :raises OptionError: they are not known here.
        """
        minted = self._given.get("minted")
        if minted not in ("run", "dead_runs") or self._spec.name != _ENDS:
            return self._given
        if self._leases is None or self._origin is None:
            raise OptionError("minted", "the leases of a run are known only where Ansible runs, and for this cluster.")
        others = {name: value for name, value in self._given.items() if name != "minted"}
        if minted == "run":
            self._foreign = Foreign(self._origin, self._leases.foreign())
            return {**others, "lease_id": self._leases.all()}
        journal = self._connection.journal_dir
        self._dead = self._stack.enter_context(end_of_dead_runs(self._origin, journal, self._leases.notes))
        self._foreign = self._dead.foreign
        self._warnings.extend(self._dead.warnings)
        return {**others, "lease_id": self._dead.lease_ids}

    def settle(self, arguments: Mapping[str, Any], result: dict[str, Any], *, check_mode: bool) -> None:
        """Take note of what the task did.

        :arg arguments: those with which it ran.
        """
        if self._leases is not None:
            if check_mode:
                self._foresee(self._leases, result)
            elif self._spec.name == _MINTS:
                self._note(self._leases, result)
            elif result.get("failed"):
                self._leases.spend(ids_of(arguments))
            else:
                self._leases.remove({*ids_of(arguments), *result.get("revoked", ())})
        if not result.get("failed"):
            if self._dead is not None and not check_mode:
                self._dead.drop()
            if self._foreign is not None:
                environment = self._connection.environment
                self._warnings.extend(end_foreign(self._foreign, environment, result, check_mode=check_mode))
        if self._warnings:
            result["warnings"] = [*result.get("warnings", ()), *self._warnings]

    def close(self) -> None:
        """Let go of what others wait for."""
        self._stack.close()

    def _is_concerned(self) -> bool:
        return self._spec.name in (_MINTS, _ENDS)

    def _ask(self, leases: MintedLeases) -> str:
        self._stack.enter_context(leases.notes.minting())
        return leases.notes.ask(self._source, f"host {self._host}")

    def _note(self, leases: MintedLeases, result: Mapping[str, Any]) -> None:
        """The module that mints has run."""
        if self._asked is None:
            return
        if not result.get("failed"):
            expiration = parse_time(result["expiration"])
            leases.complete(
                self._asked, Lease(result["lease_id"], self._source, datetime.now(timezone.utc), expiration)
            )
        elif LEFT in str(result.get("msg")) or result.keys() & {*BROKEN}:
            leases.unanswered(self._asked)
        else:
            leases.notes.drop(self._asked)

    def _foresee(self, leases: MintedLeases, result: dict[str, Any]) -> None:
        """A lease that check mode did not mint is there to be ended by a later task."""
        if result.get("failed"):
            return
        if self._spec.name == _MINTS:
            leases.foresee(self._source)
        elif self._given.get("minted"):
            result["changed"] = leases.foresee_end() or result["changed"]

    def _find(self, connection: Connection) -> MintedLeases | None:
        """None: the options lead to no cluster, which the module will say."""
        options = {name: plain(value) for name, value in self._given.items() if name in AUTH}
        names = [alias for entry in AUTH.values() for alias in entry.get("aliases", ())]
        options |= {name: plain(self._given[name]) for name in names if name in self._given}
        with environment_in_force(connection.environment):
            try:
                known = validate(self._spec, self._spec.name, {**self._required(), **options})
                with cluster_of(known) as cluster:
                    origin = origin_of_cluster(cluster, known, lambda: key_of_run(run_folder()))
            except WorkloadCredentialsError:
                return None
        self._origin = origin
        return MintedLeases(run_folder(), origin, self._warnings.append, connection.journal_dir, connection.environment)

    def _required(self) -> dict[str, Any]:
        """What the spec wants besides the connection."""
        return {"name": "x", **({"namespace": "x"} if self._spec.name == _MINTS else {})}
