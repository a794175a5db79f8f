# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What modules have to do with the leases that a run has minted: taking note of them, and ending them.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

from ...module_utils._api.errors import WorkloadCredentialsError
from ...module_utils._api.paths import parse_path
from ...module_utils._credentials.dynamic_secret import lease_of
from ...module_utils._credentials.lease import Lease
from ...module_utils._credentials.source import Origin, origin_of
from ...module_utils._resources._parts.leases import REVOKED, is_lease_id, named
from ...module_utils._resources.dynamic_credentials import NO_LEASE_ID, may_be_revocable, may_exist
from ...module_utils._spec import Spec
from .._connection import TaskConnection
from .._worker import environment_in_force
from .journal import run_folder
from .kinds import KINDS
from .lease_store import MintedLeases
from .notes import GIVEN, Notes
from .recovery import (
    NO_LEASE,
    UNSETTLED,
    DeadRuns,
    LeaseOutcome,
    NoteOnDisk,
    dead_runs,
    elsewhere_warnings,
    ended,
    settled,
    standing,
)


@dataclass
class Foreign:
    """Leases that other tokens have minted at a service: this one's ends them where the service lets it.

    :arg origin: the service, with the token of now.
    """

    origin: Origin
    entries: list[NoteOnDisk] = field(default_factory=list)

    @property
    def lease_ids(self) -> list[str]:
        """Their IDs."""
        return [str(one.note.id) for one in self.entries]

    def end(self) -> tuple[list[str], list[str]]:
        """The IDs of those that have ended; and sentences about the rest, which keep their notes."""
        if not self.entries:
            return [], []
        with KINDS[self.origin.kind].connect(self.origin.connection) as client:
            fates = ended(client, self.entries)
        living = [fate for fate in fates if fate.how != REVOKED]
        listed = named([fate.entry.note.listed for fate in living])
        said = f"Leases that another token has minted may live on: {listed}." if living else ""
        reasons = dict.fromkeys(fate.reason for fate in living if fate.reason)
        return [str(fate.entry.note.id) for fate in fates if fate.how == REVOKED], [*filter(None, (said, *reasons))]


def end_foreign(
    foreign: Foreign, environment: Mapping[str, str], result: dict[str, Any], *, check_mode: bool
) -> list[str]:
    """End those too after a task has ended the others, and say so in its result; returns warnings.

    :arg environment: the task's own.
    """
    ended, said = foreign.lease_ids, list[str]()
    if not check_mode:
        with environment_in_force(environment):
            ended, said = foreign.end()
    if ended:
        result["revoked"] = [*result.get("revoked", ()), *ended]
        result["changed"] = True
    return said


class EndOfDeadRuns:
    """The leases that dead runs left, up to their end by the module lease.

    :arg origin: whose leases they are.
    """

    def __init__(self, origin: Origin, left: DeadRuns) -> None:
        self._done: list[NoteOnDisk] = []
        self.foreign = Foreign(origin)
        self.lease_ids: list[str] = []
        self.warnings = [*left.warnings, *elsewhere_warnings(left.elsewhere)]
        if left.entries:
            with KINDS[origin.kind].connect(origin.connection) as client:
                self._sort(*settled(client, left.entries, left.others))

    def drop(self) -> None:
        """All was said and done about the leases."""
        for one in self._done:
            one.drop()

    def _sort(self, ready: list[NoteOnDisk], fates: list[LeaseOutcome]) -> None:
        for fate in fates:
            if fate.how != UNSETTLED:
                self._done.append(fate.entry)
            if fate.how != NO_LEASE:
                note = fate.entry.note
                self.warnings.append(f"A dead run asked for a lease of {note.source} ({note.use}). {fate.reason}")
        given = [one.note for one in ready if one.note.phase == GIVEN]
        if given:
            uses = ", ".join(dict.fromkeys(note.use for note in given))
            self.warnings.append(
                f"These leases of dead runs may be held in a cluster ({uses}), where the role cluster_credentials "
                f"looks: {named([note.listed for note in given])}."
            )
        outliving = [one.note.listed for one in ready if one.note.outlives]
        if outliving:
            self.warnings.append(f"These leases were minted to outlive their run: {named(outliving)}.")
        for one in ready:
            if one.by is not None and standing(one) is None:
                self.foreign.entries.append(one)
            elif one.note.phase != GIVEN:
                self._done.append(one)
                kind = KINDS.get(one.note.kind)
                if not one.note.outlives and kind and kind.is_id(one.note.id):
                    self.lease_ids.append(str(one.note.id))


@contextmanager
def end_of_dead_runs(origin: Origin, journal_dir: str | None, own: Notes) -> Iterator[EndOfDeadRuns]:
    """The leases that dead runs left; nobody else ends them meanwhile.

    :arg own: this run's notes.
    """
    with dead_runs(run_folder(), origin, journal_dir, own=own) as left:
        yield EndOfDeadRuns(origin, left)


# What says that nobody knows how far a module came.
_BROKEN = {"exception", "module_stderr", "unreachable"}


class ModuleLeases(ABC):
    """One task's part in the leases of its run; to be closed at its end. What differs between kinds is abstract."""

    mints: str
    """The name of the module that mints such leases."""

    def __init__(
        self,
        spec: Spec,
        arguments: Mapping[str, Any],
        connection: TaskConnection,
        host: str,
        *,
        minting: bool,
        here: bool,
    ) -> None:
        """:arg minting: whether the task, if it is one that mints, really does, and its result says so.

        :arg here: whether the module runs in this process.
        """
        self._spec, self._given, self._connection = spec, dict(arguments), connection
        self._stack = ExitStack()
        self._warnings: list[str] = []
        self._dead: EndOfDeadRuns | None = None
        self._foreign: Foreign | None = None
        self._origin = self._find_origin(here=here)
        self._leases = self._kept(self._origin) if self._origin else None
        self._asked = self._ask(self._leases, host) if minting and self._leases and spec.name == self.mints else None

    def arguments(self) -> dict[str, Any]:
        """Return the task's arguments, with the leases' IDs in the place of ``minted``.

        :raises WorkloadCredentialsError: those of dead runs cannot be known.
        """
        if not self._is_of_a_run():
            return self._given
        if self._leases is None or self._origin is None:
            return self._unknown()
        with environment_in_force(self._connection.environment):
            service = self._reached(self._origin)
            if self._given["minted"] == "run":
                lease_ids = self._leases.all()
                self._foreign = Foreign(service, self._leases.foreign())
            else:
                end = end_of_dead_runs(service, self._connection.journal_dir, self._leases.notes)
                self._dead = self._stack.enter_context(end)
                self._foreign = self._dead.foreign
                self._warnings.extend(self._dead.warnings)
                lease_ids = self._dead.lease_ids
        others = {name: value for name, value in self._given.items() if name != "minted"}
        return {**others, "lease_id": self._that_can_be_named(lease_ids)}

    def settle(self, arguments: Mapping[str, Any], result: dict[str, Any], *, check_mode: bool) -> None:
        """Take note of what the task did.

        :arg arguments: those with which it ran.
        """
        failed = bool(result.get("failed"))
        if self._leases is not None:
            if check_mode and not failed:
                self._foresee(self._leases, arguments, result)
            elif not check_mode and self._spec.name == self.mints:
                self._note(self._leases, result)
            elif not check_mode:
                self._ended(self._leases, arguments, result)
        if not failed:
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

    def _kept(self, origin: Origin) -> MintedLeases:
        connection = self._connection
        return MintedLeases(run_folder(), origin, self._warnings.append, connection.journal_dir, connection.environment)

    def _ask(self, leases: MintedLeases, host: str) -> str | None:
        """Return the name of the note that a lease is about to be asked for; None: the task is none that could ask."""
        source = self._source(self._given)
        if source is None:
            return None
        self._stack.enter_context(leases.notes.minting())
        return leases.notes.ask(source, f"host {host}")

    def _note(self, leases: MintedLeases, result: Mapping[str, Any]) -> None:
        """Take note of what came of the request for a lease."""
        if self._asked is None:
            return
        if not result.get("failed"):
            leases.complete(self._asked, self._lease(result))
        elif self._may_exist(str(result.get("msg"))) or result.keys() & _BROKEN:
            leases.unanswered(self._asked)
        else:
            leases.notes.drop(self._asked)

    @abstractmethod
    def _find_origin(self, *, here: bool) -> Origin | None:
        """Return whose leases the task's are; None: that is not known here."""

    @abstractmethod
    def _source(self, arguments: Mapping[str, Any]) -> str | None:
        """Return the identity of the source that the arguments name; None: they name none."""

    @abstractmethod
    def _lease(self, result: Mapping[str, Any]) -> Lease | None:
        """Return the lease that the module has minted."""

    @abstractmethod
    def _may_exist(self, message: str) -> bool:
        """Whether a module that failed with this message may have minted a lease all the same."""

    @abstractmethod
    def _is_of_a_run(self) -> bool:
        """Whether the task asks for the end of a run's leases, and not of some that it names."""

    def _unknown(self) -> dict[str, Any]:
        """Return the arguments where the leases of runs are not known here, and the module has to say so."""
        return self._given

    def _reached(self, origin: Origin) -> Origin:
        """Return the service as it can be reached from here, to end leases.

        :raises WorkloadCredentialsError: it cannot.
        """
        return origin

    def _that_can_be_named(self, lease_ids: list[str]) -> list[str]:
        """Return those of the IDs that a request can name."""
        return lease_ids

    @abstractmethod
    def _ended(self, leases: MintedLeases, arguments: Mapping[str, Any], result: Mapping[str, Any]) -> None:
        """Take note of what became of leases that were to end; where it failed, nobody knows which of them live."""

    @abstractmethod
    def _foresee(self, leases: MintedLeases, arguments: Mapping[str, Any], result: dict[str, Any]) -> None:
        """Take note in check mode: a lease that was not minted is there to be ended by a later task."""


class RunLeases(ModuleLeases):
    """The part of a module of the Secrets API."""

    mints = "dynamic_credentials"

    def _find_origin(self, *, here: bool) -> Origin | None:
        """None: as for a module that takes its connection from another host's environment."""
        # The file of a CA may lie on another host, and says nothing of whose leases these are.
        for without in ((), ("ca_cert",)):
            try:
                return origin_of(self._connection.settings(*without))
            except WorkloadCredentialsError:
                continue
        return None

    def _source(self, arguments: Mapping[str, Any]) -> str | None:
        try:
            return str(parse_path(str(arguments["path"]), "path")) if arguments.get("path") else None
        except WorkloadCredentialsError:
            return None

    def _lease(self, result: Mapping[str, Any]) -> Lease | None:
        return lease_of(result.get("credentials") or {}, str(self._given["path"]))

    def _may_exist(self, message: str) -> bool:
        return may_exist(message)

    def _is_of_a_run(self) -> bool:
        is_meant = self._spec.name == "lease" and self._given.get("minted") in ("run", "dead_runs")
        return is_meant and not self._given.keys() & {"path", "lease_id", "lease_ids"}

    def _reached(self, origin: Origin) -> Origin:
        return origin_of(self._connection.settings())

    def _that_can_be_named(self, lease_ids: list[str]) -> list[str]:
        return [lease_id for lease_id in lease_ids if is_lease_id(lease_id)]

    def _ended(self, leases: MintedLeases, arguments: Mapping[str, Any], result: Mapping[str, Any]) -> None:
        path = self._source(arguments)
        if self._spec.name == "dynamic_secret":
            if arguments.get("state") == "absent" and path is not None:
                leases.spend(source=path) if result.get("failed") else leases.remove_of(path)
        elif result.get("failed"):
            leases.spend(ids_of(arguments), path)
        else:
            living = {lease["id"] for lease in result.get("not_revocable", ())}
            leases.remove({*ids_of(arguments), *result.get("revoked", ())} - living)

    def _foresee(self, leases: MintedLeases, arguments: Mapping[str, Any], result: dict[str, Any]) -> None:
        path = self._source(arguments)
        if path is not None and self._spec.name == self.mints:
            if may_be_revocable(result.get("credentials") or {}):
                leases.foresee(path)
            return
        standing_in = ids_of(arguments).count(NO_LEASE_ID)
        is_end = self._spec.name == "lease" and self._given.get("minted") != "dead_runs"
        if is_end and (path is not None or standing_in or self._given.get("minted")):
            result["changed"] = leases.foresee_end(path, standing_in or None) or result["changed"]


def ids_of(arguments: Mapping[str, Any]) -> list[str]:
    """The lease IDs among a task's arguments."""
    given = arguments.get("lease_id") or arguments.get("lease_ids") or []
    return [str(lease_id) for lease_id in (given if isinstance(given, list) else str(given).split(","))]
