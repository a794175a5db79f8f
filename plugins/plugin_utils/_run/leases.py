# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What modules have to do with the leases that a run has minted: taking note of them, and ending them.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any

from ansible_collections.community.workload_credentials.plugins.module_utils._api.errors import WorkloadCredentialsError
from ansible_collections.community.workload_credentials.plugins.module_utils._api.paths import parse_path
from ansible_collections.community.workload_credentials.plugins.module_utils._credentials.dynamic_secret import lease_of
from ansible_collections.community.workload_credentials.plugins.module_utils._credentials.origin import (
    origin_of,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._resources._parts.leases import (
    is_lease_id,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._resources.dynamic_credentials import (
    NO_LEASE_ID,
    may_be_revocable,
    may_exist,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._spec import Spec
from ansible_collections.community.workload_credentials.plugins.plugin_utils._connection import Connection
from ansible_collections.community.workload_credentials.plugins.plugin_utils._run.journal import run_folder
from ansible_collections.community.workload_credentials.plugins.plugin_utils._run.lease_store import MintedLeases
from ansible_collections.community.workload_credentials.plugins.plugin_utils._run.left_over import (
    EndOfDeadRuns,
    Foreign,
    end_foreign,
    end_of_dead_runs,
)
from ansible_collections.community.workload_credentials.plugins.plugin_utils._worker import environment_in_force

_CONCERNED = ("dynamic_credentials", "dynamic_secret", "lease")
# What says that nobody knows how far a module came.
BROKEN = ("exception", "module_stderr", "unreachable")


class RunLeases:
    """One task's part in it. Only the modules that mint or end leases have any; to be closed at its end."""

    def __init__(
        self, spec: Spec, arguments: Mapping[str, Any], connection: Connection, host: str, *, minting: bool
    ) -> None:
        """:arg minting: whether the task, if it is one that mints, really does, and its result says so."""
        self._host = host
        self._spec = spec
        self._given = dict(arguments)
        self._connection = connection
        self._stack = ExitStack()
        self._warnings: list[str] = []
        self._leases = self._find() if spec.name in _CONCERNED else None
        self._dead: EndOfDeadRuns | None = None
        self._foreign: Foreign | None = None
        self._asked = self._ask() if minting and spec.name == "dynamic_credentials" else None

    def arguments(self) -> dict[str, Any]:
        """The task's arguments, with the leases' IDs in the place of ``minted``.

        :raises WorkloadCredentialsError: those of dead runs cannot be known.
        """
        minted = self._given.get("minted") if self._spec.name == "lease" else None
        if self._leases is None or self._given.keys() & {"path", "lease_id", "lease_ids"}:
            return self._given
        if minted == "run":
            self._foreign = self._of_earlier_tokens(self._leases)
            return self._with([one for one in self._leases.all() if is_lease_id(one)])
        if minted == "dead_runs":
            with environment_in_force(self._connection.environment):
                self._dead = self._stack.enter_context(
                    end_of_dead_runs(
                        origin_of(self._connection.settings()), self._connection.journal_dir, self._leases.notes
                    )
                )
            self._warnings.extend(self._dead.warnings)
            self._foreign = self._dead.foreign
            return self._with(self._dead.lease_ids)
        return self._given

    def _of_earlier_tokens(self, leases: MintedLeases) -> Foreign:
        """Those of this run's leases that another token has minted: one that is read from a file may change."""
        with environment_in_force(self._connection.environment):
            return Foreign(origin_of(self._connection.settings()), leases.foreign())

    def settle(self, arguments: Mapping[str, Any], result: dict[str, Any], *, check_mode: bool) -> None:
        """Take note of what the task did.

        :arg arguments: those with which it ran.
        """
        if self._leases is not None:
            if check_mode:
                if not result.get("failed"):
                    self._foresee(self._leases, arguments, result)
            elif self._spec.name == "dynamic_credentials":
                self._note(self._leases, result)
            else:
                self._ended(self._leases, arguments, result)
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

    def _with(self, lease_ids: list[str]) -> dict[str, Any]:
        others = {name: value for name, value in self._given.items() if name != "minted"}
        return {**others, "lease_id": lease_ids}

    def _ask(self) -> str | None:
        """The name of the note that a lease is about to be asked for; None: the task is none that could ask."""
        try:
            path = parse_path(str(self._given["path"]), "path")
        except (KeyError, WorkloadCredentialsError):
            return None
        if self._leases is None:
            return None
        self._stack.enter_context(self._leases.notes.minting())
        return self._leases.notes.ask(str(path), f"host {self._host}")

    def _note(self, leases: MintedLeases, result: Mapping[str, Any]) -> None:
        """The module dynamic_credentials has run."""
        if self._asked is None:
            return
        if not result.get("failed"):
            leases.complete(self._asked, lease_of(result.get("credentials") or {}, str(self._given["path"])))
        elif may_exist(str(result.get("msg"))) or result.keys() & {*BROKEN}:
            leases.unanswered(self._asked)
        else:
            leases.notes.drop(self._asked)

    def _ended(self, leases: MintedLeases, arguments: Mapping[str, Any], result: Mapping[str, Any]) -> None:
        """A module that ends leases has run; where it failed, nobody knows which of them live."""
        path = self._path(arguments)
        if self._spec.name == "dynamic_secret":
            if arguments.get("state") == "absent" and path is not None:
                leases.spend(source=path) if result.get("failed") else leases.remove_of(path)
        elif result.get("failed"):
            leases.spend(ids_of(arguments), path)
        else:
            living = {lease["id"] for lease in result.get("not_revocable", ())}
            leases.remove({*ids_of(arguments), *result.get("revoked", ())} - living)

    @staticmethod
    def _path(arguments: Mapping[str, Any]) -> str | None:
        try:
            return str(parse_path(str(arguments["path"]), "path")) if arguments.get("path") else None
        except WorkloadCredentialsError:
            return None

    def _foresee(self, leases: MintedLeases, arguments: Mapping[str, Any], result: dict[str, Any]) -> None:
        """A lease that check mode did not mint is there to be ended by a later task."""
        path = self._path(arguments)
        if path is not None and self._spec.name == "dynamic_credentials":
            if may_be_revocable(result.get("credentials") or {}):
                leases.foresee(path)
            return
        standing_in = ids_of(arguments).count(NO_LEASE_ID)
        is_end = self._spec.name == "lease" and self._given.get("minted") != "dead_runs"
        if is_end and (path is not None or standing_in or self._given.get("minted")):
            result["changed"] = leases.foresee_end(path, standing_in or None) or result["changed"]

    def _find(self) -> MintedLeases | None:
        """None: the connection is not known here, as for a module that takes it from another host's environment."""
        connection = self._connection
        # The file of a CA may lie on another host, and says nothing of whose leases these are.
        for without in ((), ("ca_cert",)):
            try:
                origin = origin_of(connection.settings(*without))
                return MintedLeases(
                    run_folder(), origin, self._warnings.append, connection.journal_dir, connection.environment
                )
            except WorkloadCredentialsError:
                continue
        return None


def ids_of(arguments: Mapping[str, Any]) -> list[str]:
    """The lease IDs among a task's arguments."""
    given = arguments.get("lease_id") or arguments.get("lease_ids") or []
    return [str(lease_id) for lease_id in (given if isinstance(given, list) else str(given).split(","))]
