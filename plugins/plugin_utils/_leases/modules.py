# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A module's part in the leases of its run: it notes those that it mints, and ends those that the run has minted."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ...module_utils._api.errors import WorkloadCredentialsError
from ...module_utils._api.paths import parse_path
from ...module_utils._credentials.dynamic_secret import lease_of
from ...module_utils._credentials.lease import Lease
from ...module_utils._credentials.source import Origin, origin_of
from ...module_utils._resources._parts.leases import REVOKED, is_lease_id, named
from ...module_utils._resources.dynamic_credentials import NO_LEASE_ID, may_be_revocable, may_exist
from ...module_utils._spec import Spec
from .._core_internals import run_folder
from .._worker import environment_in_force
from .kinds import KINDS
from .lease_store import MintedLeases
from .notes import GIVEN, Note
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

if TYPE_CHECKING:
    from .._connection import TaskConnection

# Keys of a result that leave it open how far the module came.
_BROKEN = {"exception", "module_stderr", "unreachable"}


@dataclass
class LeasesToEnd:
    """The leases that a task with ``minted`` ends.

    :arg origin: their service, with the token that is in force now.
    :arg lease_ids: those that the module ends.
    :arg foreign: notes of leases that other tokens have minted; the token of now ends them where the service allows it.
    :arg handled: notes about which nothing is to be done once the module has ended its leases.
    :arg warnings: a sentence each about leases that do not end.
    """

    origin: Origin
    lease_ids: list[str] = field(default_factory=list)
    foreign: list[NoteOnDisk] = field(default_factory=list)
    handled: list[NoteOnDisk] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def drop_handled(self) -> None:
        """Drop the notes about which nothing more is to be done."""
        for note in self.handled:
            note.drop()

    def end_foreign(self) -> tuple[list[str], list[str]]:
        """End the leases of other tokens. Return the IDs of those that have ended, and sentences about the rest.

        Those that live on keep their notes.
        """
        if not self.foreign:
            return [], []
        with KINDS[self.origin.kind].connect(self.origin.connection) as client:
            outcomes = ended(client, self.foreign)
        lease_ids = [str(outcome.entry.note.id) for outcome in outcomes if outcome.how == REVOKED]
        living = [outcome for outcome in outcomes if outcome.how != REVOKED]
        if not living:
            return lease_ids, []
        listed = named([outcome.entry.note.listed for outcome in living])
        reasons = dict.fromkeys(outcome.reason for outcome in living if outcome.reason)
        return lease_ids, [f"Leases that another token has minted may still be active: {listed}.", *reasons]


def leases_of_dead_runs(origin: Origin, left: DeadRuns) -> LeasesToEnd:
    """Return what there is to end of what dead runs left at a service."""
    to_end = LeasesToEnd(origin, warnings=[*left.warnings, *elsewhere_warnings(left.elsewhere)])
    if not left.entries:
        return to_end
    with KINDS[origin.kind].connect(origin.connection) as client:
        ready, outcomes = settled(client, left.entries, left.others)
    for outcome in outcomes:
        _add_unanswered(to_end, outcome)
    to_end.warnings.extend(_warnings_of_staying([entry.note for entry in ready]))
    for entry in ready:
        _add_lease(to_end, entry)
    return to_end


def _add_unanswered(to_end: LeasesToEnd, outcome: LeaseOutcome) -> None:
    """Add a request that had no answer, and that did not lead to a lease that is known now."""
    if outcome.how != UNSETTLED:
        to_end.handled.append(outcome.entry)
    if outcome.how != NO_LEASE:
        note = outcome.entry.note
        to_end.warnings.append(f"A dead run requested a lease of {note.source} ({note.use}). {outcome.reason}")


def _warnings_of_staying(notes: list[Note]) -> list[str]:
    """Return sentences about the leases that the task does not end, though nothing keeps it from ending them."""
    warnings = []
    given = [note for note in notes if note.phase == GIVEN]
    if given:
        uses = ", ".join(dict.fromkeys(note.use for note in given))
        warnings.append(
            f"These leases of dead runs may be in use ({uses}), where cluster_credentials and credentials_file look: "
            f"{named([note.listed for note in given])}."
        )
    outliving = [note.listed for note in notes if note.outlives]
    if outliving:
        warnings.append(f"These leases were minted to outlive their run: {named(outliving)}.")
    return warnings


def _add_lease(to_end: LeasesToEnd, entry: NoteOnDisk) -> None:
    """Add a lease of a dead run, unless a Secret may own it."""
    note = entry.note
    if entry.by is not None and standing(entry) is None:
        to_end.foreign.append(entry)
        return
    if note.phase == GIVEN:
        return
    to_end.handled.append(entry)
    kind = KINDS.get(note.kind)
    if not note.outlives and kind is not None and kind.is_id(note.id):
        to_end.lease_ids.append(str(note.id))


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
        """:arg minting: whether the task, if its module mints, really does so, and its result says what came of it.

        :arg here: whether the module runs in this process.
        """
        self._spec, self._given, self._connection = spec, dict(arguments), connection
        self._stack = ExitStack()
        self._warnings: list[str] = []
        self._to_end: LeasesToEnd | None = None
        self._origin = self._find_origin(here=here)
        self._leases = self._minted_leases(self._origin) if self._origin else None
        # The note of the request for a lease.
        self._request: str | None = None
        if minting and self._leases is not None and spec.name == self.mints:
            self._request = self._note_request(self._leases, host)

    def arguments(self) -> dict[str, Any]:
        """Return the task's arguments, with the leases' IDs in the place of ``minted``.

        :raises WorkloadCredentialsError: those of dead runs cannot be known.
        """
        if not self._is_of_a_run():
            return self._given
        if self._leases is None or self._origin is None:
            return self._unknown()
        with environment_in_force(self._connection.environment):
            self._to_end = self._find_leases(self._leases, self._reached(self._origin))
        self._warnings.extend(self._to_end.warnings)
        others = {name: value for name, value in self._given.items() if name != "minted"}
        return {**others, "lease_id": self._that_can_be_named(self._to_end.lease_ids)}

    def settle(self, arguments: Mapping[str, Any], result: dict[str, Any], *, check_mode: bool) -> None:
        """Note what the task did.

        :arg arguments: those with which it ran.
        """
        if self._leases is not None:
            self._note_result(self._leases, arguments, result, check_mode=check_mode)
        if self._to_end is not None and not result.get("failed"):
            if not check_mode:
                self._to_end.drop_handled()
            self._end_foreign(self._to_end, result, check_mode=check_mode)
        if self._warnings:
            result["warnings"] = [*result.get("warnings", ()), *self._warnings]

    def close(self) -> None:
        """Let others go on that wait for this task."""
        self._stack.close()

    def _minted_leases(self, origin: Origin) -> MintedLeases:
        connection = self._connection
        return MintedLeases(run_folder(), origin, self._warnings.append, connection.journal_dir, connection.environment)

    def _find_leases(self, leases: MintedLeases, service: Origin) -> LeasesToEnd:
        """Return the leases that ``minted`` means. Until the task is closed, nobody else ends those of dead runs."""
        if self._given["minted"] == "run":
            return LeasesToEnd(service, leases.all(), leases.foreign())
        left = dead_runs(run_folder(), service, self._connection.journal_dir, own=leases.notes)
        return leases_of_dead_runs(service, self._stack.enter_context(left))

    def _note_request(self, leases: MintedLeases, host: str) -> str | None:
        """Note that a lease is about to be requested, and return the note's name; None: the task names no source."""
        source = self._source(self._given)
        if source is None:
            return None
        self._stack.enter_context(leases.notes.minting())
        return leases.notes.ask(source, f"host {host}")

    def _note_result(
        self, leases: MintedLeases, arguments: Mapping[str, Any], result: dict[str, Any], *, check_mode: bool
    ) -> None:
        if check_mode:
            if not result.get("failed"):
                self._predict(leases, arguments, result)
        elif self._spec.name == self.mints:
            self._note_answer(leases, result)
        else:
            self._note_end(leases, arguments, result)

    def _note_answer(self, leases: MintedLeases, result: Mapping[str, Any]) -> None:
        """Note what came of the request for a lease."""
        if self._request is None:
            return
        if not result.get("failed"):
            leases.complete(self._request, self._lease(result))
        elif self._may_exist(str(result.get("msg"))) or result.keys() & _BROKEN:
            leases.unanswered(self._request)
        else:
            leases.notes.drop(self._request)

    def _end_foreign(self, to_end: LeasesToEnd, result: dict[str, Any], *, check_mode: bool) -> None:
        """End the leases of other tokens, after the module has ended the others, and add them to its result."""
        if check_mode:
            lease_ids = [str(entry.note.id) for entry in to_end.foreign]
        else:
            with environment_in_force(self._connection.environment):
                lease_ids, warnings = to_end.end_foreign()
            self._warnings.extend(warnings)
        if lease_ids:
            result["revoked"] = [*result.get("revoked", ()), *lease_ids]
            result["changed"] = True

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
        """Return whether a module that failed with this message may have minted a lease all the same."""

    @abstractmethod
    def _is_of_a_run(self) -> bool:
        """Return whether the task ends a run's leases, and not some that it names."""

    def _unknown(self) -> dict[str, Any]:
        """Return the arguments where the leases of runs are not known here, and the module has to say so."""
        return self._given

    def _reached(self, origin: Origin) -> Origin:
        """Return the service as it can be reached from here, to end leases.

        :raises WorkloadCredentialsError: it cannot be reached.
        """
        return origin

    def _that_can_be_named(self, lease_ids: list[str]) -> list[str]:
        """Return those of the IDs that a request can name."""
        return lease_ids

    @abstractmethod
    def _note_end(self, leases: MintedLeases, arguments: Mapping[str, Any], result: Mapping[str, Any]) -> None:
        """Note what became of the leases that the task was to end; where it failed, any of them may live."""

    @abstractmethod
    def _predict(self, leases: MintedLeases, arguments: Mapping[str, Any], result: dict[str, Any]) -> None:
        """Note in check mode what the task would do, so that a later task can predict the end of such a lease."""


class RunLeases(ModuleLeases):
    """The part of a module of the Secrets API."""

    mints = "dynamic_credentials"

    def _find_origin(self, *, here: bool) -> Origin | None:
        """Return the site; None: the module takes its connection from another host's environment."""
        # The file of a CA may lie on another host, and says nothing of whose leases these are.
        for without in ((), ("ca_cert",)):
            try:
                return origin_of(self._connection.settings(*without))
            except WorkloadCredentialsError:
                continue
        return None

    def _source(self, arguments: Mapping[str, Any]) -> str | None:
        if not arguments.get("path"):
            return None
        try:
            return str(parse_path(str(arguments["path"]), "path"))
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

    def _note_end(self, leases: MintedLeases, arguments: Mapping[str, Any], result: Mapping[str, Any]) -> None:
        if self._spec.name == "dynamic_secret":
            self._note_deletion(leases, arguments, result)
        elif result.get("failed"):
            leases.spend(ids_of(arguments), self._source(arguments))
        else:
            living = {lease["id"] for lease in result.get("not_revocable", ())}
            leases.remove({*ids_of(arguments), *result.get("revoked", ())} - living)

    def _note_deletion(self, leases: MintedLeases, arguments: Mapping[str, Any], result: Mapping[str, Any]) -> None:
        """Note the end of all leases of a dynamic secret that was deleted."""
        path = self._source(arguments)
        if arguments.get("state") != "absent" or path is None:
            return
        if result.get("failed"):
            leases.spend(source=path)
        else:
            leases.remove_of(path)

    def _predict(self, leases: MintedLeases, arguments: Mapping[str, Any], result: dict[str, Any]) -> None:
        if self._spec.name == self.mints:
            path = self._source(arguments)
            if path is not None and may_be_revocable(result.get("credentials") or {}):
                leases.predict_lease(path)
        elif self._spec.name == "lease" and self._ends_predicted(leases, arguments):
            result["changed"] = True

    def _ends_predicted(self, leases: MintedLeases, arguments: Mapping[str, Any]) -> bool:
        """Note the end of predicted leases; return whether the task means any."""
        minted = self._given.get("minted")
        if minted == "dead_runs":
            return False
        path = self._source(arguments)
        placeholders = ids_of(arguments).count(NO_LEASE_ID)
        if path is None and not placeholders and not minted:
            return False
        return leases.predict_end(path, placeholders or None)


def ids_of(arguments: Mapping[str, Any]) -> list[str]:
    """Return the lease IDs among a task's arguments."""
    given = arguments.get("lease_id") or arguments.get("lease_ids") or []
    lease_ids = given if isinstance(given, list) else str(given).split(",")
    return [str(lease_id) for lease_id in lease_ids]
